// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jemalloc has a tree from each page that is its own to the description of the extent that the page belongs to: a
 * root of 2^18 pointers among the library's variables, and leaves of 2^18 words each for a gigabyte of addresses.
 * It is recognised by its leaves, whose words lead to descriptions that name the very page.
 */
#include "heap/jemalloc.h"

#include <errno.h>

#include "heap/jemalloc_extent.h"

#define LEVEL_BITS 18
#define LEVEL_WORDS (1UL << LEVEL_BITS)
#define LEVEL_BYTES (LEVEL_WORDS * sizeof(uint64_t))
#define LEAF_SHIFT (LEVEL_BITS + JEMALLOC_PAGE_BITS)
#define LEAF_ALIGN 64

#define MAX_VARIABLES_BYTES (16UL << 20)
#define MAX_TRIED 256    /* pointers that may lead to a leaf */
#define MAX_LEAVES 4096  /* that are walked: of 4 TiB */
#define MAX_STRANGE 1024 /* words that lead to no description of their page, until nothing is believed */
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
	       mapping->end - leaf >= LEVEL_BYTES;
}

/* Which gigabyte a leaf is of, if its words lead to descriptions of pages; LEVEL_WORDS: of none. */
static uint64_t leaf_number(struct heap_walk *walk, uint64_t leaf)
{
	uint64_t at = leaf, word, number = LEVEL_WORDS;
	unsigned int proofs = 0, wrong = 0;

	heap_window_open(walk, leaf, leaf + LEVEL_BYTES);
	for (; proofs < PROOFS && next_word(walk, &at, &word); at += sizeof(word)) {
		struct jemalloc_extent extent;
		uint64_t page = (at - leaf) / sizeof(word) << JEMALLOC_PAGE_BITS;
		uint64_t description = word & ((1UL << 48) - 1) & ~127UL, start;

		/* Of a page that is not its own any more. */
		if (!description)
			continue;
		/* The page's number within the leaf is known; the rest of its address is the extent's. */
		if (!heap_read(walk, description + sizeof(uint64_t), &start, sizeof(start)))
			start = UINT64_MAX;
		if (number < LEVEL_WORDS)
			start = number << LEAF_SHIFT;
		if (start >> LEAF_SHIFT < LEVEL_WORDS &&
		    jemalloc_extent_read(walk, word, start >> LEAF_SHIFT << LEAF_SHIFT | page, &extent)) {
			number = start >> LEAF_SHIFT;
			proofs++;
		} else if (++wrong > MAX_WRONG) {
			return LEVEL_WORDS;
		}
	}
	return wrong && proofs < PROOFS ? LEVEL_WORDS : number;
}

/* The root, by one of its pointers; 0: there is none in the mapping. */
static uint64_t find_root(struct heap_walk *walk, const struct heap_mapping *mapping)
{
	unsigned int tried = 0;
	uint64_t at = mapping->start, word;

	heap_window_open(walk, mapping->start, mapping->end);
	for (; tried < MAX_TRIED && next_word(walk, &at, &word); at += sizeof(word)) {
		uint64_t number, root;

		if (!may_be_leaf(walk, word))
			continue;
		tried++;
		number = leaf_number(walk, word);
		root = at - number * sizeof(word);
		if (number < LEVEL_WORDS && root >= mapping->start && root < at + sizeof(word) &&
		    mapping->end - root >= LEVEL_BYTES)
			return root;
		heap_window_open(walk, mapping->start, mapping->end);
	}
	return 0;
}

static int walk_leaf(struct heap_walk *walk, uint64_t leaf, uint64_t number, unsigned int *strange)
{
	uint64_t at = leaf, word, done = 0;
	int err = 0;

	heap_window_open(walk, leaf, leaf + LEVEL_BYTES);
	for (; !err && *strange < MAX_STRANGE && next_word(walk, &at, &word); at += sizeof(word)) {
		uint64_t page = number << LEAF_SHIFT | (at - leaf) / sizeof(word) << JEMALLOC_PAGE_BITS;
		struct jemalloc_extent extent;

		/* Extents have a word for each of their pages, or for the first and the last. */
		if (page < done || !(word & ((1UL << 48) - 1) & ~127UL))
			continue;
		if (!jemalloc_extent_read(walk, word, page, &extent)) {
			heap_trouble_note(walk, HEAP_BROKEN, page);
			++*strange;
			continue;
		}
		done = extent.end;
		if (heap_mapping_at(walk, extent.start) && !heap_area_at(walk->heap, page))
			err = jemalloc_extent_add(walk, &extent);
	}
	return err;
}

static int walk_tree(struct heap_walk *walk, uint64_t root)
{
	unsigned int leaves = 0, strange = 0;
	int err = 0;

	for (uint64_t i = 0; i < LEVEL_WORDS / 2 && !err; i++) {
		uint64_t leaf;

		/* The window is the leaves'; the root is read a word at a time, and mostly not there. */
		if (!heap_read(walk, root + i * sizeof(leaf), &leaf, sizeof(leaf)))
			i |= HEAP_PAGE_BYTES / sizeof(leaf) - 1;
		else if (leaf && leaves++ >= MAX_LEAVES)
			heap_trouble_note(walk, HEAP_TOO_MANY, leaf);
		else if (leaf && may_be_leaf(walk, leaf))
			err = walk_leaf(walk, leaf, i, &strange);
	}
	/* Which blocks threads keep at hand is not known. */
	heap_trouble_note(walk, HEAP_NO_CACHES, root);
	return err;
}

int jemalloc_walk(struct heap_walk *walk)
{
	const struct heap_process *process = walk->process;

	for (size_t i = 1; i < process->n_mappings; i++) {
		const struct heap_mapping *mapping = &process->mappings[i], *before = mapping - 1;
		uint64_t root;

		/* Variables without a value stand behind those with one, which are of the file. */
		if (mapping->kind != HEAP_MAPPING_ANONYMOUS || !mapping->writable ||
		    before->kind != HEAP_MAPPING_FILE || before->end != mapping->start ||
		    mapping->end - mapping->start < LEVEL_BYTES || mapping->end - mapping->start > MAX_VARIABLES_BYTES)
			continue;
		root = find_root(walk, mapping);
		if (root)
			return walk_tree(walk, root);
	}
	return 0;
}
