// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/view.h"

struct usage view_allocated(const struct stack *stack)
{
	if (stack->leak != LEAK_UNJUDGED)
		return (struct usage){0};
	return (struct usage){.alloc_bytes = stack->usage.alloc_bytes, .alloc_count = stack->usage.alloc_count};
}

static uint64_t grown(const struct history *history, size_t stack)
{
	const struct moment_usage *course;
	uint64_t first, last;

	if (!history || !history->n_moments || stack >= history->n_stacks)
		return 0;
	course = &history->usages[stack * history->n_moments];
	first = course[0].live_bytes;
	last = course[history->shown].live_bytes;
	return last > first ? last - first : 0;
}

uint64_t view_bytes(const struct snapshot *snapshot, const struct stack *stack, enum view view)
{
	switch (view) {
	case VIEW_CHURN:
		return view_allocated(stack).alloc_bytes;
	case VIEW_GROWTH:
		return grown(snapshot->history, (size_t)(stack - snapshot->stacks));
	default:
		return stack->usage.live_bytes;
	}
}
