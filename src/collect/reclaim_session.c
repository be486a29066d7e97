// SPDX-License-Identifier: GPL-2.0-or-later
/* Who refers to rows of the stack table where processes are traced: mappings, and calls that are pending. */
#include <errno.h>
#include <string.h>

#include "collect/internal.h"
#include "collect/iterate.h"

static bool ranges_idle(void *context, uint32_t number)
{
	const struct session *session = context;
	const struct usage *ranges = &session->range_usage[number];

	return ranges->alloc_count == ranges->free_count;
}

static uint32_t ranges_used(void *context, uint32_t number)
{
	const struct session *session = context;

	return session->range_usage[number].alloc_count;
}

/* What is remembered of walks is for one version. */
static void forget_walks(void *context)
{
	struct session *session = context;

	for (size_t i = 0; i < session->n_targets; i++)
		__atomic_fetch_add(&session->tracing.processes[i].walk_version, 1, __ATOMIC_RELEASE);
}

static void hold_range(void *context, uint32_t number)
{
	reclaim_hold(context, number);
}

/* Events that could not be handled may be of any mapping. */
static void hold_mapped(struct session *session, struct reclaim_round *round, uint32_t end)
{
	bool whole = !events_consume(session) && events_whole(session);

	for (uint32_t i = MT_NO_STACKS; i < end && !whole; i++) {
		if (session->stacks.rows[i].kind != KIND_HEAP)
			reclaim_hold(round, i);
	}
	for (size_t i = 0; i < session->n_targets; i++) {
		if (session->targets[i])
			ranges_each_stack(session->targets[i]->ranges, hold_range, round);
	}
}

static int hold_number(void *context, const void *record)
{
	uint32_t number;

	memcpy(&number, record, sizeof(number));
	reclaim_hold(context, number);
	return 0;
}

static int hold_referred(void *context, struct reclaim_round *round, uint32_t end)
{
	struct session *session = context;

	hold_mapped(session, round, end);
	return iterate(session->tracing.bpf->progs.pending_stacks, sizeof(uint32_t), hold_number, round);
}

/* To its process's row without frames, unless it is an earlier program's. */
static void keep_sums(void *context, uint32_t number)
{
	struct session *session = context;
	const struct mt_stack *row = &session->stacks.rows[number];
	uint32_t slot = row->owner / MT_GENERATIONS;

	if (slot < session->n_targets && row->owner == MT_OWNER(slot, session->tracing.processes[slot].generation)) {
		stack_table_add_sums(&session->stacks, MT_NO_STACK(slot, row->kind), number);
		churn_table_add(&session->churn, MT_NO_STACK(slot, row->kind), number);
		usage_add(&session->range_usage[MT_NO_STACK(slot, row->kind)], &session->range_usage[number]);
	}
	session->range_usage[number] = (struct usage){0};
	churn_table_empty(&session->churn, number);
}

const struct reclaim_ops reclaim_session_ops = {
    .idle = ranges_idle,
    .used = ranges_used,
    .forget_walks = forget_walks,
    .hold = hold_referred,
    .keep_sums = keep_sums,
};
