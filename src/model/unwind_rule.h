/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to get from a frame to its caller's, at one place in code; made from call frame
 * information by unwind/, followed by the BPF programs. The CFA (canonical frame address,
 * DWARF 5 section 6.4) is the stack pointer of the caller once the call has returned.
 */
#ifndef MEMTRACE_MODEL_UNWIND_RULE_H
#define MEMTRACE_MODEL_UNWIND_RULE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* What the CFA is. The frame pointer is rbp, or x29. */
enum unwind_cfa {
	UNWIND_BAD,      /* no rule: a gap, or CFI beyond what this format can say */
	UNWIND_END,      /* outermost frame: its return address is undefined */
	UNWIND_SIGNAL,   /* a signal frame: the registers lie in the kernel's sigcontext at the stack pointer */
	UNWIND_SP,       /* sp + cfa_offset */
	UNWIND_FP,       /* fp + cfa_offset */
	UNWIND_DEREF_SP, /* *(sp + cfa_offset) + second_offset */
	UNWIND_DEREF_FP, /* *(fp + cfa_offset) + second_offset */
	UNWIND_PLT,      /* sp + 8 + ((pc & 15) >= cfa_offset ? 8 : 0) */
	UNWIND_REGISTER, /* register number second_offset (enum unwind_saved) + cfa_offset */
	UNWIND_CFA_COUNT,
};

/* Where the caller's frame pointer is. */
enum unwind_fp {
	UNWIND_FP_SAME,   /* unchanged */
	UNWIND_FP_AT_CFA, /* at CFA + fp_offset */
	UNWIND_FP_AT_FP,  /* at fp + fp_offset */
	UNWIND_FP_LOST,
};

/* Other registers that a CFA may be computed from: callee-saved ones, then those that hold only until the next call. */
enum unwind_saved {
	UNWIND_RBX,
	UNWIND_R12,
	UNWIND_R13,
	UNWIND_R14,
	UNWIND_R15,
	UNWIND_SAVED_COUNT,
	UNWIND_RAX = UNWIND_SAVED_COUNT, /* from here on: of code that a signal interrupted */
	UNWIND_RCX,
	UNWIND_RDX,
	UNWIND_RSI,
	UNWIND_RDI,
	UNWIND_R8,
	UNWIND_R9,
	UNWIND_R10,
	UNWIND_R11,
	UNWIND_REGISTER_COUNT,
};

#define UNWIND_SAVED_LOST (-32768)

struct unwind_rule {
	__s32 cfa_offset;    /* bytes */
	__s32 fp_offset;     /* bytes */
	__s16 second_offset; /* bytes */
	__s16 ra_words;      /* the return address is at CFA + 8 * this; 0: in the link register (aarch64) */
	__s16
	    saved_words[UNWIND_SAVED_COUNT]; /* caller's value at CFA + 8 * this; 0: unchanged; or UNWIND_SAVED_LOST */
	__u8 cfa;                            /* enum unwind_cfa */
	__u8 fp;                             /* enum unwind_fp */
};

/*
 * A table: rows in ascending order, of pages of 64 KiB of addresses each. A row is
 * low 16 bits of the address << 16 | index of the rule that holds from there on.
 * A page's first row is at its first byte.
 */
#define UNWIND_PAGE_BITS 16
#define UNWIND_ROW(address, rule) ((__u32)(address) << 16 | (rule))
#define UNWIND_ROW_LOW(row) ((row) >> 16)
#define UNWIND_ROW_RULE(row) ((row)&0xffff)
#define UNWIND_MAX_RULES 0x10000
#define UNWIND_PAGE_MAX_ROWS 16383 /* what does not fit is UNWIND_BAD, and counted */

#endif
