/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire contract between the BPF programs and src/: fixed-width types only.
 */
#ifndef MEMTRACE_WIRE_H
#define MEMTRACE_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "model/kind.h"
#include "model/loss.h"
#include "model/unwind_rule.h"

/* What a probed function does with memory. */
enum mt_op {
	MT_ALLOC = 0, /* returns a new block, or stores it through out_argument */
	MT_FREE,      /* gives up the block old_argument */
	MT_REALLOC,   /* gives up old_argument, returns a new block */
	MT_RESIZE,    /* resizes old_argument in place; returns the size reached (xallocx) */
};

/* Which return value of it means that nothing was allocated. */
enum mt_failure {
	MT_FAIL_NULL = 0,
	MT_FAIL_NONZERO, /* posix_memalign */
	MT_FAIL_SMALLER, /* xallocx: less than the size asked for */
};

/*
 * A probe's cookie says all there is to know of its site:
 *  bits  0- 2 operation       3- 4 failure
 *        5- 8 size register   9-12 count register  13-16 old-pointer register
 *       17-20 out-pointer register                 21-27 words pushed since entry
 *       32-47 process slot   48-63 index of the site (for counters and doctor)
 * Registers are numbered as in instruction encoding; one that holds no argument stands for none: rsp, x15.
 */
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define MT_NO_REGISTER 15
#else
#define MT_NO_REGISTER 4
#endif
#define MT_COOKIE_OP(c) ((c)&7)
#define MT_COOKIE_FAILURE(c) (((c) >> 3) & 3)
#define MT_COOKIE_SIZE(c) (((c) >> 5) & 15)
#define MT_COOKIE_COUNT(c) (((c) >> 9) & 15)
#define MT_COOKIE_OLD(c) (((c) >> 13) & 15)
#define MT_COOKIE_OUT(c) (((c) >> 17) & 15)
#define MT_COOKIE_PUSHED(c) (((c) >> 21) & 127)
#define MT_COOKIE_SLOT(c) (((c) >> 32) & 0xffff)
#define MT_COOKIE_SITE(c) (((c) >> 48) & 0xffff)

#define MT_MAX_PROCESSES 256 /* process slots; the key has room for 32,768 */
#define MT_GENERATIONS 16    /* of a slot: one more with each exec, modulo this */

/*
 * The live table: buckets of 8 slots; a block's key is in one of two buckets of one
 * level, or in the odd table. Levels are added as it fills; inserts go to one of them.
 * A slot is claimed by compare-and-swap of its key from 0, and given up by one to
 * MT_KEY_BUSY, so that one taker alone empties it. time_ns is written last and zeroed
 * before the key is released: a reader that sees key and time_ns unchanged around its
 * copy has a whole block.
 */
#define MT_BUCKET_SLOTS 8
#define MT_MAX_LEVELS 8
#define MT_CROWDED 4096 /* inserts into nearly full buckets, after which src/collect looks whether to grow */

struct mt_block {
	__u64 size_bytes;
	__u64 time_ns; /* of the allocation, CLOCK_MONOTONIC; 0: being written */
	__u32 stack;
	__u32 origin;
};

/* The node of the CPU that allocated (Linux has at most 1,024) and the thread's ID; of kernel memory, the node asked
 * for + 1. */
#define MT_ORIGIN(node, rest) ((__u32)(node) | (__u32)(rest) << 10)
#define MT_ORIGIN_NODE(origin) ((origin)&1023)
#define MT_ORIGIN_REST(origin) ((origin) >> 10)

struct mt_bucket {
	__u64 key[MT_BUCKET_SLOTS];
	struct mt_block block[MT_BUCKET_SLOTS];
};

/* Owner of a block: process slot and its generation. */
#define MT_OWNER(slot, generation) (((__u64)(slot) << 4) | ((generation) & (MT_GENERATIONS - 1)))
/* Bits 0-44: address / 8 (aarch64 has 48 bits of them); 45-48: generation; 49-63: slot. */
#define MT_KEY_ADDRESS_BITS 45
#define MT_KEY(owner, address) (((owner) << MT_KEY_ADDRESS_BITS) | ((address) >> 3))
#define MT_KEY_BUSY (~0ULL)
#define MT_KEY_ADDRESS(key) (((key) & ((1ULL << MT_KEY_ADDRESS_BITS) - 1)) << 3)
#define MT_KEY_OWNER(key) ((key) >> MT_KEY_ADDRESS_BITS)
/* An address that does not fit the key goes to the odd table. */
#define MT_ADDRESS_IS_ODD(address) (((address)&7) || ((address) >> (MT_KEY_ADDRESS_BITS + 3)))

struct mt_odd_key {
	__u64 address;
	__u64 owner;
};

/*
 * Stacks: a row of statistics each, found through an index of tagged words; its frames stand in a
 * chain of pieces. Programs take rows and pieces from lists of free ones; only src/collect/reclaim.c
 * gives them back, once nothing can refer to them.
 */
#define MT_MAX_DEPTH 1024
#define MT_PIECE_FRAMES 15
#define MT_INDEX_SLOTS 8

struct mt_stack {
	__u64 alloc_bytes, alloc_count;
	__u64 free_bytes, free_count;
	__u64 hash;
	__u32 first_piece; /* of its frames */
	__u16 n_frames;
	__u8 kind;  /* enum block_kind */
	__u8 flags; /* MT_STACK_* and the end */
	__u32 owner;
	__u32 code_version; /* of the process's code, when the stack was walked */
};

#define MT_NOBODY 0xffffffffU /* owner of what a program left that its process runs no more */

#define MT_STACK_END(flags) ((flags)&7) /* enum stack_end */
#define MT_STACK_GUESSED 8
#define MT_STACK_USED 16 /* written whole */

/* The first rows are of no frames: what a slot's blocks belong to, by kind, when there is no room for their stack. */
#define MT_NO_STACKS (4 * MT_MAX_PROCESSES)
#define MT_NO_STACK(slot, kind) (4 * (slot) + ((kind)&3))

struct mt_piece {
	__u64 frame[MT_PIECE_FRAMES];
	__u32 next; /* piece, where the stack has more frames */
	__u32 spare;
};

/* Numbers that are free: a ring, of a power of two, with room for all that there are. */
struct mt_free_list {
	__u64 taken; /* by programs since the beginning; the next one stands there */
	__u64 given;
	__u64 wake_at; /* who takes this one, or one after it, wakes memtrace and makes it 0 */
};

/* word = tag << 32 | (stack + 1); 0: free */
struct mt_index_bucket {
	__u64 word[MT_INDEX_SLOTS];
};

/*
 * Churn, for memtrace churn alone: a row for each of the stack table, of the blocks that the stack allocated.
 * Histograms are by significant bits, the last bucket open: [0] 0, [b] from 2^(b-1) to 2^b - 1.
 */
#define MT_CHURN_BUCKETS 48
#define MT_FREE_PLACES 8
#define MT_SOON_NS 1000000

struct mt_free_place {
	__u64 address; /* return address of the call that freed; 0: none yet */
	__u64 count;
};

struct mt_churn {
	__u64 live_bytes, peak_bytes;
	__u64 soon_count, soon_bytes; /* freed within MT_SOON_NS */
	__u64 other_thread_count;     /* freed by another thread than allocated them */
	/*
	 * Of its own calls of realloc: those that made a block larger, the bytes of the blocks that were left behind
	 * for that, and all bytes that moved.
	 */
	__u64 regrown_count, outgrown_bytes, moved_bytes;
	__u64 lifetimes_ns[MT_CHURN_BUCKETS]; /* of freed blocks */
	__u64 sizes[MT_CHURN_BUCKETS];        /* of allocated ones, in bytes */
	struct mt_free_place places[MT_FREE_PLACES];
	__u64 elsewhere_count; /* freed from further places, or from one that could not be read */
};

/*
 * Rows of the table of totals: of a slot its process's, which is by the node of none, and one for each node, by
 * the CPU that allocated.
 */
struct mt_churn_total {
	__u64 live_bytes, peak_bytes; /* the process's alone */
	__u64 alloc_count, alloc_bytes;
	__u64 free_count, free_bytes;
	__u64 other_node_count; /* freed by a CPU of another node */
};
#define MT_CHURN_TOTAL(slot, n_nodes, node) ((slot) * ((n_nodes) + 1) + (node) + 1)

/*
 * Unwind tables (model/unwind_rule.h), one for each file whatever processes map it: an object.
 * Its pages, rows and rules stand in tables that all share; rows in shards, a page's in one.
 */
#define MT_SHARD_ROWS (1U << 18)
#define MT_MAX_SHARDS 1024
#define MT_MAX_UNWIND_PAGES (1U << 16)
#define MT_MAX_UNWIND_RULES (1U << 17)
#define MT_MAX_UNWIND_OBJECTS (1U << 13)
#define MT_FIRST_RULE 8 /* numbers below say why there is none: bpf/rules.bpf.h */

struct mt_unwind_shard {
	__u32 row[MT_SHARD_ROWS];
};

struct mt_unwind_page {
	__u32 first_row; /* shard * MT_SHARD_ROWS + place in it */
	__u32 n_rows;
};

struct mt_unwind_object {
	__u32 first_page; /* of the file's addresses: address >> UNWIND_PAGE_BITS */
	__u32 n_pages;
	__u32 page, rule; /* index of the first one */
	__u32 all_code;   /* its rows are right for any address, not for return addresses alone */
	__u32 spare;
};

/* What an object's number can be instead. */
#define MT_OBJECT_NO_CFI 0xffffffffU /* code without call frame information */
#define MT_OBJECT_GONE 0xfffffffeU   /* unmapped since */

/*
 * What a process has mapped executable, sorted. It is replaced whole when that changes, so that a
 * walk sees one version from its first frame to its last; a program changes it only to say that a
 * range is gone. The cache is of this version alone: address << 17 | number of its rule.
 */
#define MT_CODE_RANGES 2048
#define MT_CODE_CACHE 2048

struct mt_code_range {
	__u64 start;
	__u64 bias;    /* address in the process - address in the file */
	__u32 n_pages; /* of 4 KiB */
	__u32 object;
};

struct mt_code {
	__u32 version; /* the process's code_version that it is right for */
	__u32 n_ranges;
	__u32 gone;     /* counts the times that ranges went */
	__u32 events;   /* the process's code_events when it was made, at least */
	__u64 asked_ns; /* when it was last found to lack something */
	struct mt_code_range range[MT_CODE_RANGES];
	__u64 cache[MT_CODE_CACHE];
};

struct mt_range {
	__u64 low, high; /* [low, high) */
};

#define MT_FLUSH_RANGES 4
#define MT_WRAPPER_RANGES 4

/* A process slot. */
struct mt_process {
	__u32 tgid; /* in the initial PID namespace */
	__u32 generation;
	struct mt_range flush[MT_FLUSH_RANGES];       /* return addresses of an allocator's own frees at thread exit */
	struct mt_range wrapper[MT_WRAPPER_RANGES];   /* code that may have wrapper rows */
	struct mt_range allocator[MT_WRAPPER_RANGES]; /* code whose mappings are the allocator's own */
	struct mt_range libc; /* the C library's: its mappings are its allocator's but for thread stacks */
	__u64 untraced_children;
	__u64 program;   /* the address space of the last exec, by its address in the kernel */
	__s32 exit_code; /* as wait() gives it, once exited */
	__u32 exited;
	__u32 traced;       /* hits count from now on */
	__u32 walk_version; /* one more with each change of what a walk goes by */
	__u32 has_ranges;   /* a mapping of it was reported since its last exec */
	__u32 code_version; /* one more each time that code was unmapped */
	__u32 code_events;  /* one more each time that code was mapped */
	__u32 inherits;     /* it was forked, and has run no other program: blocks unknown here are its parent's */
};

/* How to step over a frame without a frame pointer: by return address and process slot. */
struct mt_wrapper_key {
	__u64 address;
	__u64 slot;
};

struct mt_wrapper_row {
	__s32 cfa_sp_offset; /* CFA = stack pointer + this */
	__s32 fp_cfa_offset; /* the caller's frame pointer is at CFA + this; 0: unchanged */
	__s32 ra_cfa_offset; /* the return address is at CFA + this; 0: in the link register (aarch64) */
};

enum mt_event_type {
	MT_EVENT_MAP = 1,   /* an anonymous mapping: address, length, stack, flags */
	MT_EVENT_TAKE,      /* munmap or mremap begins on address, length */
	MT_EVENT_RESTORE,   /* … and failed: what this thread took is there still */
	MT_EVENT_MOVE,      /* mremap succeeded: what this thread took is now at address, length */
	MT_EVENT_BRK,       /* the break moved from address to length */
	MT_EVENT_CODE,      /* something may be mapped executable that memtrace does not know */
	MT_EVENT_CODE_GONE, /* what was executable at address, length is so no more; flags: code_version from then on */
	MT_EVENT_ALL_CODE,  /* a signal interrupted code of object `flags`, whose table has return addresses alone */
	MT_EVENT_EXEC,      /* the process runs a new program */
	MT_EVENT_CROWDED,   /* a table is crowded: it wakes memtrace, which looks for itself */
};

#define MT_EXEC_BY_MAIN_THREAD 1

struct mt_event {
	__u32 type;
	__u16 slot;
	__u16 node;
	__u32 thread;
	__u32 stack;
	__u32 generation;
	__u32 flags; /* of mmap or mremap; of an exec: MT_EXEC_BY_MAIN_THREAD */
	__u64 address, length;
	__u64 time_ns;
};

/* What the guard (bpf/guard) asks for: put `value` at `address` of the process with that ID in memtrace's namespace. */
struct mt_guard_request {
	__u64 address, value;
	__u64 process;
};

#endif
