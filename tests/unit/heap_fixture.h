/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process with glibc's heaps, made up in memory: its library's variables, threads' variables, and heaps. */
#ifndef MEMTRACE_TESTS_UNIT_HEAP_FIXTURE_H
#define MEMTRACE_TESTS_UNIT_HEAP_FIXTURE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "heap/invariants.h"

#define DATA 0x7f1200000000UL /* the library's variables */
#define DATA_BYTES 0x4000UL
#define PARAMETERS (DATA + 0x340) /* address of sbrk_base */
#define MAIN_ARENA (DATA + 0xc60)
#define BRK 0x555500000000UL
#define BRK_BYTES 0x21000UL
#define OTHER_HEAP 0x7f1100000000UL /* a multiple of 64 MiB */
#define OLD_HEAP 0x7f1000000000UL
#define HEAP_BYTES 0x21000UL
#define TLS 0x7f1300000000UL
#define TLS_BYTES 0x4000UL
#define LOOSE 0x7f1400000000UL
#define LOOSE_BYTES 0x100000UL
#define MAPPINGS 6

#define P 1UL /* the chunk before is in use */
#define M 2UL /* a mapping of its own */
#define A 4UL /* of another arena than the main one */

struct fake {
	struct heap_process process;
	struct heap_mapping mappings[MAPPINGS];
	uint8_t *bytes[MAPPINGS];
	uint64_t thread_pointers[4];
	uint64_t unreadable; /* a page that is not there; 0: none */
	uint64_t at;         /* where the next chunk goes */
	uint64_t previous_in_use, previous_size;
	uint64_t other_arena; /* flag of the chunks that are made */
	bool mangles;         /* since 2.32 */
	bool long_counts;     /* since 2.30 */
};

static inline uint8_t *fake_bytes(struct fake *fake, uint64_t address, size_t size)
{
	for (unsigned int i = 0; i < MAPPINGS; i++) {
		const struct heap_mapping *mapping = &fake->mappings[i];

		if (address >= mapping->start && address < mapping->end && size <= mapping->end - address)
			return fake->bytes[i] + (address - mapping->start);
	}
	return NULL;
}

static int fake_read(void *context, uint64_t address, void *buffer, size_t size)
{
	struct fake *fake = context;
	const uint8_t *bytes = fake_bytes(fake, address, size);

	if (!bytes || (fake->unreadable && address < fake->unreadable + 4096 && address + size > fake->unreadable))
		return -EFAULT;
	memcpy(buffer, bytes, size);
	return 0;
}

static inline void put(struct fake *fake, uint64_t address, uint64_t word)
{
	uint8_t *bytes = fake_bytes(fake, address, sizeof(word));

	if (!bytes)
		abort();
	memcpy(bytes, &word, sizeof(word));
}

static inline void put_half(struct fake *fake, uint64_t address, uint32_t half)
{
	memcpy(fake_bytes(fake, address, sizeof(half)), &half, sizeof(half));
}

static inline uint64_t get(struct fake *fake, uint64_t address)
{
	uint64_t word;

	memcpy(&word, fake_bytes(fake, address, sizeof(word)), sizeof(word));
	return word;
}

/* An arena with nothing in it: struct malloc_state of 2.27 on. */
static inline void put_arena(struct fake *fake, uint64_t arena, uint64_t top, uint64_t next)
{
	put(fake, arena + 96, top);
	for (unsigned int i = 0; i < 127; i++) {
		put(fake, arena + 112 + 16 * i, arena + 96 + 16 * i);
		put(fake, arena + 120 + 16 * i, arena + 96 + 16 * i);
	}
	put(fake, arena + 2160, next);
	put(fake, arena + 2176, 1);
}

/* The last words of struct malloc_par, as they are unless somebody has set them. */
static inline void put_parameters(struct fake *fake, uint64_t brk_start, uint64_t loose_bytes)
{
	put(fake, PARAMETERS - 16, loose_bytes);
	put(fake, PARAMETERS - 8, loose_bytes);
	put(fake, PARAMETERS, brk_start);
	put(fake, PARAMETERS + 8, 64);
	put(fake, PARAMETERS + 16, 1032);
	put(fake, PARAMETERS + 24, 7);
}

/* Chunks follow from an address on. */
static inline void chunks_from(struct fake *fake, uint64_t at, uint64_t other_arena)
{
	fake->at = at;
	fake->previous_in_use = P;
	fake->other_arena = other_arena;
}

static inline uint64_t put_chunk(struct fake *fake, uint64_t size, bool in_use)
{
	uint64_t chunk = fake->at;

	put(fake, chunk + 8, size | fake->previous_in_use | (in_use ? fake->other_arena : 0));
	if (!fake->previous_in_use)
		put(fake, chunk, fake->previous_size);
	fake->at = chunk + size;
	fake->previous_in_use = in_use ? P : 0;
	fake->previous_size = size;
	return chunk + 16;
}

/* Give the address of the block. */
static inline uint64_t put_used(struct fake *fake, uint64_t size)
{
	return put_chunk(fake, size, true);
}

/* One in its arena's bins. */
static inline uint64_t put_free(struct fake *fake, uint64_t size)
{
	return put_chunk(fake, size, false);
}

/* The arena's top goes on to the end of its heap. */
static inline uint64_t put_top(struct fake *fake, uint64_t arena, uint64_t end)
{
	uint64_t top = fake->at;

	put_chunk(fake, end - top, false);
	put(fake, arena + 96, top);
	return top + 16;
}

/* A pointer in a list of free chunks, at an address. */
static inline void put_link(struct fake *fake, uint64_t at, uint64_t to)
{
	put(fake, at, fake->mangles ? to ^ at >> 12 : to);
}

/* Puts a chunk, by its block, at the front of its arena's list. */
static inline void into_fastbin(struct fake *fake, uint64_t arena, uint64_t block)
{
	uint64_t size = get(fake, block - 8) & ~7UL, list = arena + 16 + (size - 32) / 16 * 8;

	put_link(fake, block, get(fake, list) ? get(fake, list) : 0);
	put(fake, list, block - 16);
}

/* The structure of a thread's lists. */
/* `more`: 16 where the chunk that was taken for it was that much longer, else 0. */
static inline uint64_t put_cache(struct fake *fake, uint64_t more)
{
	return put_used(fake, (fake->long_counts ? 0x290 : 0x250) + more);
}

static inline void into_cache(struct fake *fake, uint64_t cache, uint64_t block)
{
	unsigned int bin = (unsigned int)(((get(fake, block - 8) & ~7UL) - 32) / 16);
	uint64_t list = cache + (fake->long_counts ? 128 : 64) + 8 * bin;
	uint8_t *count = fake_bytes(fake, cache + (fake->long_counts ? 2 * bin : bin), 1);

	put_link(fake, block, get(fake, list));
	put(fake, list, block);
	++*count;
}

/* A thread whose variables are `distance` from its thread pointer. */
static inline void put_thread(struct fake *fake, int64_t distance, uint64_t cache, uint64_t arena)
{
	uint64_t pointer = TLS + 0x800 * (1 + fake->process.n_threads);

	fake->thread_pointers[fake->process.n_threads++] = pointer;
	put(fake, pointer + (uint64_t)distance, cache);
	put(fake, pointer + (uint64_t)distance + 16, arena);
}

/* A process whose library and mappings are there, and whose heaps are empty. */
static inline struct fake *fake_new(bool long_counts, bool mangles)
{
	static const struct heap_mapping mappings[MAPPINGS] = {
	    {BRK, BRK + BRK_BYTES, HEAP_MAPPING_BRK, true, true, false},
	    {OLD_HEAP, OLD_HEAP + HEAP_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {OTHER_HEAP, OTHER_HEAP + HEAP_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {DATA, DATA + DATA_BYTES, HEAP_MAPPING_FILE, true, true, false},
	    {TLS, TLS + TLS_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {LOOSE, LOOSE + LOOSE_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	};
	struct fake *fake = calloc(1, sizeof(*fake));

	memcpy(fake->mappings, mappings, sizeof(mappings));
	for (unsigned int i = 0; i < MAPPINGS; i++)
		fake->bytes[i] = calloc(1, mappings[i].end - mappings[i].start);
	fake->long_counts = long_counts;
	fake->mangles = mangles;
	fake->process = (struct heap_process){
	    .read = fake_read,
	    .context = fake,
	    .mappings = fake->mappings,
	    .n_mappings = MAPPINGS,
	    .thread_pointers = fake->thread_pointers,
	};
	put_arena(fake, MAIN_ARENA, BRK, MAIN_ARENA);
	put_parameters(fake, BRK, 0);
	return fake;
}

static inline void fake_free(struct fake *fake)
{
	for (unsigned int i = 0; i < MAPPINGS; i++)
		free(fake->bytes[i]);
	free(fake);
}

#endif
