// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children that are followed. The kernel makes memtrace the tracer of what its tracees fork, and holds the
 * child before its first instruction: there it becomes a target like its parent, with probes of its own, since
 * those of its parent count for the parent alone. One that borrows its parent's memory (vfork, posix_spawn)
 * has nothing of its own to be traced before it runs another program, at which it is held again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/internal.h"
#include "collect/memory.h"
#include "collect/procfs.h"

struct target *held_target(struct session *session, pid_t pid)
{
	for (size_t i = 0; i < session->n_targets; i++) {
		struct target *target = session->targets[i];

		if (target && target->held && !target->ended && target->pid == pid)
			return target;
	}
	return NULL;
}

static size_t find_bare(const struct bare *bare, pid_t pid)
{
	size_t i = 0;

	while (i < bare->n && bare->pids[i] != pid)
		i++;
	return i;
}

/* Without memory for it, it may be counted again at its next stop. */
static void add_bare(struct bare *bare, pid_t pid)
{
	pid_t *pids = reallocarray(bare->pids, bare->n + 1, sizeof(*pids));

	if (!pids)
		return;
	bare->pids = pids;
	pids[bare->n++] = pid;
}

void follow_forget(struct session *session, pid_t pid)
{
	struct bare *bare = &session->launched.bare;
	size_t i = find_bare(bare, pid);

	if (i < bare->n)
		bare->pids[i] = bare->pids[--bare->n];
}

void follow_not(struct session *session, pid_t pid, struct target *target, const char *why)
{
	char text[640];

	if (target)
		session_drop_target(session, target);
	if (find_bare(&session->launched.bare, pid) == session->launched.bare.n)
		add_bare(&session->launched.bare, pid);
	session->untraced_children++;
	snprintf(text, sizeof(text), "child %d goes untraced: %s", pid, why);
	session_tell(session, text);
}

/* It has the memory still: one that is about to end has none, and its address in the kernel may be another's. */
static bool has_memory_now(struct target *target, const struct found_process *found)
{
	struct found_process now;

	return target_has_memory(target, found) && !process_find(target->tracing, target->pid, &now) &&
	       now.address_space == found->address_space;
}

static bool borrows_memory(const struct session *session, const struct found_process *found)
{
	for (size_t i = 0; i < session->n_targets; i++) {
		struct target *target = session->targets[i];

		if (target && !target->ended && has_memory_now(target, found))
			return true;
	}
	return found->vforked;
}

/* 0, or -errno with one line in `error`. */
static int add_child(struct session *session, pid_t pid, struct target **target, char *error, size_t error_size)
{
	int code = procfs_check_traceable(pid, error, error_size);

	*target = NULL;
	if (!code)
		code = session_add_target(session, pid, target, error, error_size);
	if (code)
		return code;
	(*target)->held = true;
	target_set_child(*target);
	target_inherits(*target);
	code = target_read_mappings(*target);
	if (code) {
		snprintf(error, error_size, "cannot read its mappings: %s", strerror(-code));
		return code;
	}
	code = target_attach(*target, error, error_size);
	if (code < 0)
		return code;
	if (error[0])
		session_unprobed(session, error);
	code = target_hook_loader(*target, session->tracing.bpf->progs.loader_state);
	if (code && code != -ENOENT) /* libraries that it opens may be taken up late */
		session_unprobed(session, "cannot hold a child where its dynamic loader maps libraries");
	(*target)->memory_before_bytes = memory_before(pid); /* what it inherited */
	target_start(*target);
	return 0;
}

void follow_child(struct session *session, pid_t pid)
{
	struct process_status status;
	struct found_process found;
	struct target *target;
	char error[512];
	int code;

	if (pid == session->launched.pid || held_target(session, pid) ||
	    find_bare(&session->launched.bare, pid) < session->launched.bare.n)
		return;
	if (procfs_status(pid, &status) || status.thread_group != pid || process_find(&session->tracing, pid, &found))
		return; /* a thread, or it has been killed */
	if (borrows_memory(session, &found)) {
		if (found.vforked)
			add_bare(&session->launched.bare, pid);
		else
			follow_not(session, pid, NULL, "it shares the memory of its parent");
		return;
	}
	code = add_child(session, pid, &target, error, sizeof(error));
	if (code == -ESRCH && target)
		session_drop_target(session, target);
	else if (code && code != -ESRCH)
		follow_not(session, pid, target, error);
}
