/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory of a stopped process's allocators is, told from their own structures: blocks in use, what is
 * free, what the allocators keep for themselves, and what could not be told. It is for blocks from before memtrace
 * attached, of which no event told.
 *
 * All that is read belongs to the target and is hostile: nothing in it is followed further than the mappings
 * reach, every loop and list is bounded, and what does not agree with itself is HEAP_UNKNOWN.
 */
#ifndef MEMTRACE_HEAP_HEAP_H
#define MEMTRACE_HEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_mapping_kind {
	HEAP_MAPPING_OTHER, /* stack, vdso, … */
	HEAP_MAPPING_FILE,
	HEAP_MAPPING_ANONYMOUS,
	HEAP_MAPPING_BRK,
};

struct heap_mapping {
	uint64_t start, end;
	uint8_t kind; /* enum heap_mapping_kind */
	bool readable, writable, shared;
};

/* What a mapping is, by its name in /proc/PID/maps ("" or "[anon:…]": anonymous). */
enum heap_mapping_kind heap_mapping_kind(const char *name);

struct heap_process {
	/* Copies memory of the process, all of it or nothing. 0 or -errno. */
	int (*read)(void *context, uint64_t address, void *buffer, size_t size);
	void *context;
	const struct heap_mapping *mappings; /* by address */
	size_t n_mappings;
	const uint64_t *thread_pointers; /* of all its threads (x86-64: fs_base; aarch64: TPIDR_EL0) */
	size_t n_threads;
	bool tls_above;    /* threads' variables are above these (aarch64), or below (x86-64) */
	bool in_allocator; /* a thread was stopped within one of the allocator's functions, as far as is known */
	const bool
	    *threads_in_allocator; /* of each thread, whether it was; NULL: if in_allocator, any of them may be */
	size_t max_extents;        /* what would pass it is unknown; 16 bytes each; 0: HEAP_MAX_EXTENTS */
};

#define HEAP_MAX_EXTENTS (64UL << 20)

enum heap_kind {
	HEAP_UNKNOWN,    /* counts as a root */
	HEAP_METADATA,   /* the allocator's own */
	HEAP_FREE,       /* also what threads keep at hand to allocate again */
	HEAP_USED,       /* a block: in use for certain */
	HEAP_MAYBE_USED, /* a block in use, or a free one in a list that could not be read: never to be reported */
	HEAP_KIND_COUNT,
};

/* "used", …; static. */
const char *heap_kind_name(enum heap_kind kind);

/* Of HEAP_USED: the bytes that the program may use, from the address that malloc gave on. */
struct heap_extent {
	uint64_t start;
	uint64_t end : 56; /* as far as a process's addresses reach */
	uint64_t kind : 8; /* enum heap_kind */
};

/* Memory that is an allocator's. What lies between its extents is HEAP_METADATA. */
struct heap_area {
	uint64_t start, end;
	size_t first, n; /* extents */
	uint8_t allocator;
};

/* Why something is not known. */
enum heap_trouble {
	HEAP_UNREADABLE,   /* memory could not be read */
	HEAP_BROKEN,       /* a chain of chunks does not lead to the heap's end: the whole of it is unknown */
	HEAP_NO_ARENA,     /* memory taken by brk, and no arena of an allocator that is known */
	HEAP_FOREIGN,      /* memory that somebody else took by brk, and all behind it */
	HEAP_BAD_ARENA,    /* an arena or one of its heaps is not what it should be */
	HEAP_BAD_LIST,     /* a list of free chunks leads astray: blocks of its size may be free */
	HEAP_NO_CACHES,    /* threads' caches were not found: small blocks may be free */
	HEAP_BUSY,         /* an arena was being changed: its blocks may be free */
	HEAP_LOOSE_BLOCKS, /* blocks in mappings of their own do not add up to what the allocator counts */
	HEAP_OVERLAP,      /* two heaps would lie at the same place */
	HEAP_TOO_MANY,     /* more than what is kept or looked at */
	HEAP_TROUBLE_COUNT,
};

/* A sentence's part; static. */
const char *heap_trouble_text(enum heap_trouble trouble);

struct heap_trouble_row {
	uint64_t count;
	uint64_t address; /* of the first */
};

/* An allocator's own words, wherever they lie: they lead to chunks or free blocks, and hold nothing. */
struct heap_variables {
	uint64_t start, end;
};

struct heap {
	struct heap_variables *variables;
	size_t n_variables;
	struct heap_extent *extents;
	size_t n_extents, extents_room;
	struct heap_area
	    *areas; /* by address; they do not overlap, and neither do extents, which are by address in each */
	size_t n_areas;
	uint64_t bytes[HEAP_KIND_COUNT]; /* all but HEAP_UNKNOWN is what is known of the heaps */
	uint64_t blocks[HEAP_KIND_COUNT];
	struct heap_trouble_row troubles[HEAP_TROUBLE_COUNT];
};

/*
 * Walks the heaps of all allocators that are known (the rows in heap.c). 0, or -ENOMEM; whatever else is amiss is
 * among the troubles. *heap is zero, or of an earlier walk, whose memory is used again; it is the caller's to free with
 * heap_free(), also after an error.
 */
int heap_walk(const struct heap_process *process, struct heap *heap);
void heap_free(struct heap *heap);

/* How many allocators' heaps can be walked, and what each is called. */
size_t heap_allocator_count(void);
const char *heap_allocator_name(size_t allocator);

/*
 * What lies at an address. False: in no known heap. *block is set when it lies in an extent, and NULL when it lies
 * between them.
 */
bool heap_find(const struct heap *heap, uint64_t address, enum heap_kind *kind, const struct heap_extent **block);

#endif
