// SPDX-License-Identifier: GPL-2.0-or-later
/* The processes of a session: each has a slot, which numbers it for the BPF programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "collect/ended.h"
#include "collect/internal.h"
#include "collect/procfs.h"

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
	else if (session_unwinds(session))
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
