// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "collect/ended.h"
#include "collect/internal.h"
#include "collect/memory.h"
#include "collect/nodes.h"
#include "collect/procfs.h"
#include "collect/programs.h"
#include "collect/twice.h"
#include "probe/detach.h"
#include "probe/features.h"
#include "probe/guard.h"
#include "probe/tracepoint.h"

#define PAGE_BYTES 4096

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

static uint64_t power_of_two_below(uint64_t n)
{
	return n < 2 ? 1 : 1ULL << (63 - __builtin_clzll(n));
}

/* Are stacks walked by call frame information? */
static bool unwinds(const struct session *session)
{
	return feature_present(FEATURE_LOOP) && !session->options.frame_pointers;
}

static uint64_t at_most(uint64_t n, uint64_t limit)
{
	return n < limit ? n : limit;
}

/* For tables to unwind by: a quarter. */
static uint64_t unwind_bytes(const struct session_options *options)
{
	return options->unwind_table_bytes ? options->unwind_table_bytes : options->max_memory_bytes / 4;
}

static int size_churn(struct memtrace_bpf *bpf, uint64_t rows)
{
	size_t n;
	int *nodes = nodes_online(&n), last = 0, error;

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		last = nodes[i] > last ? nodes[i] : last;
	error = churn_table_size(bpf, rows, last + 1);
	free(nodes);
	return error;
}

/* Shares --max-memory out: an eighth to stacks, a 128th to events, a quarter to unwinding, the rest to blocks. */
static int size_tables(struct session *session)
{
	const struct session_options *options = &session->options;
	struct memtrace_bpf *bpf = session->tracing.bpf;
	uint64_t rows = options->stack_table_rows, events = options->event_buffer_bytes;
	uint64_t scratches = power_of_two_below(4 * (uint64_t)sysconf(_SC_NPROCESSORS_CONF) * 2 - 1);
	int error;

	if (!rows)
		rows = power_of_two_below(options->max_memory_bytes / 8192);
	if (!events)
		events = power_of_two_below(options->max_memory_bytes / 128);
	if (events < PAGE_BYTES)
		events = PAGE_BYTES;
	if (events > 16 << 20)
		events = 16 << 20;
	session->stack_bytes = stack_table_bytes(rows) + (options->churns ? churn_table_bytes(rows) : 0);
	bpf->rodata->scratch_mask = scratches - 1;
	bpf->rodata->stack_depth = options->stack_depth;
	bpf->rodata->min_size_bytes = options->min_size_bytes;
	bpf->rodata->max_size_bytes = options->max_size_bytes;
	error = stack_table_size(bpf, rows);
	if (!error && options->churns)
		error = size_churn(bpf, rows);
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.scratches, scratches);
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.events, power_of_two_below(events));
	if (!error)
		error = bpf_map__set_max_entries(
		    bpf->maps.unwind_rules,
		    at_most(unwind_bytes(options) / 64 / sizeof(struct unwind_rule) + 2 * MT_FIRST_RULE,
		            MT_MAX_UNWIND_RULES));
	if (!error)
		error = bpf_map__set_max_entries(
		    bpf->maps.unwind_pages,
		    at_most(unwind_bytes(options) / 32 / sizeof(struct mt_unwind_page) + 1, MT_MAX_UNWIND_PAGES));
	return error;
}

static void *map_table(const struct bpf_map *map, int protection)
{
	size_t bytes = (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) / 8 * 8);
	void *table = mmap(NULL, bytes, protection, MAP_SHARED, bpf_map__fd(map), 0);

	return table == MAP_FAILED ? NULL : table;
}

static void unmap_table(const void *table, const struct bpf_map *map)
{
	if (table)
		munmap((void *)table, (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) / 8 * 8));
}

static int map_tables(struct session *session)
{
	struct memtrace_bpf *bpf = session->tracing.bpf;

	session->tracing.processes = map_table(bpf->maps.processes, PROT_READ | PROT_WRITE);
	session->tracing.lost = session->lost;
	if (!session->tracing.processes || stack_table_map(&session->stacks, bpf))
		return -ENOMEM;
	session->tracing.stacks = session->stacks.rows;
	session->tracing.churn = &session->churn;
	if (session->options.churns && churn_table_map(&session->churn, bpf))
		return -ENOMEM;
	session->range_usage = calloc(session->stacks.n_rows, sizeof(*session->range_usage));
	return session->range_usage ? reclaim_init(&session->reclaim, &reclaim_session_ops, session, &session->stacks)
	                            : -ENOMEM;
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
	bpf->rodata->unwind_tables = unwinds(session);
	bpf->rodata->follow_fork = session->options.follow_fork;
	error = programs_choose(bpf->obj, PROGRAMS_OF_PROCESSES);
	if (!error)
		error = attach_prepare(bpf, session->tracing.backend);
	if (!error)
		error = size_tables(session);
	if (!error)
		error = memtrace_bpf__load(bpf);
	if (!error)
		error = map_tables(session);
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

/* For what ended children leave: an eighth. */
static uint64_t ended_bytes(const struct session_options *options)
{
	if (!options->follow_fork)
		return 0;
	return options->ended_bytes ? options->ended_bytes : options->max_memory_bytes / 8;
}

static uint64_t live_slots(const struct session *session)
{
	uint64_t stacks = session->stack_bytes;
	uint64_t budget = session->options.max_memory_bytes;

	if (session->options.live_table_slots)
		return session->options.live_table_slots;
	budget -= unwind_bytes(&session->options) + ended_bytes(&session->options);
	budget = budget > 2 * stacks ? budget - stacks : budget / 2;
	return budget / (sizeof(struct mt_bucket) / MT_BUCKET_SLOTS);
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
		error = live_new(session->tracing.bpf, live_slots(session), &session->live);
	if (!error)
		error = events_new(session);
	if (!error)
		error = attach_lifecycle(session);
	if (!error)
		error = attach_syscalls(session);
	if (!error)
		error =
		    unwinder_new(session->tracing.bpf, unwinds(session) ? unwind_bytes(&session->options) * 3 / 4 : 0,
		                 &session->tracing.unwinder);
	session->targets = calloc(MT_MAX_PROCESSES, sizeof(struct target *));
	if (!error && (!session->targets || ended_new(ended_bytes(&session->options), &session->ended)))
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
	if (!unwinds(session))
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
		unmap_table(session->tracing.processes, bpf->maps.processes);
		stack_table_unmap(&session->stacks);
		churn_table_unmap(&session->churn);
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

static struct usage *range_usage(void *context, uint32_t stack)
{
	struct session *session = context;

	return stack < session->stacks.n_rows ? &session->range_usage[stack] : NULL;
}

/* MT_MAX_PROCESSES: none. */
static size_t free_slot(const struct session *session)
{
	size_t slot = 0;

	while (slot < session->n_targets && session->targets[slot])
		slot++;
	return slot;
}

/* Watches for its end. 0 or -errno. */
static int watch(struct session *session, const struct target *target)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = EVENT_PROCESS + target->slot};

	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, target->pidfd, &event) ? -errno : 0;
}

int session_add_target(struct session *session, pid_t pid, struct target **result, char *error, size_t error_size)
{
	struct ranges_stats stats = {.of_stack = range_usage, .context = session};
	struct target *target;
	size_t slot;
	int code;

	*result = NULL;
	ended_retire(session);
	slot = free_slot(session);
	if (slot == MT_MAX_PROCESSES) {
		snprintf(error, error_size, "too many processes: %d can be traced at once", MT_MAX_PROCESSES);
		return -E2BIG;
	}
	code = target_new(&session->tracing, pid, slot, &stats, &target, error, error_size);
	if (code)
		return code;
	code = watch(session, target);
	if (code) {
		snprintf(error, error_size, "cannot watch process %d: %s", pid, strerror(-code));
		target_free(target);
		return code;
	}
	target->number = session->n_added++;
	session->targets[slot] = target;
	if (slot == session->n_targets)
		session->n_targets++;
	*result = target;
	return 0;
}

void session_give_up_slot(struct session *session, struct target *target)
{
	struct mt_process *process = &session->tracing.processes[target->slot];

	session->untraced_children += process->untraced_children;
	process->untraced_children = 0;
	process->generation++; /* events that come late are not of the next one */
	session->targets[target->slot] = NULL;
	target_free(target);
}

void session_drop_target(struct session *session, struct target *target)
{
	unwinder_forget(session->tracing.unwinder, target->slot);
	session_give_up_slot(session, target);
}

/* Without it, what a library allocates while it is opened may have cut stacks, which say so. */
static void hook_dlopen(struct session *session, struct target *target)
{
	struct memtrace_bpf *bpf = session->tracing.bpf;

	if (session->options.follow_fork) /* its tracer looks at what it opens */
		target_hook_loader(target, bpf->progs.loader_state);
	else if (unwinds(session))
		target_hook_loader(target, bpf->progs.loader_waits);
}

static int add_process(struct session *session, pid_t pid, char *error, size_t error_size)
{
	struct target *target;
	int code = session_add_target(session, pid, &target, error, error_size);

	if (code)
		return code;
	code = target_read_mappings(target);
	if (code) {
		snprintf(error, error_size,
		         code == -EACCES || code == -EPERM ? "not allowed to read process %d (CAP_SYS_PTRACE is needed)"
		                                           : "process %d ended while memtrace attached",
		         pid);
		return code;
	}
	code = target_check_program(target, error, error_size);
	if (!code) {
		code = target_attach(target, error, error_size);
		if (code > 0 && error[0])
			session_unprobed(session, error);
		if (code >= 0)
			code = target_check_attached(target, error, error_size);
		if (!code)
			hook_dlopen(session, target);
	}
	return code;
}

int session_add_process(struct session *session, pid_t pid, char *error, size_t error_size)
{
	int code = procfs_check_traceable(pid, error, error_size);

	if (code)
		return code;
	session_lock(session);
	code = add_process(session, pid, error, error_size);
	session_unlock(session);
	return code;
}

void session_start(struct session *session)
{
	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		if (!session->targets[i] || session->launched.pid)
			continue;
		session->targets[i]->memory_before_bytes = memory_before(session->targets[i]->pid);
		target_start(session->targets[i]);
		session_take_up(session, session->targets[i]);
		if (!feature_present(FEATURE_SYSCALL_TRACEPOINTS))
			session->lost[LOSS_NO_MAPPINGS]++;
	}
	session->started_ns = clock_ns(CLOCK_MONOTONIC);
	session->started_unix_ns = clock_ns(CLOCK_REALTIME);
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
	return clock_ns(CLOCK_MONOTONIC) - session->started_ns;
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
