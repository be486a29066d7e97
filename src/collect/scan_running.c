// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scans of processes: of those that memtrace is the tracer of its tracer thread makes them (scan_held.c), since no
 * other may stop them; the others are seized for just as long.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collect/freeze.h"
#include "collect/internal.h"
#include "collect/scan.h"

int scan_say_why(pid_t pid, const struct scanning *scanning, int code, char *error, size_t error_size)
{
	if (!code || error[0])
		return code;
	if (code == -ETIME)
		snprintf(
		    error, error_size,
		    "process %d would have stood still for too long: %llu MiB were read; it goes on running, allow "
		    "more with --max-pause",
		    pid, (unsigned long long)(scanning_read_bytes(scanning) >> 20));
	else if (code == -ENOMEM)
		snprintf(error, error_size,
		         "the memory of process %d has more pointers than fit: allow more with --max-memory", pid);
	else
		snprintf(error, error_size, "cannot read the memory of process %d: %s", pid, strerror(-code));
	return code;
}

static size_t list_threads(const struct freeze *freeze, pid_t *threads)
{
	size_t n = 0;

	for (size_t i = 0; i < freeze->n_threads; i++) {
		if (freeze->threads[i].stopped && !freeze->threads[i].ended)
			threads[n++] = freeze->threads[i].thread;
	}
	return n;
}

static int look_at_frozen(struct scanning *scanning, const struct freeze *freeze, uint64_t deadline_ns)
{
	pid_t *threads = calloc(freeze->n_threads + 1, sizeof(*threads));
	size_t n = threads ? list_threads(freeze, threads) : 0;
	int code = n ? scanning_look(scanning, threads, n, deadline_ns) : threads ? -ESRCH : -ENOMEM;

	free(threads);
	return code;
}

/* Stops the process, looks, and lets it go. */
static int stop_and_look(struct scanning *scanning, pid_t pid, uint64_t max_pause_ns, uint64_t *pause_ns, char *error,
                         size_t error_size)
{
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), deadline_ns = start_ns + max_pause_ns;
	struct freeze freeze;
	int code = freeze_begin(&freeze, pid, deadline_ns, error, error_size);

	if (!code)
		code = look_at_frozen(scanning, &freeze, deadline_ns);
	freeze_end(&freeze);
	*pause_ns = clock_ns(CLOCK_MONOTONIC) - start_ns;
	return code;
}

/* It stands still meanwhile, unless options say otherwise. 0, or -errno with one line in `error`. */
static int scan_running(struct session *session, struct target *target, char *error, size_t error_size)
{
	const struct session_options *options = &session->options;
	struct scanning *scanning = NULL;
	uint64_t pause_ns = 0;
	int code = scanning_new(session, target, 0, &scanning);

	error[0] = 0;
	if (!code && options->no_stop)
		code = scanning_look(scanning, NULL, 0, 0);
	else if (!code)
		code = stop_and_look(scanning, target->pid, options->max_pause_ns, &pause_ns, error, error_size);
	if (!code)
		code = scanning_settle(scanning, pause_ns);
	code = scan_say_why(target->pid, scanning, code, error, error_size);
	scanning_free(scanning);
	return code;
}

int scan_stopped(struct session *session, struct target *target, const pid_t *threads, size_t n_threads, char *error,
                 size_t error_size)
{
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
	struct scanning *scanning = NULL;
	int code = scanning_new(session, target, threads[0], &scanning);

	error[0] = 0;
	if (!code)
		code = scanning_look(scanning, threads, n_threads, 0);
	if (!code)
		code = scanning_settle(scanning, clock_ns(CLOCK_MONOTONIC) - start_ns);
	code = scan_say_why(target->pid, scanning, code, error, error_size);
	scanning_free(scanning);
	return code;
}

static int scan_all(struct session *session, char *error, size_t error_size)
{
	int code = 0;

	for (size_t i = 0; i < session->n_targets && !code; i++) {
		if (session->targets[i] && !session->targets[i]->ended)
			code = scan_running(session, session->targets[i], error, error_size);
		if (code == -ESRCH) /* it has just ended: its last report has no scan */
			code = 0;
	}
	return code;
}

int session_scan(struct session *session, char *error, size_t error_size)
{
	int code;

	session_lock(session);
	if (session->launched.has_thread && !session->options.no_stop)
		code = scan_ask_tracer(session, error, error_size);
	else
		code = scan_all(session, error, error_size);
	session_unlock(session);
	return code;
}
