/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process's memory says of its live blocks: words that may be pointers, and what leads to which block. */
#ifndef MEMTRACE_MODEL_REACH_H
#define MEMTRACE_MODEL_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum leak_class {
	LEAK_UNJUDGED,
	LEAK_DEFINITE,  /* nothing leads to it */
	LEAK_INDIRECT,  /* only leaked blocks lead to it */
	LEAK_POSSIBLE,  /* on every way to it there is a pointer into the middle of a block */
	LEAK_REACHABLE, /* a root leads to it, by pointers to the beginnings of blocks */
	LEAK_CLASS_COUNT,
};

/* "definite", …; static. */
const char *leak_class_name(enum leak_class leak_class);

struct reach_block {
	uint64_t address, size_bytes;
	uint32_t slack_bytes; /* behind it: nothing points there on purpose */
	bool slack_counts;    /* what stands there is the block's; else it leads nowhere */
	bool divided; /* made to be pointed into, as a mapping is: any pointer into it counts as one to its beginning */
};

/* A word that may point into a live block. */
struct reach_word {
	uint64_t at; /* where it lies: an address, or one of the following */
	uint64_t value;
};

/* In a thread's register: which one is the machine's. Beyond all addresses of user space, so behind them in order. */
#define REACH_IN_REGISTER(thread, n) (1ULL << 63 | (uint64_t)(uint32_t)(thread) << 16 | ((n)&0xffff))
/* A register's number on all machines: what it points into is a stack in use, wherever in it. */
#define REACH_STACK_POINTER 0xffff
/* In the kernel alone, which gives it back to the program one day: what it leads to is possibly leaked. */
enum reach_kept {
	REACH_KEPT_FOR_EPOLL,
	REACH_KEPT_FOR_TIMER,
	REACH_KEPT_AS_SIGNAL_STACK,
	REACH_KEPT_COUNT,
};
#define REACH_IN_KERNEL(kept) (1ULL << 62 | (kept))
#define REACH_IS_ADDRESS(at) (!((at) >> 62))
#define REACH_IS_REGISTER(at) ((at) >> 63)
#define REACH_IS_STACK_POINTER(at) (REACH_IS_REGISTER(at) && REACH_REGISTER(at) == REACH_STACK_POINTER)
#define REACH_THREAD(at) ((uint32_t)((at) >> 16))
#define REACH_REGISTER(at) ((uint16_t)(at))
#define REACH_KEPT(at) ((unsigned int)((at)&0xff))

/* Of a word's value, what it points to: without the bits that no address of user space has, which may be a tag. */
#define REACH_UNTAGGED(value) ((value) & ((1ULL << 48) - 1))

#define REACH_NOBODY UINT32_MAX

/* Who leads to a block, of the shortest way there is from a root. */
struct reach_holder {
	uint32_t block; /* index of the block that the pointer lies in; REACH_NOBODY: in a root, or nobody */
	uint32_t word;  /* index of the pointer; REACH_NOBODY: nobody */
};

struct reach_result {
	uint8_t *classes;             /* by block, enum leak_class */
	struct reach_holder *holders; /* by block */
};

#endif
