// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slots are given up by the dozen, for each time all live blocks have to be gone through. What is kept is
 * bounded: when it gets more, stacks without live blocks are added up in a row without frames for each
 * process and kind, like those of rows that were reclaimed; then blocks are no longer listed; then all
 * stacks of a process are added up so, which is a loss.
 */
#include "collect/ended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/internal.h"

/* Ended children whose probes the kernel still goes through at every hit of another process's. */
#define RETIRE_AT 32

/* Children whose slots were given up together. */
struct batch {
	struct snapshot *snapshot;
	uint64_t taken_ns; /* ages count until then */
	uint64_t bytes;
};

struct ended {
	struct batch *batches;
	size_t n;
	uint64_t bytes, max_bytes;
	bool folded; /* no stack without live blocks is left */
};

int ended_new(uint64_t max_bytes, struct ended **result)
{
	*result = calloc(1, sizeof(**result));
	if (!*result)
		return -ENOMEM;
	(*result)->max_bytes = max_bytes;
	return 0;
}

void ended_free(struct ended *ended)
{
	if (!ended)
		return;
	for (size_t i = 0; i < ended->n; i++)
		snapshot_free(ended->batches[i].snapshot);
	free(ended->batches);
	free(ended);
}

static uint64_t stack_bytes(const struct stack *stack)
{
	return sizeof(*stack) + stack->n_addresses * sizeof(*stack->addresses) +
	       stack->n_blocks * sizeof(*stack->blocks) + stack->placement.n_nodes * sizeof(*stack->placement.nodes) +
	       (stack->churn ? sizeof(*stack->churn) + stack->churn->n_places * sizeof(*stack->churn->places) : 0);
}

static uint64_t snapshot_bytes(const struct snapshot *snapshot)
{
	uint64_t bytes = sizeof(*snapshot);

	for (size_t i = 0; i < snapshot->n_stacks; i++)
		bytes += stack_bytes(&snapshot->stacks[i]);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		bytes += sizeof(*process) + process->n_mappings * sizeof(*process->mappings) +
		         (process->exe ? strlen(process->exe) + 1 : 0) +
		         (process->scan ? process->scan->n_words * sizeof(*process->scan->words) : 0) +
		         (process->churn ? sizeof(*process->churn) : 0);
	}
	return bytes;
}

/* Makes it a row without frames. */
static void drop_frames(struct stack *stack)
{
	free(stack->addresses);
	stack->addresses = NULL;
	stack->n_addresses = 0;
	stack->guessed = false;
	stack->end = END_COMPLETE;
	if (stack->churn)
		stack->churn->peak_is_bound = true;
}

static void add_stack(struct stack *sums, struct stack *stack)
{
	usage_add(&sums->usage, &stack->usage);
	if (stack->oldest_ns > sums->oldest_ns)
		sums->oldest_ns = stack->oldest_ns;
	if (sums->churn && stack->churn)
		churn_add(sums->churn, stack->churn, false);
	if (sums->placement.nodes && stack->placement.nodes) {
		placement_add(&sums->placement, &stack->placement);
	} else if (stack->placement.nodes) {
		sums->placement = stack->placement;
		stack->placement = (struct placement){.nodes = NULL};
	}
	stack_clear(stack);
}

/* Adds stacks up, by process and kind: those without live blocks, or all. Returns how many with live blocks went. */
static uint64_t fold(struct snapshot *snapshot, bool all)
{
	size_t *sums = calloc(snapshot->n_processes * KIND_OF_KERNEL, sizeof(*sums)), n = 0; /* index + 1 */
	uint64_t lost = 0;

	if (!sums)
		return 0;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];
		size_t *sum = &sums[stack->process * KIND_OF_KERNEL + stack->kind];
		bool live = stack->usage.live_blocks;

		if (stack->n_addresses && (all || !live)) {
			lost += live;
			drop_frames(stack);
		}
		if (!stack->n_addresses && *sum) {
			add_stack(&snapshot->stacks[*sum - 1], stack);
			continue;
		}
		snapshot->stacks[n++] = *stack;
		if (!stack->n_addresses)
			*sum = n;
	}
	snapshot->n_stacks = n;
	free(sums);
	return lost;
}

/* Without them nothing can be judged. */
static void drop_blocks(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		scan_free(snapshot->processes[i].scan);
		snapshot->processes[i].scan = NULL;
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		free(snapshot->stacks[i].blocks);
		snapshot->stacks[i].blocks = NULL;
		snapshot->stacks[i].n_blocks = 0;
	}
}

static void fold_batches(struct ended *ended)
{
	ended->bytes = 0;
	for (size_t i = 0; i < ended->n; i++) {
		struct batch *batch = &ended->batches[i];

		fold(batch->snapshot, false);
		batch->bytes = snapshot_bytes(batch->snapshot);
		ended->bytes += batch->bytes;
	}
	ended->folded = true;
}

static bool fits(const struct ended *ended, const struct snapshot *snapshot)
{
	return ended->bytes + snapshot_bytes(snapshot) <= ended->max_bytes;
}

/* Makes it small enough. Returns how many stacks are lost. */
static uint64_t make_fit(struct ended *ended, struct snapshot *snapshot)
{
	if (fits(ended, snapshot) && !ended->folded)
		return 0;
	if (!ended->folded)
		fold_batches(ended);
	fold(snapshot, false);
	if (!fits(ended, snapshot))
		drop_blocks(snapshot);
	return fits(ended, snapshot) ? 0 : fold(snapshot, true);
}

/* Takes it over. 0 or -ENOMEM. */
static int keep(struct ended *ended, struct snapshot *snapshot, uint64_t now_ns, uint64_t *lost)
{
	struct batch *batches = reallocarray(ended->batches, ended->n + 1, sizeof(*batches));

	if (!batches) {
		snapshot_free(snapshot);
		return -ENOMEM;
	}
	ended->batches = batches;
	*lost += make_fit(ended, snapshot);
	batches[ended->n] = (struct batch){.snapshot = snapshot, .taken_ns = now_ns, .bytes = snapshot_bytes(snapshot)};
	ended->bytes += batches[ended->n++].bytes;
	return 0;
}

static bool goes(void *context, uint64_t owner)
{
	const struct session *session = context;
	size_t slot = owner / MT_GENERATIONS;

	return slot < session->n_targets && session->targets[slot] && target_is_over(session->targets[slot]);
}

/* Nothing of them stays in the tables. 0 or -errno. */
static int clear_tables(struct session *session)
{
	uint32_t end = stack_table_end(&session->stacks);

	for (uint32_t i = 0; i < end; i++) {
		struct mt_stack *row = &session->stacks.rows[i];

		if (row->flags & MT_STACK_USED && goes(session, row->owner))
			row->owner = MT_NOBODY;
	}
	return live_remove(session->live, goes, session);
}

static void give_up_slots(struct session *session)
{
	for (size_t i = 0; i < session->n_targets; i++) {
		if (session->targets[i] && target_is_over(session->targets[i]))
			session_give_up_slot(session, session->targets[i]);
	}
}

static size_t count_over(const struct session *session, size_t *free_slots)
{
	size_t over = 0;

	*free_slots = MT_MAX_PROCESSES - session->n_targets;
	for (size_t i = 0; i < session->n_targets; i++) {
		*free_slots += !session->targets[i];
		over += session->targets[i] && target_is_over(session->targets[i]);
	}
	return over;
}

void ended_retire(struct session *session)
{
	struct snapshot *snapshot;
	size_t free_slots, over = count_over(session, &free_slots);
	uint64_t lost = 0;

	if (!over || (over < RETIRE_AT && free_slots))
		return;
	if (session_snapshot_ended(session, &snapshot) ||
	    keep(session->ended, snapshot, clock_ns(CLOCK_MONOTONIC), &lost))
		lost += over;
	session->lost[LOSS_ENDED] += lost;
	if (clear_tables(session))
		session->lost[LOSS_ENDED]++; /* what stays of them takes room, no more */
	give_up_slots(session);
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

static int copy_process(struct process *to, const struct process *from, const struct placement *nodes)
{
	*to = (struct process){.pid = from->pid,
	                       .number = from->number,
	                       .is_child = from->is_child,
	                       .parent = from->parent,
	                       .ended = from->ended,
	                       .exit_status = from->exit_status,
	                       .exit_status_known = from->exit_status_known};
	memcpy(to->comm, from->comm, sizeof(to->comm));
	to->scan = scan_share(from->scan);
	if (from->churn) {
		to->churn = churn_totals_new();
		if (!to->churn || churn_totals_add_nodes(to->churn, from->churn))
			return -ENOMEM;
		to->churn->counted = true;
		to->churn->churn.peak_live_bytes = from->churn->churn.peak_live_bytes;
	}
	to->exe = from->exe ? strdup(from->exe) : NULL;
	to->mappings = copy(from->mappings, from->n_mappings, sizeof(*to->mappings));
	if ((from->exe && !to->exe) || !to->mappings)
		return -ENOMEM;
	to->n_mappings = from->n_mappings;
	return placement_init(&to->placement, nodes->nodes, nodes->n_nodes);
}

/* Nodes may have come and gone since. */
static int copy_placement(struct stack *to, const struct stack *from, const struct placement *nodes)
{
	const struct placement *placement = &from->placement;

	if (!placement->nodes)
		return 0;
	if (placement_init(&to->placement, nodes->nodes, nodes->n_nodes))
		return -ENOMEM;
	if (placement->n_nodes == nodes->n_nodes)
		placement_add(&to->placement, placement);
	else
		to->placement.unplaced_bytes = from->usage.live_bytes;
	return 0;
}

static int copy_stack(struct stack *to, const struct stack *from, const struct snapshot *snapshot, uint64_t older_by_ns,
                      bool with_blocks)
{
	*to = *from;
	to->placement = (struct placement){.nodes = NULL};
	to->process += snapshot->n_processes;
	to->oldest_ns += from->usage.live_blocks ? older_by_ns : 0;
	to->n_blocks = with_blocks ? from->n_blocks : 0;
	to->churn = from->churn ? churn_copy(from->churn) : NULL;
	to->addresses = copy(from->addresses, from->n_addresses, sizeof(*to->addresses));
	to->blocks = copy(from->blocks, to->n_blocks, sizeof(*to->blocks));
	for (size_t i = 0; to->blocks && i < to->n_blocks; i++)
		to->blocks[i].age_ns += older_by_ns;
	if (from->churn && !to->churn)
		return -ENOMEM;
	return to->addresses && to->blocks ? copy_placement(to, from, &snapshot->placement) : -ENOMEM;
}

static int add_batch(const struct batch *batch, struct snapshot *snapshot, uint64_t now_ns, bool with_blocks)
{
	const struct snapshot *from = batch->snapshot;
	uint64_t older_by_ns = now_ns > batch->taken_ns ? now_ns - batch->taken_ns : 0;
	int error = 0;

	for (size_t i = 0; i < from->n_stacks && !error; i++)
		error = copy_stack(&snapshot->stacks[snapshot->n_stacks++], &from->stacks[i], snapshot, older_by_ns,
		                   with_blocks);
	for (size_t i = 0; i < from->n_processes && !error; i++)
		error = copy_process(&snapshot->processes[snapshot->n_processes++], &from->processes[i],
		                     &snapshot->placement);
	return error;
}

int ended_add(const struct ended *ended, struct snapshot *snapshot, uint64_t now_ns, bool with_blocks)
{
	size_t n_processes = snapshot->n_processes, n_stacks = snapshot->n_stacks;
	struct process *processes;
	struct stack *stacks;
	int error = 0;

	for (size_t i = 0; i < ended->n; i++) {
		n_processes += ended->batches[i].snapshot->n_processes;
		n_stacks += ended->batches[i].snapshot->n_stacks;
	}
	if (!ended->n)
		return 0;
	processes = reallocarray(snapshot->processes, n_processes + 1, sizeof(*processes));
	if (processes)
		snapshot->processes = processes;
	stacks = reallocarray(snapshot->stacks, n_stacks + 1, sizeof(*stacks));
	if (stacks)
		snapshot->stacks = stacks;
	if (!processes || !stacks)
		return -ENOMEM;
	for (size_t i = 0; i < ended->n && !error; i++)
		error = add_batch(&ended->batches[i], snapshot, now_ns, with_blocks);
	return error;
}
