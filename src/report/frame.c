// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/frame.h"

#include <stdio.h>
#include <string.h>

size_t printed_frame_count(const struct stack *stack)
{
	return stack->frames ? stack->n_frames : stack->n_addresses;
}

static void from_address(struct printed_frame *printed, const struct process *process, uint64_t address,
                         uint32_t code_version)
{
	const struct mapping *mapping;

	memset(printed, 0, sizeof(*printed));
	printed->frame.address = address;
	/* A call that ends its mapping returns behind it. */
	mapping = address ? mapping_find(process->mappings, process->n_mappings, address - 1, code_version) : NULL;
	if (!mapping)
		return;
	printed->frame.module = mapping->module->name;
	for (size_t i = 0; i < mapping->module->build_id_size; i++)
		snprintf(printed->build_id + 2 * i, 3, "%02x", mapping->module->build_id[i]);
	if (mapping->module->build_id_size)
		printed->frame.build_id = printed->build_id;
}

void printed_frame_get(struct printed_frame *printed, const struct process *process, const struct stack *stack,
                       size_t i)
{
	if (stack->frames)
		printed->frame = stack->frames[i];
	else
		from_address(printed, process, stack->addresses[i], stack->code_version);
	if (!printed->frame.module)
		printed->frame.module = MODULE_UNKNOWN;
}

/* What is live is never reclaimed, so then it was lost. */
const char *frames_unknown_reason(const struct stack *stack)
{
	if (stack->before)
		return "allocated before memtrace attached";
	if (stack->end != END_COMPLETE)
		return stack_end_name(stack->end);
	if (stack->usage.live_blocks)
		return "lost, stack table full";
	return "stack entry reclaimed after the last free";
}
