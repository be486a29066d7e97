/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found out about glibc's malloc, step by step, and the layout of its structures (malloc/malloc.c, arena.c). */
#ifndef MEMTRACE_HEAP_GLIBC_STATE_H
#define MEMTRACE_HEAP_GLIBC_STATE_H

#include "heap/walker.h"

#define CHUNK_HEADER_BYTES 16 /* prev_size, which is the previous chunk's when that is in use; size and flags */
#define CHUNK_MIN_BYTES 32
#define CHUNK_ALIGN 16
#define CHUNK_PREV_IN_USE 1U
#define CHUNK_MMAPPED 2U
#define CHUNK_OTHER_ARENA 4U /* not the main one's */
#define CHUNK_FLAGS 7U

#define FASTBINS 10 /* chunks of 32, 48, … bytes */

#define TCACHE_BINS 64 /* chunks of 32, 48, … bytes */
#define TCACHE_CHUNK_MAX (CHUNK_MIN_BYTES + (TCACHE_BINS - 1) * CHUNK_ALIGN)

/* struct malloc_state, since 2.27. */
#define ARENA_FASTBINS 16
#define ARENA_TOP 96
#define ARENA_BINS 112
#define ARENA_BIN_COUNT 127
#define ARENA_NEXT 2160
#define ARENA_BYTES 2200

struct glibc_arena {
	uint64_t address;
	uint64_t top;      /* its newest chunk, of what is not used yet; 0: it has none yet */
	uint64_t top_size; /* bytes */
	uint64_t fastbins[FASTBINS];
	bool is_main;
	bool busy; /* somebody is changing it */
};

/* Chunks that follow each other in memory. */
struct glibc_range {
	uint64_t start, end;
	uint64_t first; /* chunk */
	uint32_t arena;
	bool has_top; /* ends with the arena's top; otherwise with a fencepost */
};

/* How a free chunk in a singly linked list says which is next: since 2.32 mixed with its own address. */
enum glibc_links {
	LINKS_UNSEEN,
	LINKS_PLAIN,
	LINKS_MANGLED,
};

struct glibc {
	struct heap_walk *walk;
	struct glibc_arena *arenas;
	size_t n_arenas;
	struct glibc_range *ranges;
	size_t n_ranges;
	size_t n_copies; /* of the library in this process, that have a heap */
	enum glibc_links links;
	uint32_t doubtful_fastbins; /* bit by size: a list that could not be read to its end */
	uint64_t cache_steps;       /* that were made along lists of threads' caches */
	bool caches_known;
	bool loose_known;     /* how many bytes are in mappings of their own */
	uint64_t loose_bytes; /* the same */
};

/* Finds arenas and where their chunks are. 0 or -ENOMEM. */
int glibc_find_arenas(struct glibc *glibc);

/* Walks one range's chunks into an area. 0 or -ENOMEM. */
int glibc_walk_chunks(struct glibc *glibc, const struct glibc_range *range);

/* Finds blocks in mappings of their own. 0 or -ENOMEM. */
int glibc_find_loose(struct glibc *glibc);

/* Frees what arenas' lists of small chunks say is free. */
void glibc_read_fastbins(struct glibc *glibc);
/* The same for what each thread keeps. */
void glibc_read_caches(struct glibc *glibc);

/* Where a list's pointers lead: to the chunk's header, or behind it. */
enum glibc_list {
	LIST_OF_CHUNKS = CHUNK_HEADER_BYTES,
	LIST_OF_BLOCKS = 0,
};

/* The block of a chunk of `size` bytes that a list leads to and that looks as if it were in use, or NULL. */
struct heap_extent *glibc_listed(const struct glibc *glibc, uint64_t pointer, enum glibc_list list, uint64_t size);
/* Where the list goes on from a block. */
bool glibc_next_listed(struct glibc *glibc, const struct heap_extent *block, enum glibc_list list, uint64_t *next);

#endif
