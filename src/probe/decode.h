/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking over the machine's instructions, one after another in memory (Capstone).
 */
#ifndef MEMTRACE_PROBE_DECODE_H
#define MEMTRACE_PROBE_DECODE_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder {
	csh capstone;
	cs_insn *instruction; /* the last one */
};

/* 0, -ENOMEM, or -ENOTSUP when Capstone was built without this machine. */
int decoder_open(struct decoder *decoder);
void decoder_close(struct decoder *decoder);

/*
 * Decodes the instruction at code[*at], moves *at behind it. What does not decode is
 * passed over by the least that an instruction can be. False at the end.
 *
 * address: of code[0]
 */
bool decoder_next(struct decoder *decoder, const uint8_t *code, size_t size, uint64_t address, size_t *at);
/* False for what does not decode. */
bool decoder_valid(const struct decoder *decoder);
/* Does the machine's group of such instructions (CS_GRP_*, or its own numbers) have it? */
bool decoder_in_group(const struct decoder *decoder, unsigned int group);

/* Of decode_MACHINE.c: */

/* A jump, conditional ones included, with its target: *target. False for others, indirect jumps included. */
bool decoder_jump(const struct decoder *decoder, uint64_t *target);
/* Any jump, call, return, interrupt or system call. */
bool decoder_leaves(const struct decoder *decoder);
/* A call of an address that stands in the instruction: *target. */
bool decoder_call(const struct decoder *decoder, uint64_t *target);
/* Any call. */
bool decoder_calls(const struct decoder *decoder);
bool decoder_returns(const struct decoder *decoder);
bool decoder_system_call(const struct decoder *decoder);
/* An indirect jump or call through a word at a fixed place, `jmp *disp(%rip)`: the address of the word. */
bool decoder_slot(const struct decoder *decoder, uint64_t *slot);
/*
 * A store, other than one that saves a register on the stack, or of a constant to thread-local storage as far as
 * that can be told.
 */
bool decoder_stores(const struct decoder *decoder);

/* Of the machine code itself, where decoding all of it would take too long: */

/*
 * The next direct call that begins at or behind bytes[*at] and is whole: moves *at to its beginning, *target is
 * where it goes. What looks like one may be the middle of something else.
 *
 * address: of bytes[0]
 */
bool decode_find_call(const uint8_t *bytes, size_t size, uint64_t address, size_t *at, uint64_t *target);
/* The slot of the GOT that a stub of the PLT jumps through. False when it is none. */
bool decode_stub(const uint8_t *code, size_t size, uint64_t address, uint64_t *slot);

#endif
