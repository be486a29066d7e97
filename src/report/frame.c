// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/escape.h"

/* What is live is never reclaimed, so then it was lost. */
const char *stack_unknown_words(const struct stack *stack)
{
	if (stack->before)
		return "allocated before memtrace attached";
	if (stack->end != END_COMPLETE)
		return stack_end_name(stack->end);
	return stack->usage.live_blocks ? "lost, stack table full" : "stack entry reclaimed after the last free";
}

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

size_t tree_frame_count(const struct stack *stack)
{
	size_t n = printed_frame_count(stack);

	return n + (!n || stack->end != END_COMPLETE);
}

void tree_frame_get(struct printed_frame *printed, const struct process *process, const struct stack *stack, size_t i)
{
	size_t n = printed_frame_count(stack);

	if (i < n) {
		printed_frame_get(printed, process, stack, i);
		return;
	}
	memset(printed, 0, sizeof(*printed));
	if (n)
		snprintf(printed->words, sizeof(printed->words), "[stack ends: %s]", stack_end_name(stack->end));
	else
		snprintf(printed->words, sizeof(printed->words), "[frames not known: %s]", stack_unknown_words(stack));
	printed->frame.function = printed->words;
	printed->frame.module = MODULE_UNKNOWN;
}

void frame_module_add(struct buffer *buffer, const struct frame *frame, const char *also)
{
	size_t length = strlen(frame->module);
	/* Names such as "[vdso]" bring their brackets along. */
	bool bracketed = length > 2 && frame->module[0] == '[' && frame->module[length - 1] == ']';

	buffer_text(buffer, bracketed ? "" : "[");
	escape_add(buffer, frame->module, also);
	buffer_text(buffer, bracketed ? "" : "]");
}

void frame_name_add(struct buffer *buffer, const struct frame *frame, const char *also)
{
	if (frame->function && frame->function[0]) {
		escape_add(buffer, frame->function, also);
		return;
	}
	buffer_printf(buffer, "0x%" PRIx64 " ", frame->address);
	frame_module_add(buffer, frame, also);
}
