/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking over x86-64 instructions, one after another in memory (Capstone).
 */
#ifndef MEMTRACE_PROBE_DECODE_H
#define MEMTRACE_PROBE_DECODE_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder {
	csh capstone;
	cs_insn *instruction; /* the last one; id X86_INS_INVALID for a byte that decodes to nothing */
};

/* 0, -ENOMEM, or -ENOTSUP when Capstone was built without x86. */
int decoder_open(struct decoder *decoder);
void decoder_close(struct decoder *decoder);

/*
 * Decodes the instruction at code[*at], moves *at behind it. What does not decode is
 * passed over byte by byte. False at the end.
 *
 * address: of code[0]
 */
bool decoder_next(struct decoder *decoder, const uint8_t *code, size_t size, uint64_t address, size_t *at);

/* A jump, conditional ones included, with its target: *target. False for others, indirect jumps included. */
bool decoder_jump(const struct decoder *decoder, uint64_t *target);
/* Any jump, call, return, interrupt or system call. */
bool decoder_leaves(const struct decoder *decoder);
/* A call of an address that stands in the instruction: *target. */
bool decoder_call(const struct decoder *decoder, uint64_t *target);
/* An indirect jump or call through a word at a fixed place, `jmp *disp(%rip)`: the address of the word. */
bool decoder_slot(const struct decoder *decoder, uint64_t *slot);

#endif
