/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the walkers of all allocators share: reading memory, and writing down what it is. */
#ifndef MEMTRACE_HEAP_WALKER_H
#define MEMTRACE_HEAP_WALKER_H

#include "heap/heap.h"

struct heap_walk;

/* One row in heap.c. */
struct heap_walker {
	const char *name;
	/* 0 or -ENOMEM. Nothing of the allocator in the process is no error. */
	int (*walk)(struct heap_walk *walk);
};

#define HEAP_PAGE_BYTES 4096U /* no machine has smaller ones */

/* Memory that is read from the lowest address to the highest, a piece at a time. */
#define HEAP_WINDOW_BYTES (64U << 10)

struct heap_window {
	uint64_t start, limit; /* nothing from limit on is read */
	size_t size, wanted;   /* bytes that are there, and that were asked for */
	uint8_t bytes[HEAP_WINDOW_BYTES];
};

struct heap_walk {
	const struct heap_process *process;
	struct heap *heap;
	size_t max_extents;
	uint8_t allocator; /* the row whose walker is at work */
	size_t open_area;  /* index of the area into which extents go */
	struct heap_window window;
};

/* Copies memory of the process. */
bool heap_read(const struct heap_walk *walk, uint64_t address, void *buffer, size_t size);

/* What is read next lies between `start` and `limit`. */
void heap_window_open(struct heap_walk *walk, uint64_t start, uint64_t limit);
/* The bytes at an address, or NULL. They are there until the next call. */
const uint8_t *heap_window_at(struct heap_walk *walk, uint64_t address, size_t size);

/* The word at `bytes`. */
uint64_t heap_word(const uint8_t *bytes);

/* The mapping that an address lies in, or NULL. */
const struct heap_mapping *heap_mapping_at(const struct heap_walk *walk, uint64_t address);
/* Whether all of a range can be written to, and so is private memory of the process. */
bool heap_is_writable(const struct heap_walk *walk, uint64_t start, uint64_t end);

/* Where a thread's variables may be: on one side of its pointer, and not beyond another thread's. */
bool heap_thread_variables(const struct heap_walk *walk, uint64_t pointer, uint64_t *from, uint64_t *to);

void heap_trouble_note(struct heap_walk *walk, enum heap_trouble trouble, uint64_t address);

/*
 * Opens an area, into which extents are put by address until it is closed. Where another area lies, nothing is
 * opened: -EEXIST, noted. 0 or -errno.
 */
int heap_area_open(struct heap_walk *walk, uint64_t start, uint64_t end);
/* 0, or -ENOMEM, or -E2BIG beyond the limit, noted. */
int heap_area_add(struct heap_walk *walk, uint64_t start, uint64_t end, enum heap_kind kind);
/* Forgets what was put into the area that is open: all of it from `from` on becomes unknown. 0 or -ENOMEM. */
int heap_area_give_up(struct heap_walk *walk, uint64_t from);

/* Memory whose words are the allocator's own and hold nothing. 0 or -ENOMEM. */
int heap_variables_add(struct heap_walk *walk, uint64_t start, uint64_t end);

/* The extent that starts at an address, or NULL. */
struct heap_extent *heap_extent_at(const struct heap_walk *walk, uint64_t start);
/* The area that an address lies in, or NULL. */
const struct heap_area *heap_area_at(const struct heap *heap, uint64_t address);

#endif
