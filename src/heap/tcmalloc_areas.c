// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing down what spans are, and what memory the allocator has for itself. */
#include <errno.h>
#include <stdlib.h>

#include "heap/tcmalloc_state.h"
#include "util/grow.h"
#include "util/radix.h"

/* Of a block that was chosen for a sample, and has pages of its own for that: what malloc would have had to give. */
static uint64_t sampled_bytes(struct tcmalloc *tcmalloc, const struct tcmalloc_span *span)
{
	uint64_t pages = span->end - span->start, bytes;

	if (!tcmalloc_read(tcmalloc, span->list, &bytes, sizeof(bytes)) || bytes > pages)
		return pages;
	for (uint32_t i = 1; i < tcmalloc->n_classes; i++)
		if (tcmalloc->classes[i].object_bytes >= bytes)
			return tcmalloc->classes[i].object_bytes < pages ? tcmalloc->classes[i].object_bytes : pages;
	return pages;
}

static int add_large(struct tcmalloc *tcmalloc, const struct tcmalloc_span *span)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t end = span->is_sampled ? span->start + sampled_bytes(tcmalloc, span) : span->end;
	enum heap_kind kind = HEAP_USED;

	/* Pages that are just taken from the free ones look like a block. */
	if (walk->process->in_allocator) {
		heap_trouble_note(walk, HEAP_BUSY, span->start);
		kind = HEAP_MAYBE_USED;
	}
	return heap_area_add(walk, span->start, end, kind);
}

static int add_objects(struct tcmalloc *tcmalloc, struct tcmalloc_span *span)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t size = tcmalloc->classes[span->size_class].object_bytes;
	uint32_t n = (uint32_t)((span->end - span->start) / size);
	int err = 0;

	span->first_extent = walk->heap->n_extents;
	for (uint32_t i = 0; i < n && !err; i++)
		err = heap_area_add(walk, span->start + i * size, span->start + (i + 1) * size, HEAP_USED);
	if (!err)
		span->n_objects = n;
	return err;
}

static int add_span(struct tcmalloc *tcmalloc, struct tcmalloc_span *span)
{
	if (span->location != SPAN_IN_USE)
		return heap_area_add(tcmalloc->walk, span->start, span->end, HEAP_FREE);
	return span->size_class ? add_objects(tcmalloc, span) : add_large(tcmalloc, span);
}

/* The spans behind the first one as far as there is no gap. */
static size_t run_length(const struct tcmalloc *tcmalloc, size_t first)
{
	size_t n = 1;

	while (first + n < tcmalloc->n_spans && tcmalloc->spans[first + n].start == tcmalloc->spans[first + n - 1].end)
		n++;
	return n;
}

static int add_run(struct tcmalloc *tcmalloc, size_t first, size_t n)
{
	struct tcmalloc_span *spans = tcmalloc->spans + first;
	int err = heap_area_open(tcmalloc->walk, spans[0].start, spans[n - 1].end);

	if (err)
		return err == -EEXIST ? 0 : err;
	for (size_t i = 0; i < n && !err; i++) {
		err = add_span(tcmalloc, &spans[i]);
		if (err == -E2BIG)
			return heap_area_give_up(tcmalloc->walk, spans[i].start);
	}
	return err;
}

int tcmalloc_add_spans(struct tcmalloc *tcmalloc)
{
	int err = 0;

	for (size_t i = 0, n; i < tcmalloc->n_spans && !err; i += n) {
		n = run_length(tcmalloc, i);
		err = add_run(tcmalloc, i, n);
	}
	for (size_t i = 0; i < tcmalloc->n_spans && !err; i++)
		err = tcmalloc_note_own(tcmalloc, tcmalloc->spans[i].at, SPAN_BYTES);
	return err;
}

int tcmalloc_note_own(struct tcmalloc *tcmalloc, uint64_t start, uint64_t size)
{
	if (grow_list((void **)&tcmalloc->own, tcmalloc->n_own, sizeof(*tcmalloc->own)))
		return -ENOMEM;
	tcmalloc->own[tcmalloc->n_own++] = (struct tcmalloc_own){start, start + size};
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct tcmalloc_own *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* It gets memory for itself in pieces of megabytes: what is between two things that are near is its own as well. */
int tcmalloc_add_own(struct tcmalloc *tcmalloc)
{
	const struct tcmalloc_own *own = tcmalloc->own;
	int err = 0;

	if (tcmalloc->n_own)
		qsort(tcmalloc->own, tcmalloc->n_own, sizeof(*own), by_start);
	for (size_t i = 0, next; i < tcmalloc->n_own && !err; i = next) {
		uint64_t end = own[i].end;

		for (next = i + 1; next < tcmalloc->n_own && own[next].start < end + HEAP_PAGE_BYTES; next++)
			if (own[next].end > end)
				end = own[next].end;
		err = heap_area_open(tcmalloc->walk, own[i].start, end);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}
