// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/snapshot.h"

#include <stdlib.h>

const char *block_kind_name(enum block_kind kind)
{
	static const char *const names[KIND_COUNT] = {
	    [KIND_HEAP] = "heap", [KIND_MMAP] = "mmap",     [KIND_BRK] = "brk",         [KIND_SLAB] = "slab",
	    [KIND_PAGE] = "page", [KIND_PERCPU] = "percpu", [KIND_VMALLOC] = "vmalloc",
	};
	return names[kind];
}

const char *stack_end_name(enum stack_end end)
{
	static const char *const names[END_COUNT] = {
	    [END_COMPLETE] = "complete", [END_DEPTH] = "depth",           [END_NO_MAPPING] = "no-mapping",
	    [END_NO_CFI] = "no-cfi",     [END_READ_FAULT] = "read-fault",
	};
	return names[end];
}

void usage_add(struct usage *to, const struct usage *from)
{
	to->live_bytes += from->live_bytes;
	to->live_blocks += from->live_blocks;
	to->alloc_bytes += from->alloc_bytes;
	to->alloc_count += from->alloc_count;
	to->free_bytes += from->free_bytes;
	to->free_count += from->free_count;
}

void stack_clear(struct stack *stack)
{
	free(stack->addresses);
	placement_free(&stack->placement);
	free(stack->blocks);
	free(stack->frames);
	for (size_t i = 0; i < stack->n_held_by; i++) {
		if (stack->held_by[i].site)
			stack_clear(stack->held_by[i].site);
		free(stack->held_by[i].site);
	}
	free(stack->held_by);
	churn_free(stack->churn);
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		stack_clear(&snapshot->stacks[i]);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		free(snapshot->processes[i].exe);
		free(snapshot->processes[i].cgroup_path);
		free(snapshot->processes[i].mappings);
		scan_free(snapshot->processes[i].scan);
		placement_free(&snapshot->processes[i].placement);
		churn_totals_free(snapshot->processes[i].churn);
	}
	free(snapshot->stacks);
	free(snapshot->processes);
	placement_free(&snapshot->placement);
	churn_totals_free(snapshot->churn);
	kernel_memory_free(snapshot->kernel);
	judgement_free(snapshot->judgement);
	history_free(snapshot->history);
	free(snapshot);
}

bool snapshot_complete(const struct snapshot *snapshot)
{
	for (int i = 0; i < LOSS_COUNT; i++) {
		if (snapshot->lost[i])
			return false;
	}
	return true;
}
