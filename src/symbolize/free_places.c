// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/free_places.h"

#include <stdlib.h>
#include <string.h>

/* Addresses from which the function that allocates can be told: those of operator new and what wraps it go first. */
#define ALLOCATING_ADDRESSES 4

static int look_up(struct symbolizer *symbolizer, const struct process *process, const struct stack *like,
                   uint64_t *addresses, size_t n, uint32_t code_version, struct stack *found)
{
	*found =
	    (struct stack){.kind = like->kind, .addresses = addresses, .n_addresses = n, .code_version = code_version};
	return n ? symbolizer_stack(symbolizer, process, found) : 0;
}

/* The function whose code the first frame is in, not one that was inlined there; NULL if there is none. */
static const struct frame *function_at(const struct stack *found)
{
	size_t i = 0;

	while (i < found->n_frames && found->frames[i].inlined)
		i++;
	if (i == found->n_frames || (!found->frames[i].has_offset && !found->frames[i].function))
		return NULL;
	return &found->frames[i];
}

/* Of a program that has its own, which calls free: who calls it is not known. */
static bool is_operator_delete(const struct frame *frame)
{
	return frame->function && !strncmp(frame->function, "operator delete", strlen("operator delete"));
}

/* GCC puts what is rarely run of a function elsewhere, under the same name. */
static bool is_same(const struct frame *a, const struct frame *b)
{
	if (a->module != b->module || a->build_id != b->build_id)
		return false;
	if (a->has_offset && b->has_offset && a->address - a->offset == b->address - b->offset)
		return true;
	return a->function && a->function == b->function && a->file && a->file == b->file;
}

/* Code that is mapped no more cannot be told from what was there before it. */
static int name_place(struct symbolizer *symbolizer, const struct process *process, const struct stack *stack,
                      const struct frame *allocates, struct free_place *place)
{
	const struct frame *frees;
	struct stack found;
	int error = look_up(symbolizer, process, stack, &place->address, 1, MAPPING_STAYS, &found);

	if (error)
		return error;
	frees = function_at(&found);
	place->function_known = allocates && frees && !is_operator_delete(frees);
	place->same_function = place->function_known && is_same(allocates, frees);
	free(place->frames);
	place->frames = found.frames;
	place->n_frames = found.n_frames;
	return 0;
}

static void forget_names(struct churn *churn)
{
	for (size_t i = 0; i < churn->n_places; i++) {
		free(churn->places[i].frames);
		churn->places[i].frames = NULL;
		churn->places[i].n_frames = 0;
	}
}

int free_places_name(struct symbolizer *symbolizer, const struct process *process, struct stack *stack, bool named)
{
	struct churn *churn = stack->churn;
	size_t n = stack->n_addresses < ALLOCATING_ADDRESSES ? stack->n_addresses : ALLOCATING_ADDRESSES;
	const struct frame *allocates;
	struct stack allocating;
	int error;

	if (!churn)
		return 0;
	churn->same_function_count = 0;
	churn->unknown_function_count = churn->elsewhere_count;
	error = look_up(symbolizer, process, stack, stack->addresses, n, stack->code_version, &allocating);
	if (error)
		return error;
	allocates = function_at(&allocating);
	for (size_t i = 0; i < churn->n_places && !error; i++) {
		struct free_place *place = &churn->places[i];

		error = name_place(symbolizer, process, stack, allocates, place);
		if (!place->function_known)
			churn->unknown_function_count += place->count;
		else if (place->same_function)
			churn->same_function_count += place->count;
	}
	free(allocating.frames);
	if (!named)
		forget_names(churn);
	return error;
}
