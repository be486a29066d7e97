/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire contract between the BPF programs and src/: fixed-width types only.
 */
#ifndef MEMTRACE_WIRE_H
#define MEMTRACE_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* What a probed function does with memory. */
enum mt_op {
	MT_ALLOC = 0,    /* returns a new block, or stores it through out_argument */
	MT_FREE,         /* gives up the block old_argument */
	MT_REALLOC,      /* gives up old_argument, returns a new block */
	MT_RESIZE,       /* resizes old_argument in place; returns the size reached (xallocx) */
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
 * Registers are numbered as in instruction encoding; 4 (rsp) stands for none.
 */
#define MT_NO_REGISTER 4
#define MT_COOKIE_OP(c) ((c) & 7)
#define MT_COOKIE_FAILURE(c) (((c) >> 3) & 3)
#define MT_COOKIE_SIZE(c) (((c) >> 5) & 15)
#define MT_COOKIE_COUNT(c) (((c) >> 9) & 15)
#define MT_COOKIE_OLD(c) (((c) >> 13) & 15)
#define MT_COOKIE_OUT(c) (((c) >> 17) & 15)
#define MT_COOKIE_PUSHED(c) (((c) >> 21) & 127)
#define MT_COOKIE_SLOT(c) (((c) >> 32) & 0xffff)
#define MT_COOKIE_SITE(c) (((c) >> 48) & 0xffff)

#endif
