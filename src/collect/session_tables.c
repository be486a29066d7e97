// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of a session: how --max-memory is shared out among them, and where user space sees them. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "collect/array_map.h"
#include "collect/internal.h"
#include "collect/nodes.h"

#define PAGE_BYTES 4096

static uint64_t power_of_two_below(uint64_t n)
{
	return n < 2 ? 1 : 1ULL << (63 - __builtin_clzll(n));
}

static uint64_t at_most(uint64_t n, uint64_t limit)
{
	return n < limit ? n : limit;
}

/* For tables to unwind by: a quarter. */
uint64_t session_unwind_bytes(const struct session_options *options)
{
	return options->unwind_table_bytes ? options->unwind_table_bytes : options->max_memory_bytes / 4;
}

/* Shares --max-memory out: an eighth to stacks (a quarter with churn), a 128th to events, a quarter to unwinding, the
 * rest to blocks. */
int session_size_tables(struct session *session)
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
		error = churn_table_size(bpf, rows, nodes_end());
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.scratches, scratches);
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.events, power_of_two_below(events));
	if (!error)
		error = bpf_map__set_max_entries(
		    bpf->maps.unwind_rules,
		    at_most(session_unwind_bytes(options) / 64 / sizeof(struct unwind_rule) + 2 * MT_FIRST_RULE,
		            MT_MAX_UNWIND_RULES));
	if (!error)
		error = bpf_map__set_max_entries(
		    bpf->maps.unwind_pages,
		    at_most(session_unwind_bytes(options) / 32 / sizeof(struct mt_unwind_page) + 1,
		            MT_MAX_UNWIND_PAGES));
	return error;
}

int session_map_tables(struct session *session)
{
	struct memtrace_bpf *bpf = session->tracing.bpf;

	session->tracing.processes = array_map(bpf->maps.processes);
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

void session_unmap_tables(struct session *session)
{
	array_unmap(session->tracing.processes, session->tracing.bpf->maps.processes);
	stack_table_unmap(&session->stacks);
	churn_table_unmap(&session->churn);
}

/* For what ended children leave: an eighth. */
uint64_t session_ended_bytes(const struct session_options *options)
{
	if (!options->follow_fork)
		return 0;
	return options->ended_bytes ? options->ended_bytes : options->max_memory_bytes / 8;
}

uint64_t session_live_slots(const struct session *session)
{
	uint64_t stacks = session->stack_bytes;
	uint64_t budget = session->options.max_memory_bytes;

	if (session->options.live_table_slots)
		return session->options.live_table_slots;
	budget -= session_unwind_bytes(&session->options) + session_ended_bytes(&session->options);
	budget = budget > 2 * stacks ? budget - stacks : budget / 2;
	return budget / (sizeof(struct mt_bucket) / MT_BUCKET_SLOTS);
}
