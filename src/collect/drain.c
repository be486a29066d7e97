// SPDX-License-Identifier: GPL-2.0-or-later
/* The maps and ranges to a snapshot. Everything is copied; nothing stops meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collect/drain.h"
#include "collect/ended.h"
#include "collect/internal.h"
#include "collect/memory.h"
#include "collect/nodes.h"
#include "collect/scan.h"
#include "collect/twice.h"

static uint64_t age_of(const struct drain *drain, uint64_t time_ns)
{
	return drain->now_ns > time_ns ? drain->now_ns - time_ns : 0;
}

static void keep_block(struct drain *drain, const struct found_block *block)
{
	if (drain->n_blocks == drain->blocks_size) {
		size_t size = drain->blocks_size ? 2 * drain->blocks_size : 4096;
		struct found_block *blocks = realloc(drain->blocks, size * sizeof(*blocks));

		if (!blocks) {
			drain->error = -ENOMEM;
			return;
		}
		drain->blocks = blocks;
		drain->blocks_size = size;
	}
	drain->blocks[drain->n_blocks++] = *block;
}

void drain_tally(struct drain *drain, const struct found_block *block, uint64_t bytes)
{
	struct tally *tally = &drain->tallies[block->stack];

	tally->live_bytes += bytes;
	if (!tally->live_blocks++ || block->time_ns < tally->oldest_ns)
		tally->oldest_ns = block->time_ns;
}

bool target_is_over(const struct target *target)
{
	return target->is_child && target->ended;
}

/* Where processes are scanned, a report is of that moment: what was forked since is the next one's. */
static bool newer_than_scan(const struct session *session, const struct target *target)
{
	uint64_t n_added = session->launched.scan.n_added;

	return n_added && target->number >= n_added && !target->ended && !target->scanned;
}

/* The target in the slot, if the snapshot is of it; else NULL. */
static struct target *target_in(const struct drain *drain, size_t slot)
{
	struct target *target = slot < drain->session->n_targets ? drain->session->targets[slot] : NULL;

	if (!target || (drain->ended_only && !target_is_over(target)))
		return NULL;
	return drain->only_target || !newer_than_scan(drain->session, target) ? target : NULL;
}

/* What a child that has ended never freed is not too young to be told. */
static bool too_young(const struct drain *drain, const struct found_block *block)
{
	return age_of(drain, block->time_ns) < drain->older_ns && !target_is_over(drain->session->targets[block->slot]);
}

static void take_block(struct drain *drain, const struct found_block *block)
{
	if (drain->known &&
	    memory_known_add(&drain->known[block->slot], block->address, block->size_bytes, block->kind == KIND_MMAP))
		drain->error = -ENOMEM;
	if (block->stack >= drain->n_tallies || too_young(drain, block) ||
	    block->time_ns < drain->session->counted_from_ns)
		return;
	if (drain->placing || drain->with_blocks)
		keep_block(drain, block);
	if (!drain->placing && !drain->only_target)
		drain_tally(drain, block, block->size_bytes);
}

/* Blocks of a process that was scanned are those that were there then. */
static bool looked_at(const struct target *target, const struct drain *drain)
{
	return target && (drain->only_target ? target == drain->only_target : !target->scanned);
}

static void take_scanned(struct drain *drain, const struct scanned *scanned)
{
	for (size_t i = 0; i < scanned->n_blocks; i++)
		take_block(drain, &scanned->blocks[i]);
}

static void on_live_block(void *context, uint64_t owner, uint64_t address, const struct mt_block *block)
{
	struct drain *drain = context;
	uint32_t slot = owner / MT_GENERATIONS;
	struct found_block found = {.stack = block->stack,
	                            .slot = slot,
	                            .cpu_node = MT_ORIGIN_NODE(block->origin),
	                            .address = address,
	                            .size_bytes = block->size_bytes,
	                            .time_ns = block->time_ns};

	if (looked_at(target_in(drain, slot), drain) &&
	    owner == MT_OWNER(slot, drain->session->tracing.processes[slot].generation))
		take_block(drain, &found);
}

static int on_range(void *context, const struct range *range)
{
	struct drain *drain = context;
	struct found_block found = {.stack = range->stack,
	                            .slot = drain->range_slot,
	                            .cpu_node = range->node,
	                            .kind = KIND_MMAP,
	                            .address = range->start,
	                            .size_bytes = range->end - range->start,
	                            .time_ns = range->time_ns};

	take_block(drain, &found);
	return drain->error;
}

/* Read at once, while what is known to be live is new. */
static void read_memory(struct drain *drain)
{
	const struct session *session = drain->session;

	for (size_t i = 0; i < session->n_targets; i++) {
		const struct target *target = target_in(drain, i);

		if (target && !target->ended)
			memory_read(target->pid, &drain->known[i], target->memory_before_bytes,
			            &drain->snapshot->processes[drain->rows[i]].memory);
	}
}

static int copy_processes(struct drain *drain)
{
	const struct session *session = drain->session;
	struct snapshot *snapshot = drain->snapshot;

	snapshot->processes = calloc(session->n_targets + 1, sizeof(*snapshot->processes));
	drain->rows = calloc(session->n_targets + 1, sizeof(*drain->rows));
	if (!snapshot->processes || !drain->rows)
		return -ENOMEM;
	for (size_t i = 0; i < session->n_targets; i++) {
		struct target *target = target_in(drain, i);
		struct process *process = &snapshot->processes[snapshot->n_processes];

		if (!target)
			continue;
		drain->rows[i] = snapshot->n_processes++;
		if (!target->ended)
			target_follow_code(target); /* code that was made at run time has no event */
		process->pid = target->pid;
		process->number = target->number;
		process->is_child = target->is_child;
		process->parent = target->parent;
		memcpy(process->comm, target->comm, sizeof(target->comm));
		process->ended = target->ended;
		process->exit_status_known = target->exit_status_known;
		process->exit_status = target->exit_status;
		process->exe = target->exe ? strdup(target->exe) : NULL;
		process->mappings = calloc(target->n_mappings + 1, sizeof(*process->mappings));
		if ((target->exe && !process->exe) || !process->mappings)
			return -ENOMEM;
		memcpy(process->mappings, target->mappings, target->n_mappings * sizeof(*process->mappings));
		process->n_mappings = target->n_mappings;
		if (placement_init(&process->placement, snapshot->placement.nodes, snapshot->placement.n_nodes))
			return -ENOMEM;
		if (session->options.churns) {
			process->churn = churn_table_process(&session->churn, i, drain->nodes, drain->n_nodes);
			if (!process->churn)
				return -ENOMEM;
		}
		if (target->scanned) {
			process->scan = target->scanned->scan;
			/* Of one that goes on the next one will be made anew. */
			target->scanned->scan =
			    target->ended || target->exit_scan.done ? scan_share(process->scan) : NULL;
		}
		snapshot->untraced_children += session->tracing.processes[i].untraced_children;
	}
	return 0;
}

/*
 * A walk by frame pointers may have left the stack: nothing beyond code that was mapped. What is
 * left is of the version in which the last of it came.
 */
static void cut_at_unmapped(struct stack *stack, const struct process *process, uint32_t version)
{
	for (size_t i = 0; i < stack->n_addresses; i++) {
		const struct mapping *mapping =
		    mapping_find(process->mappings, process->n_mappings, stack->addresses[i] - 1, version);

		if (mapping && mapping->from > stack->code_version)
			stack->code_version = mapping->from;
		if (mapping || i == 0)
			continue;
		stack->n_addresses = i;
		stack->end = END_NO_MAPPING;
		return;
	}
}

static int copy_addresses(const struct session *session, const struct mt_stack *from, struct stack *stack)
{
	uint32_t n = from->n_frames;

	if (!n)
		return 0;
	stack->addresses = calloc(n, sizeof(*stack->addresses));
	if (!stack->addresses)
		return -ENOMEM;
	stack_table_frames(&session->stacks, from, stack->addresses);
	stack->n_addresses = n;
	return 0;
}

static int copy_churn(const struct session *session, uint32_t number, struct stack *stack)
{
	if (!session->options.churns || stack->kind != KIND_HEAP)
		return 0;
	stack->churn = churn_table_stack(&session->churn, number);
	return stack->churn ? 0 : -ENOMEM;
}

static int copy_stack(struct drain *drain, uint32_t number, const struct mt_stack *from, const struct usage *ranges)
{
	struct snapshot *snapshot = drain->snapshot;
	struct stack *stack = &snapshot->stacks[snapshot->n_stacks];
	struct tally *tally = &drain->tallies[number];

	memset(stack, 0, sizeof(*stack));
	stack->process = drain->rows[from->owner / MT_GENERATIONS];
	stack->kind = from->kind < KIND_OF_KERNEL ? from->kind : KIND_HEAP;
	stack->end = MT_STACK_END(from->flags);
	stack->guessed = from->flags & MT_STACK_GUESSED;
	stack->usage = *ranges;
	stack->usage.alloc_bytes += __atomic_load_n(&from->alloc_bytes, __ATOMIC_RELAXED);
	stack->usage.alloc_count += __atomic_load_n(&from->alloc_count, __ATOMIC_RELAXED);
	stack->usage.free_bytes += __atomic_load_n(&from->free_bytes, __ATOMIC_RELAXED);
	stack->usage.free_count += __atomic_load_n(&from->free_count, __ATOMIC_RELAXED);
	stack->usage.live_bytes = tally->live_bytes;
	stack->usage.live_blocks = tally->live_blocks;
	stack->oldest_ns = tally->live_blocks ? age_of(drain, tally->oldest_ns) : 0;
	stack->placement = tally->placement;
	tally->placement = (struct placement){.nodes = NULL};
	if (!stack->usage.alloc_count && !stack->usage.live_blocks)
		return 0;
	tally->row = ++snapshot->n_stacks;
	if (copy_addresses(drain->session, from, stack) || copy_churn(drain->session, number, stack))
		return -ENOMEM;
	cut_at_unmapped(stack, &snapshot->processes[stack->process], from->code_version);
	return 0;
}

static int copy_stacks(struct drain *drain)
{
	const struct session *session = drain->session;

	drain->snapshot->stacks = calloc(drain->n_tallies + 1, sizeof(*drain->snapshot->stacks));
	if (!drain->snapshot->stacks)
		return -ENOMEM;
	for (uint32_t i = 0; i < drain->n_tallies; i++) {
		const struct mt_stack *stack = &session->stacks.rows[i];
		uint32_t slot = stack->owner / MT_GENERATIONS;
		const struct scanned *scanned;
		int error;

		if (!(stack->flags & MT_STACK_USED) || !target_in(drain, slot) ||
		    stack->owner != MT_OWNER(slot, session->tracing.processes[slot].generation))
			continue;
		scanned = session->targets[slot]->scanned;
		/* Another's then, or nobody's. */
		if (scanned && (i >= scanned->n_rows || scanned->rows[i].owner != stack->owner))
			continue;
		error = copy_stack(drain, i, scanned ? &scanned->rows[i] : stack,
		                   scanned ? &scanned->range_usage[i] : &session->range_usage[i]);
		if (error)
			return error;
	}
	return 0;
}

static int oldest_first(const void *a, const void *b)
{
	const struct block *one = a, *two = b;

	if (one->age_ns != two->age_ns)
		return one->age_ns < two->age_ns ? 1 : -1;
	return (one->address > two->address) - (one->address < two->address);
}

static int add_block(struct drain *drain, const struct found_block *found)
{
	struct stack *stack;
	struct block *blocks;
	size_t row = drain->tallies[found->stack].row;

	if (!row || found->left_out)
		return 0;
	stack = &drain->snapshot->stacks[row - 1];
	if (!(stack->n_blocks & (stack->n_blocks - 1))) {
		blocks = realloc(stack->blocks, (stack->n_blocks ? 2 * stack->n_blocks : 1) * sizeof(*blocks));
		if (!blocks)
			return -ENOMEM;
		stack->blocks = blocks;
	}
	stack->blocks[stack->n_blocks++] = (struct block){
	    .address = found->address,
	    .size_bytes = found->size_bytes,
	    .age_ns = age_of(drain, found->time_ns),
	    .placed = found->placed,
	    .not_resident_bytes = found->not_resident_bytes,
	    .node = drain->placing ? found->node : drain->nodes[0],
	    .cpu_node = found->cpu_node,
	    .judged = found->judged,
	    .slack_bytes = found->slack_bytes,
	};
	return 0;
}

static int copy_blocks(struct drain *drain)
{
	struct snapshot *snapshot = drain->snapshot;
	int error = 0;

	for (size_t i = 0; i < drain->n_blocks && !error; i++)
		error = add_block(drain, &drain->blocks[i]);
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		if (snapshot->stacks[i].n_blocks)
			qsort(snapshot->stacks[i].blocks, snapshot->stacks[i].n_blocks, sizeof(struct block),
			      oldest_first);
	}
	return error;
}

static void copy_losses(const struct session *session, struct snapshot *snapshot)
{
	for (int i = 0; i < LOSS_COUNT; i++)
		snapshot->lost[i] = session->tracing.bpf->bss->lost[i] + session->lost[i];
	snapshot->lost[LOSS_MISSED_PROBES] += twice_missed(session->tracing.bpf->obj);
	snapshot->abandoned_calls = session->tracing.bpf->bss->abandoned_calls;
	snapshot->unknown_frees = session->tracing.bpf->bss->unknown_frees;
	snapshot->inherited_frees = session->tracing.bpf->bss->inherited_frees;
	snapshot->unknown_frees_known = !session->options.size_filter;
	snapshot->untraced_children += session->untraced_children;
}

/* Index of the node, which is put in the list if it has gone; -1: no node is meant. */
static int index_of_node(struct drain *drain, int node)
{
	if (node < 0)
		return -1;
	for (size_t i = 0; i < drain->n_nodes; i++) {
		if (drain->nodes[i] == node)
			return (int)i;
	}
	drain->nodes[drain->n_nodes] = node;
	return (int)drain->n_nodes++;
}

/* The nodes there are. 0 or -ENOMEM. */
static int find_nodes(struct drain *drain)
{
	struct placement *placement = &drain->snapshot->placement;

	drain->nodes = nodes_online(&drain->n_nodes);
	if (!drain->nodes)
		return -ENOMEM;
	drain->only = index_of_node(drain, drain->session->options.node);
	drain->placing = drain->n_nodes > 1 || drain->only >= 0;
	drain->snapshot->placed = drain->placing;
	placement->nodes = calloc(drain->n_nodes, sizeof(*placement->nodes));
	if (!placement->nodes)
		return -ENOMEM;
	placement->n_nodes = drain->n_nodes;
	for (size_t i = 0; i < drain->n_nodes; i++)
		placement->nodes[i].node = drain->nodes[i];
	return 0;
}

static int find_blocks(struct drain *drain)
{
	struct session *session = drain->session;
	int error;

	drain->n_tallies = stack_table_end(&session->stacks);
	/* A process stands still while its blocks are only listed: they are summed later. */
	if (!drain->only_target)
		drain->tallies = calloc(drain->n_tallies + 1, sizeof(*drain->tallies));
	if (!drain->tallies && !drain->only_target)
		return -ENOMEM;
	error = live_scan(session->live, on_live_block, drain);
	for (size_t i = 0; i < session->n_targets && !error; i++) {
		const struct target *target = target_in(drain, i);

		drain->range_slot = i;
		if (looked_at(target, drain))
			error = ranges_each(target->ranges, on_range, drain);
		else if (target && !drain->only_target)
			take_scanned(drain, target->scanned);
	}
	return error ? error : drain->error;
}

int drain_collect(struct session *session, const struct target *target, struct found_block **blocks, size_t *n,
                  size_t *room)
{
	struct drain drain = {.session = session,
	                      .with_blocks = true,
	                      .only_target = target,
	                      .now_ns = clock_ns(CLOCK_MONOTONIC),
	                      .blocks = *blocks,
	                      .blocks_size = *room};
	int error = find_blocks(&drain);

	*blocks = drain.blocks;
	*n = drain.n_blocks;
	*room = drain.blocks_size;
	return error;
}

static int fill(struct drain *drain)
{
	int error = find_nodes(drain);

	if (!drain->ended_only)
		drain->known = calloc(drain->session->n_targets + 1, sizeof(*drain->known));
	if (!error && !drain->ended_only && !drain->known)
		error = -ENOMEM;
	if (!error)
		error = find_blocks(drain);
	if (!error)
		error = copy_processes(drain);
	if (!error && drain->known && !drain->session->options.churns)
		read_memory(drain);
	if (!error && drain->placing)
		error = drain_place(drain);
	/* Rates are of what is read now. */
	drain->snapshot->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - drain->session->tracing.started_ns;
	if (!error)
		error = copy_stacks(drain);
	if (!error && drain->with_blocks)
		error = copy_blocks(drain);
	if (!error)
		copy_losses(drain->session, drain->snapshot);
	return error;
}

static void drain_free(struct drain *drain)
{
	for (uint32_t i = 0; drain->tallies && i < drain->n_tallies; i++)
		placement_free(&drain->tallies[i].placement);
	for (size_t i = 0; drain->known && i < drain->session->n_targets; i++)
		memory_known_free(&drain->known[i]);
	free(drain->known);
	free(drain->tallies);
	free(drain->blocks);
	free(drain->nodes);
	free(drain->rows);
}

static int take(struct session *session, struct drain *drain, struct snapshot **result)
{
	int error = events_consume(session);

	*result = NULL;
	drain->session = session;
	drain->snapshot = calloc(1, sizeof(*drain->snapshot));
	if (!drain->snapshot)
		return -ENOMEM;
	drain->now_ns = clock_ns(CLOCK_MONOTONIC);
	drain->snapshot->command = "trace";
	drain->snapshot->time_unix_ns = clock_ns(CLOCK_REALTIME);
	drain->snapshot->since_unix_ns = session->tracing.started_unix_ns;
	if (!error)
		error = fill(drain);
	drain_free(drain);
	if (error) {
		snapshot_free(drain->snapshot);
		return error;
	}
	*result = drain->snapshot;
	return 0;
}

void session_remember_places(struct session *session, struct target *target)
{
	struct snapshot snapshot = {.placement = {.nodes = NULL}};
	struct drain drain = {.session = session, .snapshot = &snapshot};
	int error = find_nodes(&drain);

	if (!error && drain.placing) {
		error = events_consume(session);
		if (!error)
			error = find_blocks(&drain);
		if (!error)
			drain_remember(&drain, target);
	}
	drain_free(&drain);
	placement_free(&snapshot.placement);
}

int session_snapshot_ended(struct session *session, struct snapshot **snapshot)
{
	struct drain drain = {.ended_only = true, .with_blocks = session->options.keep_blocks};

	return take(session, &drain, snapshot);
}

int session_snapshot(struct session *session, uint64_t older_ns, bool with_blocks, struct snapshot **snapshot)
{
	struct drain drain = {.older_ns = older_ns, .with_blocks = with_blocks};
	int error;

	session_lock(session);
	error = take(session, &drain, snapshot);
	if (!error)
		error = ended_add(session->ended, *snapshot, drain.now_ns, with_blocks);
	if (error) {
		snapshot_free(*snapshot);
		*snapshot = NULL;
	}
	if (!error)
		reclaim_when_crowded(&session->reclaim,
		                     session->live); /* the event that says so may be among those handled */
	session_unlock(session);
	return error;
}
