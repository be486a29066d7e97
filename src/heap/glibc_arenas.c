// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arenas. The main one is a static variable of the library, recognised by its bins: 127 lists that each begin and
 * end at themselves. A ring leads from it to the others, each of which stands at the beginning of its first heap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/glibc_state.h"
#include "util/grow.h"

#define SEARCHED_MAPPING_BYTES (16UL << 20) /* the library's variables are in a smaller one */
#define SEARCHED_BYTES (256UL << 20)
#define MAX_COPIES 8    /* of the library in one process (dlmopen) */
#define MAX_ARENAS 4096 /* eight for each of 512 CPUs */
#define MAX_HEAPS 65536

/* struct _heap_info; of HEAP_MAX bytes and at a multiple of that. With 40 bytes and padding since 2.35. */
#define HEAP_MAX (64UL << 20)
#define HEAP_PREV 8
#define HEAP_SIZE 16
#define HEAP_INFO_BYTES 32
#define HEAP_INFO_BYTES_2_35 48

static uint32_t half_word(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static bool read_word(const struct heap_walk *walk, uint64_t address, uint64_t *word)
{
	return heap_read(walk, address, word, sizeof(*word));
}

/* What every arena's first words look like. */
static bool may_be_arena(const uint8_t *bytes)
{
	uint64_t top = heap_word(bytes + ARENA_TOP), next = heap_word(bytes + ARENA_NEXT);

	/* The lock; flags; whether there may be small chunks. */
	if (half_word(bytes) > 2 || half_word(bytes + 4) > 7 || half_word(bytes + 8) > 1)
		return false;
	return top && top % CHUNK_ALIGN == 0 && next && next % sizeof(uint64_t) == 0;
}

/* One that is being changed may have a list that is cut for a moment. */
#define MAX_CUT_BINS 2
#define MIN_EMPTY_BINS 8 /* fewer is not looked at, which costs reads */

/* A bin is a chunk of which only the two pointers exist. */
struct bin {
	uint64_t address, first, last;
};

static struct bin bin_at(uint64_t arena, const uint8_t *bytes, unsigned int i)
{
	return (struct bin){arena + ARENA_BINS + 16 * i - CHUNK_HEADER_BYTES, heap_word(bytes + ARENA_BINS + 16 * i),
	                    heap_word(bytes + ARENA_BINS + 16 * i + 8)};
}

static bool is_empty(const struct bin *bin)
{
	return bin->first == bin->address && bin->last == bin->address;
}

/* Do its first and last chunk lead back to it? */
static bool is_joined(const struct heap_walk *walk, const struct bin *bin)
{
	uint64_t back, forth;

	return read_word(walk, bin->first + CHUNK_HEADER_BYTES + 8, &back) && back == bin->address &&
	       read_word(walk, bin->last + CHUNK_HEADER_BYTES, &forth) && forth == bin->address;
}

static bool has_bins(const struct heap_walk *walk, uint64_t address, const uint8_t *bytes)
{
	unsigned int empty = 0, cut = 0;

	for (unsigned int i = 0; i < ARENA_BIN_COUNT; i++) {
		struct bin bin = bin_at(address, bytes, i);

		empty += is_empty(&bin);
	}
	for (unsigned int i = 0; i < ARENA_BIN_COUNT && empty >= MIN_EMPTY_BINS && cut <= MAX_CUT_BINS; i++) {
		struct bin bin = bin_at(address, bytes, i);

		cut += !is_empty(&bin) && !is_joined(walk, &bin);
	}
	return empty >= MIN_EMPTY_BINS && cut <= MAX_CUT_BINS;
}

static int add_arena(struct glibc *glibc, uint64_t address, const uint8_t *bytes, bool is_main)
{
	const struct heap_process *process = glibc->walk->process;
	struct glibc_arena *arena;
	uint64_t top = heap_word(bytes + ARENA_TOP), size = 0;
	int err = grow_list((void **)&glibc->arenas, glibc->n_arenas, sizeof(*glibc->arenas));

	if (err)
		return err;
	/* Before it has any memory, its top is its first bin. */
	if (top == address + ARENA_BINS - CHUNK_HEADER_BYTES || !read_word(glibc->walk, top + 8, &size))
		top = 0;
	arena = &glibc->arenas[glibc->n_arenas++];
	*arena = (struct glibc_arena){.address = address, .top = top, .is_main = is_main};
	arena->top_size = size & ~(uint64_t)CHUNK_FLAGS;
	memcpy(arena->fastbins, bytes + ARENA_FASTBINS, sizeof(arena->fastbins));
	/* A process with one thread takes no lock. */
	arena->busy = half_word(bytes) || (process->in_allocator && process->n_threads <= 1);
	if (arena->busy)
		heap_trouble_note(glibc->walk, HEAP_BUSY, address);
	return 0;
}

static int add_range(struct glibc *glibc, const struct glibc_range *range)
{
	int err;

	if (glibc->n_ranges == MAX_HEAPS) {
		heap_trouble_note(glibc->walk, HEAP_TOO_MANY, range->start);
		return 0;
	}
	err = grow_list((void **)&glibc->ranges, glibc->n_ranges, sizeof(*glibc->ranges));
	if (!err)
		glibc->ranges[glibc->n_ranges++] = *range;
	return err;
}

/* The arena's own first heap, or 0. Tells where its first chunk is. */
static uint64_t first_heap(const struct heap_walk *walk, uint64_t arena, uint64_t *info_size)
{
	uint64_t heap = arena & ~(HEAP_MAX - 1), owner;

	*info_size = arena - heap;
	if (*info_size != HEAP_INFO_BYTES && *info_size != HEAP_INFO_BYTES_2_35)
		return 0;
	return read_word(walk, heap, &owner) && owner == arena ? heap : 0;
}

/* One heap of an arena. 0, -errno; -EBADMSG when it is none. */
static int add_heap(struct glibc *glibc, uint64_t heap, uint64_t first, uint64_t info_size, uint64_t *previous)
{
	uint32_t number = (uint32_t)glibc->n_arenas - 1;
	const struct glibc_arena *arena = &glibc->arenas[number];
	struct glibc_range range = {.start = heap, .arena = number};
	uint64_t info[3];

	if (!heap_read(glibc->walk, heap, info, sizeof(info)) || info[0] != arena->address)
		return -EBADMSG;
	*previous = info[HEAP_PREV / 8];
	range.end = heap + info[HEAP_SIZE / 8];
	range.first = heap + info_size;
	if (heap == first) {
		/* Its first chunk is the first place behind the arena whose block is aligned. */
		range.first = (arena->address + ARENA_BYTES + CHUNK_ALIGN - 1) & ~(uint64_t)(CHUNK_ALIGN - 1);
		if (*previous)
			return -EBADMSG;
	}
	range.has_top = arena->top >= range.first && arena->top < range.end;
	if (info[HEAP_SIZE / 8] > HEAP_MAX || range.first >= range.end || range.end % CHUNK_ALIGN ||
	    !heap_is_writable(glibc->walk, heap, range.end))
		return -EBADMSG;
	return add_range(glibc, &range);
}

/* The heaps of the arena that was added last, from the newest on. */
static int add_heaps(struct glibc *glibc)
{
	const struct glibc_arena *arena = &glibc->arenas[glibc->n_arenas - 1];
	uint64_t info_size, first = first_heap(glibc->walk, arena->address, &info_size);
	uint64_t heap = arena->top & ~(HEAP_MAX - 1);
	int err = first ? 0 : -EBADMSG;

	for (unsigned int i = 0; !err; i++) {
		uint64_t previous;

		err = i < MAX_HEAPS ? add_heap(glibc, heap, first, info_size, &previous) : -EBADMSG;
		if (err || heap == first)
			break;
		heap = previous;
	}
	if (err == -EBADMSG) {
		heap_trouble_note(glibc->walk, HEAP_BAD_ARENA, arena->address);
		err = 0;
	}
	return err;
}

/* The main arena's chunks: from where it first took memory by brk, which 0 means nobody knows. */
static int add_main_range(struct glibc *glibc, uint64_t brk_start)
{
	uint32_t number = (uint32_t)glibc->n_arenas - 1;
	const struct glibc_arena *arena = &glibc->arenas[number];
	const struct heap_process *process = glibc->walk->process;
	struct glibc_range range = {.arena = number};

	/* What the kernel calls the heap may be in pieces. */
	for (size_t i = 0; i < process->n_mappings; i++) {
		const struct heap_mapping *mapping = &process->mappings[i];

		if (mapping->kind != HEAP_MAPPING_BRK || (range.end && mapping->start != range.end))
			continue;
		if (!range.end)
			range.start = mapping->start;
		range.end = mapping->end;
	}
	if (brk_start > range.start && brk_start < range.end)
		range.start = brk_start;
	range.start = (range.start + CHUNK_ALIGN - 1) & ~(uint64_t)(CHUNK_ALIGN - 1);
	range.first = range.start;
	range.has_top = arena->top >= range.start && arena->top < range.end;
	/* Others may have taken what is behind its top. */
	if (range.has_top && arena->top_size < range.end - arena->top)
		range.end = arena->top + arena->top_size;
	return range.start < range.end && heap_is_writable(glibc->walk, range.start, range.end)
	           ? add_range(glibc, &range)
	           : 0;
}

/* The bytes at *address, or else at the first place behind it where they can be read; NULL at the end. */
static const uint8_t *search_at(struct heap_walk *walk, uint64_t *address, size_t size)
{
	const uint8_t *bytes = NULL;

	while (*address < walk->window.limit && !(bytes = heap_window_at(walk, *address, size)))
		*address = (*address | (HEAP_PAGE_BYTES - 1)) + 1;
	return bytes;
}

/* Fields of struct malloc_par around sbrk_base, in bytes from it. */
#define PAR_BEFORE 16 /* mmapped_mem, max_mmapped_mem */
#define PAR_BYTES 48  /* … sbrk_base, tcache_bins, tcache_max_bytes, tcache_count */

static bool is_parameters(const uint8_t *bytes, uint64_t brk_start)
{
	uint64_t mapped = heap_word(bytes), mapped_max = heap_word(bytes + 8);
	uint64_t bins = heap_word(bytes + 24), max_bytes = heap_word(bytes + 32), count = heap_word(bytes + 40);

	if (mapped > mapped_max || bins < 1 || bins > TCACHE_BINS || count > UINT16_MAX ||
	    heap_word(bytes + 16) != brk_start)
		return false;
	/* The number of bins is made from the largest request that they hold. A single one would look like much else.
	 */
	if (max_bytes > TCACHE_CHUNK_MAX || (bins == 1 && !brk_start))
		return false;
	return bins == 1 + (max_bytes < 24 ? 0 : (max_bytes + 7 - CHUNK_ALIGN) / CHUNK_ALIGN);
}

static bool is_brk(const struct heap_walk *walk, uint64_t address)
{
	const struct heap_mapping *mapping = heap_mapping_at(walk, address);

	return mapping && mapping->kind == HEAP_MAPPING_BRK;
}

/*
 * The library's parameters, which are near its main arena, the one that was added last. Tells where it first took
 * memory by brk, or 0: it did not, or they were not found.
 */
static uint64_t read_parameters(struct glibc *glibc, const struct heap_mapping *mapping)
{
	struct heap_walk *walk = glibc->walk;
	const struct glibc_arena *arena = &glibc->arenas[glibc->n_arenas - 1];
	bool must_have_brk = arena->top && is_brk(walk, arena->top);
	const uint8_t *bytes;

	heap_window_open(walk, mapping->start, mapping->end);
	for (uint64_t address = mapping->start; (bytes = search_at(walk, &address, PAR_BYTES)); address += 8) {
		uint64_t brk_start = heap_word(bytes + PAR_BEFORE);

		if (brk_start ? !is_brk(walk, brk_start) : must_have_brk)
			continue;
		if (!is_parameters(bytes, brk_start))
			continue;
		glibc->loose_known = true;
		glibc->loose_bytes += heap_word(bytes);
		return brk_start;
	}
	heap_trouble_note(walk, HEAP_LOOSE_BLOCKS, 0);
	return 0;
}

/* The arenas that the ring leads to from the main one. */
static int follow_ring(struct glibc *glibc, uint64_t main_arena, uint64_t next)
{
	uint8_t bytes[ARENA_BYTES];
	int err = 0;

	while (next != main_arena && !err) {
		uint64_t info_size;

		if (glibc->n_arenas >= MAX_ARENAS) {
			heap_trouble_note(glibc->walk, HEAP_TOO_MANY, next);
			break;
		}
		if (!first_heap(glibc->walk, next, &info_size) || !heap_read(glibc->walk, next, bytes, sizeof(bytes)) ||
		    !may_be_arena(bytes)) {
			heap_trouble_note(glibc->walk, HEAP_BAD_ARENA, next);
			break;
		}
		err = add_arena(glibc, next, bytes, false);
		if (!err)
			err = add_heaps(glibc);
		next = heap_word(bytes + ARENA_NEXT);
	}
	return err;
}

static int add_copy(struct glibc *glibc, const struct heap_mapping *mapping, uint64_t address, const uint8_t *bytes)
{
	uint64_t next = heap_word(bytes + ARENA_NEXT);
	int err;

	if (heap_word(bytes + ARENA_TOP) == address + ARENA_BINS - CHUNK_HEADER_BYTES && next == address)
		return 0; /* not in use */
	err = add_arena(glibc, address, bytes, true);
	if (err)
		return err;
	glibc->n_copies++;
	err = add_main_range(glibc, read_parameters(glibc, mapping));
	return err ? err : follow_ring(glibc, address, next);
}

static int search_mapping(struct glibc *glibc, const struct heap_mapping *mapping)
{
	struct heap_walk *walk = glibc->walk;
	uint64_t address = mapping->start;
	uint8_t copy[ARENA_BYTES];
	const uint8_t *bytes;
	int err = 0;

	heap_window_open(walk, mapping->start, mapping->end);
	while (!err && glibc->n_copies < MAX_COPIES && (bytes = search_at(walk, &address, ARENA_BYTES))) {
		if (may_be_arena(bytes) && has_bins(walk, address, bytes)) {
			memcpy(copy, bytes, sizeof(copy));
			err = add_copy(glibc, mapping, address, copy);
			heap_window_open(walk, mapping->start, mapping->end);
			address += ARENA_BYTES - ARENA_BYTES % 8;
		} else {
			address += 8;
		}
	}
	return err;
}

/* Another allocator's. */
static bool has_area(const struct heap *heap, const struct heap_mapping *mapping)
{
	for (size_t i = 0; i < heap->n_areas; i++)
		if (heap->areas[i].start < mapping->end && heap->areas[i].end > mapping->start)
			return true;
	return false;
}

int glibc_find_arenas(struct glibc *glibc)
{
	const struct heap_process *process = glibc->walk->process;
	uint64_t searched = 0;
	int err = 0;

	for (size_t i = 0; i < process->n_mappings && !err && searched < SEARCHED_BYTES; i++) {
		const struct heap_mapping *mapping = &process->mappings[i];
		uint64_t size = mapping->end - mapping->start;

		if (mapping->kind != HEAP_MAPPING_FILE || !mapping->readable || !mapping->writable || mapping->shared ||
		    size > SEARCHED_MAPPING_BYTES)
			continue;
		searched += size;
		err = search_mapping(glibc, mapping);
	}
	for (size_t i = 0; i < process->n_mappings && !glibc->n_copies; i++)
		if (process->mappings[i].kind == HEAP_MAPPING_BRK &&
		    !has_area(glibc->walk->heap, &process->mappings[i]))
			heap_trouble_note(glibc->walk, HEAP_NO_ARENA, process->mappings[i].start);
	return err;
}
