// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "collect/ended.h"
#include "collect/internal.h"
#include "collect/memory.h"
#include "collect/procfs.h"
#include "collect/programs.h"
#include "collect/twice.h"
#include "probe/detach.h"
#include "probe/features.h"
#include "probe/guard.h"
#include "probe/tracepoint.h"

uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void session_lock(struct session *session)
{
	pthread_mutex_lock(&session->lock);
}

void session_unlock(struct session *session)
{
	pthread_mutex_unlock(&session->lock);
}

/* libbpf's own messages help nobody but developers. */
static int silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (!getenv("MEMTRACE_DEBUG"))
		return 0;
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, arguments);
}

void session_silence_libbpf(void)
{
	libbpf_set_print(silent);
}

/* Programs that hang on nothing but a tracepoint, and which. */
static const struct {
	const char *program, *event;
} tracepoints[] = {
    {"mmap_enter", "sys_enter_mmap"},   {"mmap_exit", "sys_exit_mmap"},       {"munmap_enter", "sys_enter_munmap"},
    {"munmap_exit", "sys_exit_munmap"}, {"mremap_enter", "sys_enter_mremap"}, {"mremap_exit", "sys_exit_mremap"},
    {"brk_enter", "sys_enter_brk"},     {"brk_exit", "sys_exit_brk"},
};

#define N_TRACEPOINTS (sizeof(tracepoints) / sizeof(tracepoints[0]))

bool session_unwinds(const struct session *session)
{
	return feature_present(FEATURE_LOOP) && !session->options.frame_pointers;
}

static int load(struct session *session)
{
	struct memtrace_bpf *bpf;
	int error;

	session_silence_libbpf();
	bpf = memtrace_bpf__open();
	if (!bpf)
		return -errno;
	session->tracing.bpf = bpf;
	twice_prepare(bpf->obj);
	bpf->rodata->unwind_tables = session_unwinds(session);
	bpf->rodata->follow_fork = session->options.follow_fork;
	error = programs_choose(bpf->obj, PROGRAMS_OF_PROCESSES);
	if (!error)
		error = attach_prepare(bpf, session->tracing.backend);
	if (!error)
		error = session_size_tables(session);
	if (!error)
		error = memtrace_bpf__load(bpf);
	if (!error)
		error = session_map_tables(session);
	return error;
}

static int keep_link(struct session *session, struct bpf_link *link)
{
	if (!link)
		return -errno;
	session->links[session->n_links++] = link;
	return 0;
}

static int attach_lifecycle(struct session *session)
{
	struct memtrace_bpf *bpf = session->tracing.bpf;
	struct bpf_program *programs[] = {bpf->progs.process_fork, bpf->progs.process_exec, bpf->progs.process_exit};
	int error = 0;

	for (size_t i = 0; i < 3 && !error; i++) {
		struct bpf_program *second = twice_second(bpf->obj, programs[i]);

		error = keep_link(session, bpf_program__attach(programs[i]));
		if (!error && second)
			error = keep_link(session, bpf_program__attach(second));
	}
	return error;
}

static int attach_syscall(struct session *session, const struct bpf_program *program, const char *event)
{
	int fd = tracepoint_open("syscalls", event), error;

	if (fd < 0)
		return fd;
	error = keep_link(session, bpf_program__attach_perf_event(program, fd));
	if (error)
		close(fd);
	return error;
}

static int attach_syscalls(struct session *session)
{
	const struct bpf_object *object = session->tracing.bpf->obj;
	int error = 0;

	if (!feature_present(FEATURE_SYSCALL_TRACEPOINTS))
		return 0;
	for (size_t i = 0; i < N_TRACEPOINTS && !error; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, tracepoints[i].program);
		struct bpf_program *second = twice_second(object, program);

		error = attach_syscall(session, program, tracepoints[i].event);
		if (!error && second)
			error = attach_syscall(session, second, tracepoints[i].event);
	}
	return error;
}

static void raise_file_limit(struct session *session)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &session->file_limit))
		return;
	limit = session->file_limit;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

const char *session_backend_for(const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pid_t thread = procfs_live_thread(pids[i]);

		if (thread && thread != pids[i])
			return backend_name(BACKEND_PERF);
	}
	return NULL;
}

static int choose_backend(const char *name, char *error, size_t error_size)
{
	static const enum feature needs[] = {
	    [BACKEND_SESSION] = FEATURE_UPROBE_SESSION,
	    [BACKEND_MULTI] = FEATURE_UPROBE_MULTI,
	    [BACKEND_PERF] = FEATURE_UPROBE_PERF,
	};
	int backend = name ? backend_find(name) : backend_best();

	if (backend >= 0 && feature_present(needs[backend]))
		return backend;
	snprintf(error, error_size, "this kernel cannot probe by %s; see memtrace doctor", name ? name : "any backend");
	return -ENOTSUP;
}

static int set_up(struct session *session)
{
	int error = load(session);

	if (!error)
		error = live_new(session->tracing.bpf, session_live_slots(session), &session->live);
	if (!error)
		error = events_new(session);
	if (!error)
		error = attach_lifecycle(session);
	if (!error)
		error = attach_syscalls(session);
	if (!error)
		error = unwinder_new(session->tracing.bpf,
		                     session_unwinds(session) ? session_unwind_bytes(&session->options) * 3 / 4 : 0,
		                     &session->tracing.unwinder);
	session->targets = calloc(MT_MAX_PROCESSES, sizeof(struct target *));
	if (!error && (!session->targets || ended_new(session_ended_bytes(&session->options), &session->ended)))
		error = -ENOMEM;
	session->tracing.detacher = detacher_new();
	session->tracing.modules = modules_new();
	session->tracing.objects = objects_new(session->options.objects, session->options.n_objects);
	if (!error && (!session->tracing.detacher || !session->tracing.modules || !session->tracing.objects))
		error = -ENOMEM;
	return error;
}

int session_new(const struct session_options *options, struct session **result, char *error, size_t error_size)
{
	struct session *session;
	int code = features_require(error, error_size);

	*result = NULL;
	if (code)
		return code;
	code = choose_backend(options->backend, error, error_size);
	if (code < 0)
		return code;
	session = calloc(1, sizeof(*session));
	if (!session) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	pthread_mutex_init(&session->lock, NULL);
	pthread_cond_init(&session->launched.changed, NULL);
	session->options = *options;
	session->tracing.backend = code;
	session->tracing.named = options->objects;
	session->tracing.n_named = options->n_objects;
	session->epoll_fd = session->child_signal_fd = -1;
	session->launched.leave_fd = session->launched.news_fd = -1;
	raise_file_limit(session);
	code = set_up(session);
	if (code) {
		snprintf(error, error_size, "cannot load the BPF programs: %s%s", strerror(-code),
		         code == -E2BIG || code == -ENOMEM ? "; try a smaller --max-memory" : "; see memtrace doctor");
		session_free(session);
		return code;
	}
	if (!session_unwinds(session))
		snprintf(session->untold, sizeof(session->untold),
		         "stacks rest on frame pointers%s: code without them hides its callers",
		         feature_present(FEATURE_LOOP) ? "" : " on this kernel (before Linux 5.17)");
	*result = session;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void session_free(struct session *session)
{
	struct memtrace_bpf *bpf;

	if (!session)
		return;
	bpf = session->tracing.bpf;
	session_let_go(session);
	for (size_t i = 0; i < session->n_targets; i++)
		target_free(session->targets[i]);
	for (size_t i = 0; i < session->n_links; i++)
		bpf_link__destroy(session->links[i]);
	detacher_free(session->tracing.detacher);
	guard_free(session->tracing.guard);
	live_free(session->live);
	unwinder_free(session->tracing.unwinder);
	ring_buffer__free(session->ring);
	if (bpf) {
		session_unmap_tables(session);
		memtrace_bpf__destroy(bpf);
	}
	close_fd(session->epoll_fd);
	close_fd(session->child_signal_fd);
	close_fd(session->launched.leave_fd);
	close_fd(session->launched.news_fd);
	pthread_cond_destroy(&session->launched.changed);
	pthread_mutex_destroy(&session->lock);
	objects_free(session->tracing.objects);
	modules_free(session->tracing.modules);
	reclaim_free(&session->reclaim);
	free(session->range_usage);
	ended_free(session->ended);
	free(session->launched.bare.pids);
	free(session->targets);
	free(session);
}

void session_tell(struct session *session, const char *text)
{
	snprintf(session->untold, sizeof(session->untold), "%s", text);
}

void session_unprobed(struct session *session, const char *why)
{
	if (!strcmp(session->told, why))
		return;
	session->lost[LOSS_UNPROBED_OBJECTS]++;
	snprintf(session->told, sizeof(session->told), "%s", why);
	session_tell(session, why);
}

bool session_news(struct session *session, char *text, size_t size)
{
	session_lock(session);
	snprintf(text, size, "%s", session->untold);
	session->untold[0] = 0;
	session_unlock(session);
	return text[0];
}

void session_start(struct session *session)
{
	session_lock(session);
	for (size_t i = 0; i < session->n_targets && !session->launched.pid; i++) {
		if (session->targets[i])
			session->targets[i]->memory_before_bytes = memory_before(session->targets[i]->pid);
	}
	tracing_begin_to_count(&session->tracing);
	for (size_t i = 0; i < session->n_targets && !session->launched.pid; i++) {
		if (!session->targets[i])
			continue;
		target_start(session->targets[i]);
		session_take_up(session, session->targets[i]);
		if (!feature_present(FEATURE_SYSCALL_TRACEPOINTS))
			session->lost[LOSS_NO_MAPPINGS]++;
	}
	session_unlock(session);
}

void session_warmed_up(struct session *session)
{
	session_lock(session);
	session->counted_from_ns = clock_ns(CLOCK_MONOTONIC);
	session_unlock(session);
}

uint64_t session_elapsed_ns(const struct session *session)
{
	return clock_ns(CLOCK_MONOTONIC) - session->tracing.started_ns;
}

int session_fd(const struct session *session)
{
	return session->epoll_fd;
}

size_t session_running(struct session *session)
{
	size_t running = 0;

	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++)
		running += session->targets[i] && !session->targets[i]->ended;
	if (!running && session->options.follow_fork && session->launched.has_thread && !session->launched.over)
		running = 1; /* one that was just forked, perhaps */
	session_unlock(session);
	return running;
}

int session_command_status(struct session *session)
{
	int status;

	session_lock(session);
	status = session->launched.ended ? session->launched.status : -1;
	session_unlock(session);
	return status;
}

void session_describe(struct session *session, char *text, size_t size)
{
	size_t objects = 0, points = 0, n = 0;

	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		const struct target *target = session->targets[i];

		if (!target)
			continue;
		n++;
		objects += target->n_attached;
		for (size_t j = 0; j < target->n_attached; j++)
			points += target->attached[j].n_points;
	}
	snprintf(text, size, "%zu probes in %zu objects of %zu processes, backend %s", points, objects, n,
	         backend_name(session->tracing.backend));
	session_unlock(session);
}
