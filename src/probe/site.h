/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where to put the probe of a function (site_MACHINE.c). On x86-64: on the first instruction of its
 * prologue that the kernel can emulate, if what the probe must read can still be read there. On aarch64: on its
 * first instruction, since the return address may be moved and signed by the next.
 */
#ifndef MEMTRACE_PROBE_SITE_H
#define MEMTRACE_PROBE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers by their number in instruction encoding (x86-64: rax 0, rcx 1, rdx 2,
 * rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 … r15; aarch64: x0 to x30). */
#define SITE_NO_REGISTER 0xff
#define SITE_ARGUMENTS 6 /* rdi rsi rdx rcx r8 r9, in that order; x0 to x5 */

struct site {
	uint32_t offset;                  /* from the function's first byte */
	uint8_t argument[SITE_ARGUMENTS]; /* the register that holds argument N there */
	uint8_t pushed_words;             /* words pushed since entry: return address at sp + 8 * this */
	bool emulated;                    /* the kernel emulates the instruction: no single-step */
	char instruction[48];             /* mnemonic and operands, for memtrace doctor */
};

/*
 * Chooses a site in a function.
 *
 * code, size:   the function's bytes, from its first one (bounded by the caller to
 *               the function's size, or to what is mapped of it)
 * address:      their virtual address in the file, to follow branches
 * needed:       bit N set: argument N must be readable at the site
 * wants_return: a return probe is set there too, so the stack pointer must not have moved
 *
 * Falls back to the entry (offset 0) when nothing better is found. Returns 0, or
 * -EINVAL when even the first instruction cannot be decoded.
 */
int site_choose(const uint8_t *code, size_t size, uint64_t address, uint32_t needed, bool wants_return,
                struct site *site);

#endif
