/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found out about tcmalloc, step by step, and the layout of its structures (gperftools' span.h, common.h,
 * central_freelist.h, thread_cache.h).
 */
#ifndef MEMTRACE_HEAP_TCMALLOC_STATE_H
#define MEMTRACE_HEAP_TCMALLOC_STATE_H

#include "heap/walker.h"

#define TCMALLOC_PAGE_BITS 13
#define TCMALLOC_CLASSES 128                  /* there is room for; 0 is that of large blocks */
#define TCMALLOC_SMALL_MAX_BYTES (256U << 10) /* larger ones have pages of their own */

/* The tree from a page to what is known of it: a root of 2^17 pointers to leaves of 2^18 words. */
#define TCMALLOC_LEAF_BITS 18
#define TCMALLOC_LEAF_WORDS (1UL << TCMALLOC_LEAF_BITS)
#define TCMALLOC_LEAF_BYTES (TCMALLOC_LEAF_WORDS * sizeof(uint64_t))
#define TCMALLOC_ROOT_WORDS (1UL << 17)
#define TCMALLOC_ROOT_BYTES (TCMALLOC_ROOT_WORDS * sizeof(uint64_t))

/* struct Span: first page, pages, next, previous, first free object, numbers. */
#define SPAN_NEXT 16
#define SPAN_PREVIOUS 24
#define SPAN_BYTES 48

/* class CentralFreeList, one for each size class, padded to cache lines. */
#define CENTRAL_CLASS 8
#define CENTRAL_EMPTY 16    /* a span: the list of those that have no free object */
#define CENTRAL_NONEMPTY 64 /* the same, of the others */
#define CENTRAL_SPANS 112
#define CENTRAL_FREE 120
#define CENTRAL_SLOTS 128 /* chains of objects: first and last */
#define CENTRAL_SLOT_COUNT 64
#define CENTRAL_USED_SLOTS 1152
#define CENTRAL_READ_BYTES 1168
#define CENTRAL_BYTES 1216

enum tcmalloc_location {
	SPAN_IN_USE,
	SPAN_FREE,
	SPAN_RETURNED, /* to the kernel */
	SPAN_LOCATIONS,
};

/* Pages that are one large block, free, or cut into objects of one size. */
struct tcmalloc_span {
	uint64_t at; /* its description */
	uint64_t start, end;
	uint64_t list;       /* its first free object; of a sampled block, what was noted of it */
	size_t first_extent; /* of its objects, one behind the other */
	uint32_t n_objects;  /* 0: they were not written down */
	uint16_t n_handed_out;
	uint8_t size_class;
	uint8_t location; /* enum tcmalloc_location */
	bool is_sampled;
	bool is_listed; /* by the central cache */
	bool is_whole;  /* its list of free objects is as long as it should be */
};

struct tcmalloc_class {
	uint32_t object_bytes;
	uint32_t span_pages;
	uint32_t batch;   /* objects that go to a transfer cache together */
	bool is_doubtful; /* some of its free objects may not have been found */
};

struct tcmalloc_page {
	uint64_t address; /* 0: none */
	uint8_t bytes[HEAP_PAGE_BYTES];
};

/* Memory of the allocator's own. */
struct tcmalloc_own {
	uint64_t start, end;
};

struct tcmalloc {
	struct heap_walk *walk;
	uint64_t variables, variables_end; /* the library's, near its central cache */
	uint64_t central;
	uint64_t root;
	struct tcmalloc_class classes[TCMALLOC_CLASSES];
	uint32_t n_classes;
	struct tcmalloc_span *spans; /* by address */
	size_t n_spans;
	struct radix_key *descriptions; /* where each span's is, by address */
	struct tcmalloc_own *own;
	size_t n_own;
	size_t *met; /* extents of the list that is being walked */
	size_t n_met;
	uint32_t cache_steps; /* that were made from one thread's cache to the next */
	bool caches_known;    /* all threads' */
	struct tcmalloc_page page;
};

/* Copies memory of the process that is likely to be near what was copied before. */
bool tcmalloc_read(struct tcmalloc *tcmalloc, uint64_t address, void *buffer, size_t size);
/* The next word that is not 0 from *at on, in the window; false at its end. What cannot be read is passed over. */
bool tcmalloc_next_word(struct heap_walk *walk, uint64_t *at, uint64_t *word);

/* Finds the library's variables: central cache, size classes, the tree's root. False: there are none. */
bool tcmalloc_find(struct tcmalloc *tcmalloc);

/* Lists all spans. 0 or -ENOMEM. */
int tcmalloc_read_spans(struct tcmalloc *tcmalloc);
/* Takes one page's description apart. False where it contradicts itself, or cannot be read. */
bool tcmalloc_read_span(struct tcmalloc *tcmalloc, uint64_t at, uint64_t page, struct tcmalloc_span *span);
/* The span whose description is at an address, or NULL. */
struct tcmalloc_span *tcmalloc_described(const struct tcmalloc *tcmalloc, uint64_t at);

/* Writes down what all spans are, every object as in use. 0 or -ENOMEM. */
int tcmalloc_add_spans(struct tcmalloc *tcmalloc);
/* Notes memory of the allocator's own. 0 or -ENOMEM. */
int tcmalloc_note_own(struct tcmalloc *tcmalloc, uint64_t start, uint64_t size);
/* Writes that down, when all is noted. 0 or -ENOMEM. */
int tcmalloc_add_own(struct tcmalloc *tcmalloc);

/* Free objects of one class, each of which begins with the address of the next. */
struct tcmalloc_list {
	uint64_t first;
	uint64_t last; /* 0: not known */
	uint64_t length;
	const struct tcmalloc_span *span; /* that all are in; NULL: in any */
	uint32_t size_class;
};

/*
 * Walks a list and marks its objects as free. 0 or -errno: -EBADMSG where it leads astray, -EBUSY where it has another
 * length, and then its objects are in doubt.
 */
int tcmalloc_follow(struct tcmalloc *tcmalloc, const struct tcmalloc_list *list);

/* Frees what spans' lists say is free. 0 or -ENOMEM. */
int tcmalloc_read_span_lists(struct tcmalloc *tcmalloc);
/* The same for the central cache, which all threads share. 0 or -ENOMEM. */
int tcmalloc_read_central(struct tcmalloc *tcmalloc);
/* The same for what each thread keeps. 0 or -ENOMEM. */
int tcmalloc_read_caches(struct tcmalloc *tcmalloc);

#endif
