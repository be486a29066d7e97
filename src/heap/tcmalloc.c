// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcmalloc hands out pages in spans, and cuts some of them into objects of one size. Which objects are free is only
 * to be known by lists: in each span, in the central cache, and in each thread's. An object that is in none is in
 * use, if all lists were found and walked to their ends.
 */
#include "heap/tcmalloc.h"

#include <errno.h>
#include <stdlib.h>

#include "heap/tcmalloc_state.h"
#include "util/grow.h"

/* May an object of the span be free that was in no list? What of that was not noted before is noted. */
static bool is_doubtful(struct tcmalloc *tcmalloc, const struct tcmalloc_span *span)
{
	if (!tcmalloc->caches_known || tcmalloc->classes[span->size_class].is_doubtful)
		return true;
	if (span->is_listed && span->is_whole)
		return false;
	/* One that is in no list has just been made, or is about to go. */
	heap_trouble_note(tcmalloc->walk, span->is_listed ? HEAP_BAD_LIST : HEAP_BUSY, span->start);
	return true;
}

static void mark_doubtful(struct tcmalloc *tcmalloc)
{
	struct heap_extent *extents = tcmalloc->walk->heap->extents;

	for (size_t i = 0; i < tcmalloc->n_spans; i++) {
		const struct tcmalloc_span *span = &tcmalloc->spans[i];

		if (!span->n_objects || !is_doubtful(tcmalloc, span))
			continue;
		for (size_t j = span->first_extent; j < span->first_extent + span->n_objects; j++)
			if (extents[j].kind == HEAP_USED)
				extents[j].kind = HEAP_MAYBE_USED;
	}
}

/* The central cache: its slots that are not in use any more still have the addresses of objects. */
static int tell_variables(const struct tcmalloc *tcmalloc)
{
	struct heap *heap = tcmalloc->walk->heap;
	struct heap_variables *variables = reallocarray(heap->variables, heap->n_variables + 1, sizeof(*variables));

	if (!variables)
		return -ENOMEM;
	heap->variables = variables;
	variables[heap->n_variables++] =
	    (struct heap_variables){tcmalloc->central, tcmalloc->central + tcmalloc->n_classes * CENTRAL_BYTES};
	return 0;
}

static int walk_found(struct tcmalloc *tcmalloc)
{
	int err = tcmalloc_read_spans(tcmalloc);

	if (!err)
		err = tcmalloc_add_spans(tcmalloc);
	if (!err)
		err = tcmalloc_read_span_lists(tcmalloc);
	if (!err)
		err = tcmalloc_read_central(tcmalloc);
	if (!err)
		err = tcmalloc_read_caches(tcmalloc);
	if (!err)
		err = tcmalloc_add_own(tcmalloc);
	if (!err)
		err = tell_variables(tcmalloc);
	if (!err)
		mark_doubtful(tcmalloc);
	return err;
}

int tcmalloc_walk(struct heap_walk *walk)
{
	struct tcmalloc *tcmalloc = calloc(1, sizeof(*tcmalloc));
	int err = 0;

	if (!tcmalloc)
		return -ENOMEM;
	tcmalloc->walk = walk;
	if (tcmalloc_find(tcmalloc))
		err = walk_found(tcmalloc);
	free(tcmalloc->spans);
	free(tcmalloc->descriptions);
	free(tcmalloc->own);
	free(tcmalloc->met);
	free(tcmalloc);
	return err;
}
