// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/scan_heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "collect/drain.h"
#include "collect/registers.h"
#include "util/grow.h"
#include "util/radix.h"

/* 24 bytes each, and the process may have memory of any size. */
#define EXTENTS_MAX (8UL << 20)

static int read_words(void *context, uint64_t address, void *buffer, size_t size)
{
	const struct words *words = context;
	struct iovec local = {.iov_base = buffer, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)address, .iov_len = size};

	if (process_vm_readv(words->pid, &local, 1, &remote, 1, 0) == (ssize_t)size)
		return 0;
	return pread(words->memory_fd, buffer, size, (off_t)address) == (ssize_t)size ? 0 : -EFAULT;
}

int scan_heap_walk(const struct scan_areas *areas, const struct words *words, const uint64_t *thread_pointers,
                   size_t n_threads, bool busy, const bool *threads_busy, struct heap *heap)
{
	struct heap_mapping *mappings = calloc(areas->n_areas + 1, sizeof(*mappings));
	struct heap_process process = {
	    .read = read_words,
	    .context = (void *)words,
	    .mappings = mappings,
	    .n_mappings = areas->n_areas,
	    .thread_pointers = thread_pointers,
	    .n_threads = n_threads,
	    .in_allocator = busy,
	    .threads_in_allocator = threads_busy,
	    .tls_above = registers_tls_above,
	    .max_extents = EXTENTS_MAX,
	};
	int error;

	if (!mappings)
		return -ENOMEM;
	for (size_t i = 0; i < areas->n_areas; i++)
		mappings[i] = (struct heap_mapping){
		    .start = areas->areas[i].start,
		    .end = areas->areas[i].end,
		    .kind = areas->parts[i].heap_kind,
		    .readable = !areas->parts[i].protected,
		    .writable = areas->parts[i].writable,
		    .shared = !areas->parts[i].private_alone,
		};
	error = heap_walk(&process, heap);
	free(mappings);
	return error;
}

int scan_heap_pages(const struct heap *heap, struct page_set *pages)
{
	int error = 0;

	for (size_t i = 0; i < heap->n_areas && !error; i++)
		error = page_set_add(pages, heap->areas[i].start, heap->areas[i].end - heap->areas[i].start);
	return error;
}

/* Blocks that are known, by address. */
struct known {
	struct radix_key *keys;
	struct found_block *blocks;
	size_t n;
};

static int known_init(struct known *known, struct found_block *blocks, size_t n)
{
	known->keys = calloc(n + 1, sizeof(*known->keys));
	known->blocks = blocks;
	known->n = n;
	if (!known->keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		known->keys[i] = (struct radix_key){.value = blocks[i].address, .index = (uint32_t)i};
	return radix_sort(known->keys, n);
}

/* The first block that begins at the address or behind it. */
static size_t known_from(const struct known *known, uint64_t address)
{
	size_t low = 0, high = known->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known->keys[middle].value < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Does a block that is known lie in it, or reach into it? */
static bool known_within(const struct known *known, uint64_t start, uint64_t end)
{
	size_t i = known_from(known, start);

	if (i < known->n && known->keys[i].value < end)
		return true;
	if (!i)
		return false;
	i--;
	return known->keys[i].value + known->blocks[known->keys[i].index].size_bytes > start;
}

/* Bytes of heap blocks that begin in it. */
static uint64_t known_bytes(const struct known *known, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	for (size_t i = known_from(known, start); i < known->n && known->keys[i].value < end; i++) {
		const struct found_block *block = &known->blocks[known->keys[i].index];

		bytes += block->kind == KIND_HEAP ? block->size_bytes : 0;
	}
	return bytes;
}

static int add_extent(struct scan_extent **list, size_t *n, const struct heap_extent *extent)
{
	int error = grow_list((void **)list, *n, sizeof(**list));

	if (!error)
		(*list)[(*n)++] = (struct scan_extent){extent->start, extent->end};
	return error;
}

/* What is usable behind a block is part of it, for programs that ask the allocator how much they got. */
static void extend_block(const struct heap_extent *extent, const struct known *known)
{
	size_t i = known_from(known, extent->start);
	struct found_block *block = i < known->n ? &known->blocks[known->keys[i].index] : NULL;

	if (block && block->address < extent->end && block->size_bytes < extent->end - block->address &&
	    extent->end - block->address - block->size_bytes <= UINT32_MAX)
		block->slack_bytes = (uint32_t)(extent->end - block->address - block->size_bytes);
}

static int settle_extent(const struct heap_extent *extent, const struct known *known, bool judge_before,
                         struct scan *scan)
{
	bool nobodys = !known_within(known, extent->start, extent->end);
	uint64_t bytes = extent->end - extent->start, live_bytes;

	if (extent->kind == HEAP_METADATA)
		return 0;
	if (extent->kind == HEAP_FREE && nobodys)
		return add_extent(&scan->unused, &scan->n_unused, extent);
	if (extent->kind == HEAP_USED && nobodys && judge_before)
		return add_extent(&scan->before, &scan->n_before, extent);
	if (!nobodys && (extent->kind == HEAP_USED || extent->kind == HEAP_MAYBE_USED))
		extend_block(extent, known);
	if (nobodys || extent->kind == HEAP_UNKNOWN) {
		live_bytes = known_bytes(known, extent->start, extent->end);
		scan->unknown_heap_bytes += live_bytes < bytes ? bytes - live_bytes : 0;
	}
	return 0;
}

/* A mapping that heap blocks lie in, of an allocator whose heaps cannot be walked. */
static void count_unknown(const struct heap *heap, const struct scan_areas *areas, const struct known *known,
                          struct scan *scan)
{
	for (size_t i = 0; i < areas->n_areas; i++) {
		const struct scan_area *area = &areas->areas[i];
		const struct heap_extent *extent;
		uint64_t live_bytes;
		enum heap_kind kind;

		if (heap_find(heap, area->start, &kind, &extent) || heap_find(heap, area->end - 1, &kind, &extent))
			continue;
		live_bytes = known_bytes(known, area->start, area->end);
		if (!live_bytes)
			continue;
		scan->heap_bytes += area->end - area->start;
		if (live_bytes < area->end - area->start)
			scan->unknown_heap_bytes += area->end - area->start - live_bytes;
	}
}

static int by_start(const void *left, const void *right)
{
	const struct scan_extent *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int scan_heap_settle(const struct heap *heap, const struct scan_areas *areas, struct found_block *blocks,
                     size_t n_blocks, bool judge_before, struct scan *scan)
{
	struct known known;
	int error = known_init(&known, blocks, n_blocks);

	for (size_t i = 0; i < heap->n_areas && !error; i++) {
		const struct heap_area *area = &heap->areas[i];

		scan->heap_bytes += area->end - area->start;
		for (size_t j = area->first; j < area->first + area->n && !error; j++)
			error = settle_extent(&heap->extents[j], &known, judge_before, scan);
	}
	for (size_t i = 0; i < heap->n_variables && !error; i++) {
		const struct heap_extent extent = {.start = heap->variables[i].start, .end = heap->variables[i].end};

		error = add_extent(&scan->unused, &scan->n_unused, &extent);
	}
	if (scan->n_unused)
		qsort(scan->unused, scan->n_unused, sizeof(*scan->unused), by_start);
	if (!error)
		count_unknown(heap, areas, &known, scan);
	free(known.keys);
	return error;
}
