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

/* What a list went over that is not as it should be may be free or not. */
static void give_back(struct tcmalloc *tcmalloc)
{
	for (size_t i = 0; i < tcmalloc->n_met; i++)
		tcmalloc->walk->heap->extents[tcmalloc->met[i]].kind = HEAP_MAYBE_USED;
}

/* Goes over the list, and marks what it meets. What is marked is not met again, so a ring ends. */
static int walk_list(struct tcmalloc *tcmalloc, const struct tcmalloc_list *list)
{
	struct heap *heap = tcmalloc->walk->heap;
	uint64_t last = 0;

	for (uint64_t at = list->first, next; at; at = next) {
		const struct tcmalloc_span *span = list->span ? list->span : span_of(tcmalloc, at);
		struct heap_extent *extent = listed(tcmalloc, span, at, list->size_class);

		if (!extent || !tcmalloc_read(tcmalloc, at, &next, sizeof(next)))
			return -EBADMSG;
		if (grow_list((void **)&tcmalloc->met, tcmalloc->n_met, sizeof(*tcmalloc->met)))
			return -ENOMEM;
		tcmalloc->met[tcmalloc->n_met++] = (size_t)(extent - heap->extents);
		extent->kind = HEAP_FREE;
		last = at;
	}
	return list->last && list->last != last ? -EBADMSG : 0;
}

int tcmalloc_follow(struct tcmalloc *tcmalloc, const struct tcmalloc_list *list)
{
	int err;

	tcmalloc->n_met = 0;
	err = walk_list(tcmalloc, list);
	if (!err && tcmalloc->n_met != list->length)
		err = -EBUSY;
	if (err)
		give_back(tcmalloc);
	return err;
}

int tcmalloc_read_span_lists(struct tcmalloc *tcmalloc)
{
	for (size_t i = 0; i < tcmalloc->n_spans; i++) {
		struct tcmalloc_span *span = &tcmalloc->spans[i];
		struct tcmalloc_list list = {.first = span->list, .size_class = span->size_class, .span = span};
		int err;

		if (!span->n_objects)
			continue;
		list.length = span->n_objects - span->n_handed_out;
		err = tcmalloc_follow(tcmalloc, &list);
		if (err == -ENOMEM)
			return err;
		span->is_whole = !err;
	}
	return 0;
}
