// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the library's variables are, of which a distribution's has no symbols. The central cache is an array with a
 * list that is empty and points at itself in the first element, and numbers that count the others. Near it are the
 * table of sizes and the root of the tree, which is known by a leaf whose words lead to descriptions of their pages.
 */
#include "heap/tcmalloc_state.h"

#define MIN_VARIABLES_BYTES TCMALLOC_ROOT_BYTES
#define MAX_VARIABLES_BYTES (64UL << 20)
#define SEARCHED_BYTES (256UL << 20)
#define NEAR_BYTES (2UL << 20) /* the page heap with the root has 1.6 MB and lies beside the central cache */
#define MAX_TRIED 4096         /* pointers that may lead to a leaf */
#define PROOFS 16              /* spans of a leaf that have to agree, if it has so many */
#define MAX_WRONG 4            /* of those that were just being changed */

/*
 * class SizeMap: classes by size, then for each class objects to move at once, bytes, and pages; how many classes. In
 * later versions the smallest number of pages is before that.
 */
#define SIZES_BYTES (TCMALLOC_CLASSES * sizeof(uint32_t))
#define SIZES_PAGES_BYTES (TCMALLOC_CLASSES * sizeof(uint64_t))
#define MIN_CLASSES 16

static bool is_empty_list(const uint64_t *words, size_t offset, uint64_t central)
{
	const uint64_t *span = words + offset / sizeof(*words);

	return span[SPAN_NEXT / 8] == central + offset && span[SPAN_PREVIOUS / 8] == central + offset;
}

/* The first element, of large blocks, never has any. */
static bool is_central(const struct heap_walk *walk, uint64_t central)
{
	uint64_t first[CENTRAL_SLOTS / 8], size_class;

	return heap_read(walk, central, first, sizeof(first)) && first[CENTRAL_CLASS / 8] == 0 &&
	       is_empty_list(first, CENTRAL_EMPTY, central) && is_empty_list(first, CENTRAL_NONEMPTY, central) &&
	       first[CENTRAL_SPANS / 8] == 0 && first[CENTRAL_FREE / 8] == 0 &&
	       heap_read(walk, central + CENTRAL_BYTES + CENTRAL_CLASS, &size_class, sizeof(size_class)) &&
	       size_class == 1;
}

static bool find_central(struct tcmalloc *tcmalloc, uint64_t start, uint64_t end)
{
	const uint64_t next = CENTRAL_EMPTY + SPAN_NEXT;
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t at = start, word;

	heap_window_open(walk, start, end);
	for (; tcmalloc_next_word(walk, &at, &word); at += sizeof(word)) {
		if (word != at - SPAN_NEXT || at - start < next || !is_central(walk, at - next))
			continue;
		tcmalloc->central = at - next;
		tcmalloc->variables = tcmalloc->central - start > NEAR_BYTES ? tcmalloc->central - NEAR_BYTES : start;
		tcmalloc->variables_end = end - tcmalloc->central > NEAR_BYTES ? tcmalloc->central + NEAR_BYTES : end;
		return true;
	}
	return false;
}

/* Sizes grow up to the largest, and the rest of the table is empty. How many classes they are, or 0. */
static uint32_t count_classes(const uint32_t *bytes)
{
	uint32_t n = 1;

	if (bytes[0])
		return 0;
	while (n < TCMALLOC_CLASSES && bytes[n] > bytes[n - 1])
		n++;
	if (n < MIN_CLASSES || bytes[n - 1] != TCMALLOC_SMALL_MAX_BYTES)
		return 0;
	for (uint32_t i = n; i < TCMALLOC_CLASSES; i++)
		if (bytes[i])
			return 0;
	return n;
}

static bool read_sizes(struct tcmalloc *tcmalloc, uint64_t at)
{
	const struct heap_walk *walk = tcmalloc->walk;
	uint64_t pages_at = (at + SIZES_BYTES + 7) & ~7UL, pages[TCMALLOC_CLASSES], counts[2];
	uint32_t bytes[TCMALLOC_CLASSES], batches[TCMALLOC_CLASSES], n;

	if (!heap_read(walk, at, bytes, sizeof(bytes)) || !(n = count_classes(bytes)) ||
	    !heap_read(walk, at - SIZES_BYTES, batches, sizeof(batches)) ||
	    !heap_read(walk, pages_at, pages, sizeof(pages)) ||
	    !heap_read(walk, pages_at + SIZES_PAGES_BYTES, counts, sizeof(counts)) ||
	    (counts[0] != n && counts[1] != n))
		return false;
	for (uint32_t i = 1; i < n; i++) {
		if (!batches[i] || batches[i] > UINT16_MAX || bytes[i] % sizeof(uint64_t) || !pages[i] ||
		    pages[i] > UINT16_MAX || pages[i] << TCMALLOC_PAGE_BITS < bytes[i] ||
		    (pages[i] << TCMALLOC_PAGE_BITS) / bytes[i] > UINT16_MAX)
			return false;
		tcmalloc->classes[i] = (struct tcmalloc_class){bytes[i], (uint32_t)pages[i], batches[i], false};
	}
	tcmalloc->n_classes = n;
	return true;
}

/* The table of sizes begins with 0 and 8, or 16; its elements are half words. */
static bool find_sizes(struct tcmalloc *tcmalloc)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t at = tcmalloc->variables, word;

	heap_window_open(walk, tcmalloc->variables, tcmalloc->variables_end);
	for (; tcmalloc_next_word(walk, &at, &word); at += sizeof(word)) {
		uint32_t low = (uint32_t)word, high = (uint32_t)(word >> 32);

		if (!low && (high == 8 || high == 16) && read_sizes(tcmalloc, at))
			return true;
		if ((low == 8 || low == 16) && high > low && read_sizes(tcmalloc, at - sizeof(low)))
			return true;
	}
	return false;
}

/* Which part of all addresses a leaf is of, if it is one; TCMALLOC_ROOT_WORDS: it is none. */
static uint64_t leaf_number(struct tcmalloc *tcmalloc, uint64_t leaf)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t at = leaf, word, number = TCMALLOC_ROOT_WORDS;
	unsigned int proofs = 0, wrong = 0;

	heap_window_open(walk, leaf, leaf + TCMALLOC_LEAF_BYTES);
	while (proofs < PROOFS && tcmalloc_next_word(walk, &at, &word)) {
		uint64_t index = (at - leaf) / sizeof(word), page;
		struct tcmalloc_span span;

		/* The page's number within the leaf is known; the rest of it the description tells. */
		if (tcmalloc_read(tcmalloc, word, &page, sizeof(page)) && page % TCMALLOC_LEAF_WORDS == index &&
		    (number == TCMALLOC_ROOT_WORDS || number == page >> TCMALLOC_LEAF_BITS) &&
		    page >> TCMALLOC_LEAF_BITS < TCMALLOC_ROOT_WORDS &&
		    tcmalloc_read_span(tcmalloc, word, page, &span)) {
			number = page >> TCMALLOC_LEAF_BITS;
			proofs++;
			/* What its other pages have is of no account. */
			at += ((span.end - span.start) >> TCMALLOC_PAGE_BITS) * sizeof(word);
		} else if (++wrong > MAX_WRONG) {
			return TCMALLOC_ROOT_WORDS;
		} else {
			at += sizeof(word);
		}
	}
	return proofs > wrong ? number : TCMALLOC_ROOT_WORDS;
}

/* The root, by one of its pointers. */
static bool find_root(struct tcmalloc *tcmalloc)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t at = tcmalloc->variables, word;
	unsigned int tried = 0;

	heap_window_open(walk, at, tcmalloc->variables_end);
	for (; tried < MAX_TRIED && tcmalloc_next_word(walk, &at, &word); at += sizeof(word)) {
		uint64_t number, root;

		if (word % sizeof(word) || word + TCMALLOC_LEAF_BYTES < word ||
		    !heap_is_writable(walk, word, word + TCMALLOC_LEAF_BYTES))
			continue;
		tried++;
		number = leaf_number(tcmalloc, word);
		root = at - number * sizeof(word);
		if (number < TCMALLOC_ROOT_WORDS && root <= at && root >= tcmalloc->variables &&
		    tcmalloc->variables_end - root >= TCMALLOC_ROOT_BYTES) {
			tcmalloc->root = root;
			return true;
		}
		heap_window_open(walk, at, tcmalloc->variables_end);
	}
	return false;
}

bool tcmalloc_find(struct tcmalloc *tcmalloc)
{
	const struct heap_process *process = tcmalloc->walk->process;
	uint64_t searched = 0;

	for (size_t i = 1; i < process->n_mappings && searched < SEARCHED_BYTES; i++) {
		const struct heap_mapping *mapping = &process->mappings[i], *before = mapping - 1;
		uint64_t end = mapping->end;

		/* Variables without a value stand behind those with one, which are of the file. */
		if ((mapping->kind != HEAP_MAPPING_ANONYMOUS && mapping->kind != HEAP_MAPPING_BRK) ||
		    before->kind != HEAP_MAPPING_FILE || before->end != mapping->start || !before->writable ||
		    !mapping->writable || mapping->end - mapping->start < MIN_VARIABLES_BYTES)
			continue;
		if (end - mapping->start > MAX_VARIABLES_BYTES)
			end = mapping->start + MAX_VARIABLES_BYTES;
		searched += end - before->start;
		if (find_central(tcmalloc, before->start, end) && find_sizes(tcmalloc) && find_root(tcmalloc))
			return true;
	}
	return false;
}
