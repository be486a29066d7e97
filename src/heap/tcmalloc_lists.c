// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of free objects: each begins with the address of the next. */
#include <errno.h>
#include <stdlib.h>

#include "heap/tcmalloc_state.h"
#include "util/grow.h"

static const struct tcmalloc_span *span_of(const struct tcmalloc *tcmalloc, uint64_t address)
{
	size_t low = 0, high = tcmalloc->n_spans;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tcmalloc->spans[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tcmalloc->n_spans && tcmalloc->spans[low].start <= address ? &tcmalloc->spans[low] : NULL;
}

/* The extent of an object of a class that was in no list until now, or NULL. */
static struct heap_extent *listed(const struct tcmalloc *tcmalloc, const struct tcmalloc_span *span, uint64_t address,
                                  uint32_t size_class)
{
	uint64_t size = tcmalloc->classes[size_class].object_bytes, offset;
	struct heap_extent *extent;

	if (!span || !span->n_objects || span->size_class != size_class || address < span->start ||
	    address >= span->end)
		return NULL;
	offset = address - span->start;
	if (offset % size || offset / size >= span->n_objects)
		return NULL;
	extent = &tcmalloc->walk->heap->extents[span->first_extent + offset / size];
	return extent->kind == HEAP_USED ? extent : NULL;
}

/* What a list that leads astray went over may be free or not. */
static void give_back(struct tcmalloc *tcmalloc)
{
	for (size_t i = 0; i < tcmalloc->n_met; i++)
		tcmalloc->walk->heap->extents[tcmalloc->met[i]].kind = HEAP_MAYBE_USED;
}

int64_t tcmalloc_follow(struct tcmalloc *tcmalloc, uint64_t first, uint32_t size_class,
                        const struct tcmalloc_span *span, uint64_t limit, uint64_t *last)
{
	struct heap *heap = tcmalloc->walk->heap;

	tcmalloc->n_met = 0;
	*last = 0;
	for (uint64_t at = first, next; at; at = next) {
		struct heap_extent *extent = listed(tcmalloc, span ? span : span_of(tcmalloc, at), at, size_class);

		if (!extent || tcmalloc->n_met >= limit || !tcmalloc_read(tcmalloc, at, &next, sizeof(next))) {
			give_back(tcmalloc);
			return -EBADMSG;
		}
		if (grow_list((void **)&tcmalloc->met, tcmalloc->n_met, sizeof(*tcmalloc->met)))
			return -ENOMEM;
		tcmalloc->met[tcmalloc->n_met++] = (size_t)(extent - heap->extents);
		extent->kind = HEAP_FREE;
		*last = at;
	}
	return (int64_t)tcmalloc->n_met;
}

int tcmalloc_read_span_lists(struct tcmalloc *tcmalloc)
{
	for (size_t i = 0; i < tcmalloc->n_spans; i++) {
		struct tcmalloc_span *span = &tcmalloc->spans[i];
		uint64_t last;
		int64_t n;

		if (!span->n_objects)
			continue;
		n = tcmalloc_follow(tcmalloc, span->list, span->size_class, span, span->n_objects, &last);
		if (n == -ENOMEM)
			return -ENOMEM;
		span->is_whole = n >= 0 && n + span->n_handed_out == span->n_objects;
		if (!span->is_whole)
			heap_trouble_note(tcmalloc->walk, HEAP_BAD_LIST, span->start);
	}
	return 0;
}
