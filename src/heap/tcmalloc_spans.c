// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Spans, by the tree. A span's first and last page lead to its description; what its other pages lead to may be long
 * gone. All pages from the kernel belong to spans, one behind the other.
 */
#include <errno.h>
#include <stdlib.h>

#include "heap/tcmalloc_state.h"
#include "util/grow.h"
#include "util/radix.h"

#define MAX_LEAVES 1024  /* that are walked: of 2 TiB */
#define MAX_STRANGE 1024 /* pages that lead to no description of theirs, until nothing more is looked at */
#define MAX_PAGES (1UL << (48 - TCMALLOC_PAGE_BITS))

bool tcmalloc_read_span(struct tcmalloc *tcmalloc, uint64_t at, uint64_t page, struct tcmalloc_span *span)
{
	uint64_t words[SPAN_BYTES / 8], numbers;
	const struct tcmalloc_class *of;

	if (at % sizeof(uint64_t) || !tcmalloc_read(tcmalloc, at, words, sizeof(words)))
		return false;
	numbers = words[5];
	*span = (struct tcmalloc_span){
	    .at = at,
	    .start = page << TCMALLOC_PAGE_BITS,
	    .end = (page + words[1]) << TCMALLOC_PAGE_BITS,
	    .list = words[4],
	    .n_handed_out = numbers & UINT16_MAX,
	    .size_class = numbers >> 16 & UINT8_MAX,
	    .location = numbers >> 24 & 3,
	    .is_sampled = numbers >> 26 & 1,
	};
	if (words[0] != page || !words[1] || page >= MAX_PAGES || words[1] > MAX_PAGES - page ||
	    span->location >= SPAN_LOCATIONS)
		return false;
	if (!span->size_class)
		return true;
	of = &tcmalloc->classes[span->size_class];
	return span->size_class < tcmalloc->n_classes && span->location == SPAN_IN_USE && !span->is_sampled &&
	       words[1] == of->span_pages && span->n_handed_out <= (words[1] << TCMALLOC_PAGE_BITS) / of->object_bytes;
}

/* Where the tree's word for a page is, if there is a leaf for it. */
static bool tree_word(const struct tcmalloc *tcmalloc, uint64_t page, uint64_t *at)
{
	uint64_t leaf;

	if (!heap_read(tcmalloc->walk, tcmalloc->root + (page >> TCMALLOC_LEAF_BITS) * sizeof(leaf), &leaf,
	               sizeof(leaf)) ||
	    !leaf)
		return false;
	*at = leaf + page % TCMALLOC_LEAF_WORDS * sizeof(leaf);
	return true;
}

/* Does its last page lead to it, too? Mostly that is in the window. */
static bool is_whole(const struct tcmalloc *tcmalloc, const struct tcmalloc_span *span)
{
	const struct heap_window *window = &tcmalloc->walk->window;
	uint64_t page = (span->end >> TCMALLOC_PAGE_BITS) - 1, at, word;

	if (page == span->start >> TCMALLOC_PAGE_BITS)
		return true;
	if (!tree_word(tcmalloc, page, &at))
		return false;
	if (at >= window->start && at - window->start + sizeof(word) <= window->size)
		word = heap_word(window->bytes + (at - window->start));
	else if (!heap_read(tcmalloc->walk, at, &word, sizeof(word)))
		return false;
	return word == span->at;
}

/* The rest of a span that began in the leaf before is passed over: its pages are below *done. */
static int walk_leaf(struct tcmalloc *tcmalloc, uint64_t leaf, uint64_t number, uint64_t *done, unsigned int *strange)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t first = number << TCMALLOC_LEAF_BITS, at = leaf, word;

	if (*done > first)
		at += (*done - first) * sizeof(word);
	heap_window_open(walk, leaf, leaf + TCMALLOC_LEAF_BYTES);
	while (*strange < MAX_STRANGE && tcmalloc_next_word(walk, &at, &word)) {
		uint64_t page = first + (at - leaf) / sizeof(word);
		struct tcmalloc_span span;

		if (!tcmalloc_read_span(tcmalloc, word, page, &span) || !is_whole(tcmalloc, &span)) {
			heap_trouble_note(walk, HEAP_BROKEN, page << TCMALLOC_PAGE_BITS);
			++*strange;
			at += sizeof(word);
			continue;
		}
		if (tcmalloc->n_spans >= UINT32_MAX || tcmalloc->n_spans >= walk->max_extents) {
			heap_trouble_note(walk, HEAP_TOO_MANY, span.start);
			*strange = MAX_STRANGE;
			break;
		}
		if (grow_list((void **)&tcmalloc->spans, tcmalloc->n_spans, sizeof(span)))
			return -ENOMEM;
		tcmalloc->spans[tcmalloc->n_spans++] = span;
		*done = span.end >> TCMALLOC_PAGE_BITS;
		at = leaf + (*done - first) * sizeof(word);
	}
	return 0;
}

static int sort_descriptions(struct tcmalloc *tcmalloc)
{
	struct radix_key *keys = calloc(tcmalloc->n_spans + 1, sizeof(*keys));

	tcmalloc->descriptions = keys;
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < tcmalloc->n_spans; i++)
		keys[i] = (struct radix_key){.value = tcmalloc->spans[i].at, .index = (uint32_t)i};
	return radix_sort(keys, tcmalloc->n_spans);
}

struct tcmalloc_span *tcmalloc_described(const struct tcmalloc *tcmalloc, uint64_t at)
{
	size_t low = 0, high = tcmalloc->n_spans;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tcmalloc->descriptions[middle].value < at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tcmalloc->n_spans || tcmalloc->descriptions[low].value != at)
		return NULL;
	return &tcmalloc->spans[tcmalloc->descriptions[low].index];
}

int tcmalloc_read_spans(struct tcmalloc *tcmalloc)
{
	struct heap_walk *walk = tcmalloc->walk;
	unsigned int leaves = 0, strange = 0;
	uint64_t done = 0;
	int err = 0;

	for (uint64_t i = 0; i < TCMALLOC_ROOT_WORDS && !err && strange < MAX_STRANGE; i++) {
		uint64_t leaf;

		/* The window is the leaves'; the root is mostly empty. */
		if (!tcmalloc_read(tcmalloc, tcmalloc->root + i * sizeof(leaf), &leaf, sizeof(leaf)) || !leaf)
			continue;
		if (leaf % sizeof(leaf) || leaf + TCMALLOC_LEAF_BYTES < leaf ||
		    !heap_is_writable(walk, leaf, leaf + TCMALLOC_LEAF_BYTES)) {
			heap_trouble_note(walk, HEAP_BROKEN, leaf);
			continue;
		}
		if (leaves++ >= MAX_LEAVES) {
			heap_trouble_note(walk, HEAP_TOO_MANY, leaf);
			break;
		}
		err = walk_leaf(tcmalloc, leaf, i, &done, &strange);
		if (!err)
			err = tcmalloc_note_own(tcmalloc, leaf, TCMALLOC_LEAF_BYTES);
	}
	return err ? err : sort_descriptions(tcmalloc);
}
