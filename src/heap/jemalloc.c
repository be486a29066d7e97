// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jemalloc has a tree from each page that is its own to the description of the extent that the page belongs to: a
 * root of 2^18 pointers among the library's variables, and leaves of 2^18 words each for a gigabyte of addresses.
 * It is recognised by its leaves, whose words lead to descriptions that name the very page.
 */
#include "heap/jemalloc.h"

#include <errno.h>

#include "heap/jemalloc_extent.h"
#include "heap/jemalloc_state.h"

#define LEAF_ALIGN 64

#define MAX_VARIABLES_BYTES (16UL << 20)
#define MAX_TRIED 256    /* pointers that may lead to a leaf */
#define MAX_LEAVES 4096  /* that are walked: of 4 TiB */
#define MAX_STRANGE 1024 /* words that lead to no description of their page, until nothing is believed */
#define PIECE_WORDS 512  /* of variables that are read at once: a page */
#define PROOFS 16        /* words of a leaf that have to agree, if it has so many */
#define MAX_WRONG 4      /* words of pages that were just being given to others */

/* The next word that is not 0 from *at on, in the window; false at its end. What cannot be read is passed over. */
static bool next_word(struct heap_walk *walk, uint64_t *at, uint64_t *word)
{
	for (; *at < walk->window.limit; *at += sizeof(*word)) {
		const uint8_t *bytes = heap_window_at(walk, *at, sizeof(*word));

		if (!bytes) {
			*at = (*at | (HEAP_PAGE_BYTES - 1)) + 1 - sizeof(*word);
			continue;
		}
		*word = heap_word(bytes);
		if (*word)
			return true;
	}
	return false;
}

static bool may_be_leaf(const struct heap_walk *walk, uint64_t leaf)
{
	const struct heap_mapping *mapping = heap_mapping_at(walk, leaf);

	return leaf % LEAF_ALIGN == 0 && mapping && mapping->kind == HEAP_MAPPING_ANONYMOUS && mapping->writable &&
	       mapping->end - leaf >= JEMALLOC_LEVEL_BYTES;
}

/* Which gigabyte the leaf in the window is of, if its words lead to descriptions of pages; JEMALLOC_LEVEL_WORDS: of
 * none. */
static uint64_t leaf_number(struct heap_walk *walk, const struct jemalloc_layout *layout, uint64_t leaf)
{
	uint64_t at = leaf, word, number = JEMALLOC_LEVEL_WORDS;
	unsigned int proofs = 0, wrong = 0;

	for (; proofs < PROOFS && next_word(walk, &at, &word); at += sizeof(word)) {
		struct jemalloc_extent extent;
		uint64_t page = (at - leaf) / sizeof(word) << JEMALLOC_PAGE_BITS;
		uint64_t description = jemalloc_description(layout, word), start;

		/* Of a page that is not its own any more. */
		if (!description)
			continue;
		/* The page's number within the leaf is known; the rest of its address is the extent's. */
		if (!heap_read(walk, description + sizeof(uint64_t), &start, sizeof(start)))
			start = UINT64_MAX;
		if (number < JEMALLOC_LEVEL_WORDS)
			start = number << JEMALLOC_LEAF_SHIFT;
		if (start >> JEMALLOC_LEAF_SHIFT < JEMALLOC_LEVEL_WORDS &&
		    jemalloc_extent_read(walk, layout, word, start >> JEMALLOC_LEAF_SHIFT << JEMALLOC_LEAF_SHIFT | page,
		                         &extent)) {
			number = start >> JEMALLOC_LEAF_SHIFT;
			proofs++;
		} else if (++wrong > MAX_WRONG) {
			return JEMALLOC_LEVEL_WORDS;
		}
	}
	return wrong && proofs < PROOFS ? JEMALLOC_LEVEL_WORDS : number;
}

/* Which version it is that has its root at such a distance from a pointer to a leaf. */
static bool is_root(struct jemalloc *jemalloc, const struct heap_mapping *mapping, uint64_t at, uint64_t leaf)
{
	heap_window_open(jemalloc->walk, leaf, leaf + JEMALLOC_LEVEL_BYTES);
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		uint64_t number = leaf_number(jemalloc->walk, &jemalloc_layouts[i], leaf);
		uint64_t root = at - number * sizeof(leaf);

		if (number == JEMALLOC_LEVEL_WORDS || root < mapping->start || root > at ||
		    mapping->end - root < JEMALLOC_LEVEL_BYTES)
			continue;
		jemalloc->root = root;
		jemalloc->layout = &jemalloc_layouts[i];
		return true;
	}
	return false;
}

/* The root, by one of its pointers. */
static bool find_root(struct jemalloc *jemalloc, const struct heap_mapping *mapping)
{
	uint64_t words[PIECE_WORDS], last = 0;
	unsigned int tried = 0;

	for (uint64_t at = mapping->start; at < mapping->end; at += sizeof(words)) {
		if (!heap_read(jemalloc->walk, at, words, sizeof(words)))
			continue;
		for (size_t i = 0; i < PIECE_WORDS && tried < MAX_TRIED; i++) {
			if (words[i] == last || !may_be_leaf(jemalloc->walk, words[i]))
				continue;
			last = words[i];
			tried++;
			if (is_root(jemalloc, mapping, at + i * sizeof(words[0]), words[i]))
				return true;
		}
	}
	return false;
}

uint64_t jemalloc_leaf_of(const struct jemalloc *jemalloc, uint64_t address)
{
	uint64_t number = address >> JEMALLOC_LEAF_SHIFT, leaf;

	if (number >= JEMALLOC_LEVEL_WORDS ||
	    !heap_read(jemalloc->walk, jemalloc->root + number * sizeof(leaf), &leaf, sizeof(leaf)))
		return 0;
	return leaf;
}

/* What has been met in all leaves. */
struct progress {
	unsigned int leaves, strange;
};

static int walk_leaf(struct jemalloc *jemalloc, uint64_t leaf, uint64_t number, struct progress *progress)
{
	struct heap_walk *walk = jemalloc->walk;
	uint64_t at = leaf, word, done = 0;
	int err = jemalloc_add_metadata(walk, leaf);

	heap_window_open(walk, leaf, leaf + JEMALLOC_LEVEL_BYTES);
	for (; !err && progress->strange < MAX_STRANGE && next_word(walk, &at, &word); at += sizeof(word)) {
		uint64_t page = number << JEMALLOC_LEAF_SHIFT | (at - leaf) / sizeof(word) << JEMALLOC_PAGE_BITS;
		uint64_t description = jemalloc_description(jemalloc->layout, word);
		struct jemalloc_extent extent;

		/* Extents have a word for each of their pages, or for the first and the last. */
		if (page < done || !description)
			continue;
		if (!jemalloc_extent_read(walk, jemalloc->layout, word, page, &extent)) {
			heap_trouble_note(walk, HEAP_BROKEN, page);
			progress->strange++;
			continue;
		}
		done = extent.end;
		if (!heap_mapping_at(walk, extent.start) || heap_area_at(walk->heap, page))
			continue;
		err = jemalloc_add_metadata(walk, description);
		if (!err)
			err = jemalloc_extent_add(walk, &extent);
	}
	return err;
}

/* Walks the leaves that some words of the root lead to, `first` being the number of the first one. */
static int walk_leaves(struct jemalloc *jemalloc, const uint64_t *leaves, uint64_t first, struct progress *progress)
{
	int err = 0;

	for (uint64_t i = 0; i < PIECE_WORDS && !err; i++) {
		if (!leaves[i])
			continue;
		if (progress->leaves++ >= MAX_LEAVES)
			heap_trouble_note(jemalloc->walk, HEAP_TOO_MANY, leaves[i]);
		else if (may_be_leaf(jemalloc->walk, leaves[i]))
			err = walk_leaf(jemalloc, leaves[i], first + i, progress);
	}
	return err;
}

static int walk_tree(struct jemalloc *jemalloc)
{
	struct heap_walk *walk = jemalloc->walk;
	struct progress progress = {0};
	int err = 0;

	for (uint64_t i = 0; i < JEMALLOC_LEVEL_WORDS / 2 && !err; i += PIECE_WORDS) {
		uint64_t leaves[PIECE_WORDS], at = jemalloc->root + i * sizeof(leaves[0]);

		if (heap_read(walk, at, leaves, sizeof(leaves)))
			err = walk_leaves(jemalloc, leaves, i, &progress);
		else
			heap_trouble_note(walk, HEAP_UNREADABLE, at);
	}
	return err;
}

int jemalloc_walk(struct heap_walk *walk)
{
	const struct heap_process *process = walk->process;
	struct jemalloc jemalloc = {.walk = walk};
	bool found = false;
	int err;

	for (size_t i = 1; i < process->n_mappings && !found; i++) {
		const struct heap_mapping *mapping = &process->mappings[i], *before = mapping - 1;

		/* Variables without a value stand behind those with one, which are of the file. */
		found = mapping->kind == HEAP_MAPPING_ANONYMOUS && mapping->writable &&
		        before->kind == HEAP_MAPPING_FILE && before->end == mapping->start &&
		        mapping->end - mapping->start >= JEMALLOC_LEVEL_BYTES &&
		        mapping->end - mapping->start <= MAX_VARIABLES_BYTES && find_root(&jemalloc, mapping);
	}
	if (!found)
		return 0;
	err = walk_tree(&jemalloc);
	return err ? err : jemalloc_read_caches(&jemalloc);
}
