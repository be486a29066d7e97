// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/free_places.h"

#include <stdlib.h>

/* What is at one return address: as of code that is mapped now, else as of the stack's time. */
static int look_up(struct symbolizer *symbolizer, const struct process *process, const struct stack *stack,
                   uint64_t address, struct stack *found)
{
	bool is_there = mapping_find(process->mappings, process->n_mappings, address - 1, MAPPING_STAYS) != NULL;

	*found = (struct stack){.kind = stack->kind,
	                        .addresses = &address,
	                        .n_addresses = 1,
	                        .code_version = is_there ? MAPPING_STAYS : stack->code_version};
	return symbolizer_stack(symbolizer, process, found);
}

/* The function whose code it is, not one that was inlined there; NULL if there is none. */
static const struct frame *function_at(const struct stack *found)
{
	const struct frame *frame = found->n_frames ? &found->frames[found->n_frames - 1] : NULL;

	return frame && (frame->has_offset || frame->function) ? frame : NULL;
}

/* GCC puts what is rarely run of a function elsewhere, under the same name. */
static bool is_same(const struct frame *a, const struct frame *b)
{
	if (a->module != b->module || a->build_id != b->build_id)
		return false;
	if (a->has_offset && b->has_offset && a->address - a->offset == b->address - b->offset)
		return true;
	return a->function && a->function == b->function && a->file == b->file;
}

int free_places_name(struct symbolizer *symbolizer, const struct process *process, struct stack *stack, bool named)
{
	struct churn *churn = stack->churn;
	struct stack allocates = {.frames = NULL};
	const struct frame *function;
	int error = 0;

	if (!churn)
		return 0;
	churn->same_function_count = 0;
	churn->unknown_function_count = churn->elsewhere_count;
	if (stack->n_addresses)
		error = look_up(symbolizer, process, stack, stack->addresses[0], &allocates);
	function = function_at(&allocates);
	for (size_t i = 0; i < churn->n_places && !error; i++) {
		struct free_place *place = &churn->places[i];
		struct stack frees;
		const struct frame *other;

		error = look_up(symbolizer, process, stack, place->address, &frees);
		other = function_at(&frees);
		place->function_known = function && other;
		place->same_function = place->function_known && is_same(function, other);
		*(place->function_known ? &churn->same_function_count : &churn->unknown_function_count) +=
		    !place->function_known || place->same_function ? place->count : 0;
		if (error || !named) {
			free(frees.frames);
			continue;
		}
		free(place->frames);
		place->frames = frees.frames;
		place->n_frames = frees.n_frames;
	}
	free(allocates.frames);
	return error;
}
