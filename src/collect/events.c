// SPDX-License-Identifier: GPL-2.0-or-later
/* What the programs report and what happens to processes, as it comes in. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>

#include "collect/internal.h"

#define MAP_FIXED_FLAG 0x10
#define MAP_HUGETLB_FLAG 0x40000
#define MREMAP_DONTUNMAP_FLAG 4
#define PAGE_BYTES 4096ULL
/* Of the ring buffer, whose records have a header and are multiples of 8. */
#define RECORD_BYTES(size) (8 + ((size) + 7) / 8 * 8)
#define BATCH_NS 20000000       /* so that signals and timers get their turn */
#define WRITING_MAX_NS 20000000 /* that an event takes to be written, if its CPU does something else meanwhile */

/* mmap(2): a huge page's size stands in the flags as a power of two; 2 MiB when it does not. */
static uint64_t page_bytes(uint32_t flags)
{
	if (!(flags & MAP_HUGETLB_FLAG))
		return PAGE_BYTES;
	return flags >> 26 ? 1ULL << (flags >> 26) : 2 << 20;
}

static uint64_t end_of(const struct mt_event *event, uint64_t page)
{
	return event->address + (event->length + page - 1) / page * page;
}

static int handle_map(struct session *session, struct target *target, const struct mt_event *event)
{
	int64_t replaced = ranges_map(target->ranges, event->address, end_of(event, page_bytes(event->flags)),
	                              event->stack, event->node, event->time_ns);

	if (replaced > 0 && !(event->flags & MAP_FIXED_FLAG))
		session->lost[LOSS_MISSED_FREES]++;
	return replaced < 0 ? (int)replaced : 0;
}

static int handle_break(struct session *session, struct target *target, const struct mt_event *event)
{
	uint64_t from = event->address, to = event->length;
	int64_t replaced;

	if (to <= from)
		return ranges_unmap(target->ranges, to, from);
	replaced = ranges_map(target->ranges, from, to, event->stack, event->node, event->time_ns);
	if (replaced > 0)
		session->lost[LOSS_MISSED_FREES]++;
	return replaced < 0 ? (int)replaced : 0;
}

int session_take_up(struct session *session, struct target *target)
{
	char error[512];
	int attached;

	if (target_read_mappings(target) || !target->code_changed)
		return 0; /* it is gone, or all is as it was */
	attached = target_attach(target, error, sizeof(error));
	if (attached > 0)
		session->lost[LOSS_LATE_OBJECTS] += attached;
	if (attached != -ESRCH && error[0])
		session_unprobed(session, error);
	return 0;
}

/* Code was mapped: perhaps an allocator. What memtrace is the tracer of is held at the loader's hook for that. */
static int follow_code(struct session *session, struct target *target)
{
	target->code_events = false;
	if (!target->held)
		return session_take_up(session, target);
	target_follow_code(target);
	return 0;
}

/* All that share the file are told of its new table. */
static int handle_all_code(struct session *session, uint32_t object)
{
	int error = unwinder_take_all_code(session->tracing.unwinder, object);

	for (size_t i = 0; i < session->n_targets && !error; i++) {
		if (!session->targets[i])
			continue;
		session->targets[i]->code_changed = true;
		session->targets[i]->code_events |= !session->targets[i]->ended;
	}
	return 0; /* without room, stacks through signal handlers stay cut, as they say */
}

/* Owners come round again with the generations; the stacks of this one are nobody's from now on. Has it blocks? */
static bool disown_stacks(struct session *session, uint32_t owner)
{
	uint32_t end = stack_table_end(&session->stacks);
	bool any = false;

	for (uint32_t i = 0; i < end; i++) {
		struct mt_stack *row = &session->stacks.rows[i];

		if (row->owner != owner)
			continue;
		any |= row->alloc_count != row->free_count;
		row->owner = MT_NOBODY;
	}
	return any;
}

static bool is_owner(void *context, uint64_t owner)
{
	return owner == *(const uint64_t *)context;
}

/* The blocks and stacks of all programs that the process ran before the one of now. */
static int forget_programs(struct session *session, struct target *target)
{
	uint32_t now = session->tracing.processes[target->slot].generation;
	int code = 0;

	for (; target->generation != now && !code; target->generation++) {
		uint64_t old = MT_OWNER(target->slot, target->generation);

		if (disown_stacks(session, old))
			code = live_remove(session->live, is_owner, &old);
	}
	return code;
}

int session_exec(struct session *session, struct target *target, bool by_main_thread, char *error, size_t error_size)
{
	int code;

	error[0] = 0;
	code = forget_programs(session, target);
	if (!code)
		code = target_exec(target, by_main_thread);
	if (!code)
		code = target_attach(target, error, error_size);
	if (code < 0 && !error[0])
		snprintf(error, error_size, "cannot trace process %d after its exec: %s", target->pid, strerror(-code));
	return code < 0 && code != -ESRCH ? code : 0;
}

static int handle_exec(struct session *session, struct target *target)
{
	char error[512];

	if (target->held)
		return 0; /* done while it was held at its exec */
	if (session_exec(session, target, !target->probes_lost, error, sizeof(error)) || error[0])
		session_unprobed(session, error);
	target->probes_lost = false;
	session->lost[LOSS_LATE_OBJECTS] += target->n_attached;
	target_start(target);
	return session_take_up(session, target);
}

static int handle_event(struct session *session, const struct mt_event *event)
{
	struct target *target;

	if (event->type == MT_EVENT_CROWDED)
		return 0; /* it woke memtrace; grow_when_crowded() and reclaim_when_crowded() follow */
	if (event->slot >= session->n_targets || !session->targets[event->slot])
		return 0;
	target = session->targets[event->slot];
	/* This one may have been followed by another already: both count. */
	if (event->type == MT_EVENT_EXEC && !(event->flags & MT_EXEC_BY_MAIN_THREAD))
		target->probes_lost = true;
	if (target->ended || event->generation != session->tracing.processes[event->slot].generation)
		return 0; /* of a program that is no more */
	switch (event->type) {
	case MT_EVENT_MAP:
		return handle_map(session, target, event);
	case MT_EVENT_TAKE:
		return ranges_take(target->ranges, event->thread, event->address, end_of(event, PAGE_BYTES));
	case MT_EVENT_RESTORE:
		return ranges_restore(target->ranges, event->thread);
	case MT_EVENT_MOVE:
		return ranges_move(target->ranges, event->thread, event->address,
		                   end_of(event, PAGE_BYTES) - event->address, event->flags & MREMAP_DONTUNMAP_FLAG,
		                   event->time_ns);
	case MT_EVENT_BRK:
		return handle_break(session, target, event);
	case MT_EVENT_CODE_GONE:
		target_code_gone(target, event->address, event->length, event->flags);
		target->code_events = true;
		return 0;
	case MT_EVENT_CODE:
		target->code_events = true;
		return 0;
	case MT_EVENT_ALL_CODE:
		return handle_all_code(session, event->flags);
	case MT_EVENT_EXEC:
		return handle_exec(session, target);
	}
	return 0;
}

/* libbpf goes on for as long as events come in; a negative result ends that after this one. */
static int on_event(void *context, void *data, size_t size)
{
	struct session *session = context;
	unsigned long end = ring__consumer_pos(ring_buffer__ring(session->ring, 0)) + RECORD_BYTES(size);
	struct mt_event event;

	if (size >= sizeof(event)) {
		memcpy(&event, data, sizeof(event));
		if (handle_event(session, &event))
			session->lost[LOSS_MAPPINGS_FULL]++;
	}
	return end >= session->consume_until || clock_ns(CLOCK_MONOTONIC) >= session->consume_deadline_ns ? -EAGAIN : 0;
}

int events_new(struct session *session)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = EVENT_RING};

	session->ring = ring_buffer__new(bpf_map__fd(session->tracing.bpf->maps.events), on_event, session, NULL);
	if (!session->ring)
		return -errno;
	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (session->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, ring_buffer__epoll_fd(session->ring), &event))
		return -errno;
	return 0;
}

/* The programs say so with an event, too; which is missing when the buffer was full. */
static void grow_when_crowded(struct session *session)
{
	if (__atomic_load_n(&session->tracing.bpf->bss->crowded, __ATOMIC_RELAXED) >= MT_CROWDED)
		live_grow(session->live); /* what no longer fits is counted as lost where that happens */
}

/* Handles events that are there now, until the time given. 0, -EAGAIN when some are left, or -errno. */
static int consume(struct session *session, uint64_t deadline_ns)
{
	const struct ring *ring = ring_buffer__ring(session->ring, 0);
	int result = 0;

	session->consume_deadline_ns = deadline_ns;
	if (ring__consumer_pos(ring) < session->consume_until)
		result = ring_buffer__consume(session->ring);
	grow_when_crowded(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		struct target *target = session->targets[i];

		if (target && target->code_events && !target->ended)
			follow_code(session, target);
	}
	if (result < 0 && result != -EAGAIN)
		return result;
	return ring__consumer_pos(ring) < session->consume_until ? -EAGAIN : 0;
}

bool events_whole(const struct session *session)
{
	return ring__consumer_pos(ring_buffer__ring(session->ring, 0)) >= session->consume_until;
}

/*
 * An event that a program is just writing holds up those behind it: it is waited for, though
 * not for ever. More than the buffer holds is never handled, so that this ends.
 */
int events_consume(struct session *session)
{
	const struct timespec moment = {.tv_nsec = WRITING_MAX_NS / 100};
	int code;

	session->consume_until = ring__producer_pos(ring_buffer__ring(session->ring, 0));
	code = consume(session, UINT64_MAX);
	for (int i = 0; i < 100 && code == -EAGAIN; i++) {
		nanosleep(&moment, NULL);
		code = consume(session, UINT64_MAX);
	}
	return code == -EAGAIN ? 0 : code;
}

/* What is left keeps the buffer readable, so that session_handle() comes back to it. */
static int consume_batch(struct session *session)
{
	int code;

	session->consume_until = ring__producer_pos(ring_buffer__ring(session->ring, 0));
	code = consume(session, clock_ns(CLOCK_MONOTONIC) + BATCH_NS);
	return code == -EAGAIN ? 0 : code;
}

void session_target_ended(struct session *session, struct target *target, int exit_status)
{
	if (target->ended)
		return;
	events_consume(session); /* the last of it: nothing is taken from one that ended */
	target->ended = true;
	if (target->is_child) /* there may be many, and each is passed at every hit of the others' */
		target_detach(target);
	unwinder_forget(session->tracing.unwinder, target->slot);
	target->exit_status_known = exit_status >= 0;
	target->exit_status = exit_status;
}

/* The event may be of a process that had the slot before. */
static bool has_ended(const struct target *target)
{
	struct pollfd fd = {.fd = target->pidfd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1 && fd.revents;
}

static void process_ended(struct session *session, size_t slot)
{
	struct target *target = slot < session->n_targets ? session->targets[slot] : NULL;
	const struct mt_process *process = &session->tracing.processes[slot];
	int status = -1;

	if (!target || !has_ended(target))
		return;
	epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, target->pidfd, NULL);
	if (session->launched.pid == target->pid)
		return; /* of a command its tracer tells */
	if (process->exited)
		status = WIFSIGNALED(process->exit_code) ? 128 + WTERMSIG(process->exit_code)
		                                         : WEXITSTATUS(process->exit_code);
	session_target_ended(session, target, status);
}

static int handle(struct session *session, uint64_t what, char *error, size_t error_size)
{
	int code = 0;

	if (what == EVENT_RING)
		code = consume_batch(session);
	else if (what == EVENT_CHILD)
		code = launch_handle(session, error, error_size);
	else
		process_ended(session, what - EVENT_PROCESS);
	return code;
}

int session_handle(struct session *session, char *error, size_t error_size)
{
	struct epoll_event events[16];
	int n = epoll_wait(session->epoll_fd, events, 16, 0), code = 0;

	for (int i = 0; i < n && !code; i++) {
		session_lock(session);
		code = handle(session, events[i].data.u64, error, error_size);
		if (!code)
			reclaim_when_crowded(&session->reclaim, session->live);
		session_unlock(session);
	}
	return code;
}
