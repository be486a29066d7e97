// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "guard.skel.h"
#include "memtrace.h"
#include "probe/bpf.h"

/* A target's thread waits for the answer, so a thread of its own gives it at once. */
struct guard {
	struct guard_bpf *bpf;
	enum backend backend;
	struct ring_buffer *requests;
	pthread_t thread;
	bool running;
	bool stop;
};

#define STOP_POLL_MS 50

static int answer(void *context, void *data, size_t size)
{
	const struct mt_guard_request *request = data;
	__u64 value = request->value;
	struct iovec from = {.iov_base = &value, .iov_len = sizeof(value)};
	struct iovec to = {.iov_base = (void *)(unsigned long)request->address, .iov_len = sizeof(value)};

	(void)context;
	if (size >= sizeof(*request))
		process_vm_writev((pid_t)request->process, &from, 1, &to, 1, 0);
	return 0;
}

static void *answer_all(void *context)
{
	struct guard *guard = context;

	while (!__atomic_load_n(&guard->stop, __ATOMIC_ACQUIRE))
		ring_buffer__poll(guard->requests, STOP_POLL_MS);
	return NULL;
}

static int start_thread(struct guard *guard)
{
	sigset_t all, before;
	int error;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&guard->thread, NULL, answer_all, guard);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	guard->running = !error;
	return error;
}

int guard_new(struct memtrace_bpf *bpf, enum backend backend, struct guard **result)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int error = -ENOMEM;

	*result = NULL;
	if (!guard)
		return error;
	guard->backend = backend;
	guard->bpf = guard_bpf__open();
	if (!guard->bpf) {
		error = -errno;
		goto fail;
	}
	error = bpf_map__reuse_fd(guard->bpf->maps.threads, bpf_map__fd(bpf->maps.threads));
	if (!error)
		error = attach_prepare_entry(guard->bpf->progs.exception_raised, backend);
	if (!error)
		error = guard_bpf__load(guard->bpf);
	if (error)
		goto fail;
	guard->requests = ring_buffer__new(bpf_map__fd(guard->bpf->maps.exceptions), answer, NULL, NULL);
	error = guard->requests ? start_thread(guard) : -errno;
	if (error)
		goto fail;
	*result = guard;
	return 0;
fail:
	guard_free(guard);
	return error;
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;
	if (guard->running) {
		__atomic_store_n(&guard->stop, true, __ATOMIC_RELEASE);
		pthread_join(guard->thread, NULL);
	}
	ring_buffer__free(guard->requests);
	guard_bpf__destroy(guard->bpf);
	free(guard);
}

int guard_attach(struct guard *guard, const char *path, pid_t pid, pid_t thread, uint64_t file_offset,
                 struct attachment **attachment)
{
	struct attach_point point = {.file_offset = file_offset, .cookie = pid};

	return attach_program(guard->bpf->progs.exception_raised, guard->backend, path, thread, &point, attachment);
}
