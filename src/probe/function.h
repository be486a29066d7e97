/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code of one function of an ELF file, and where its jumps and calls go.
 */
#ifndef MEMTRACE_PROBE_FUNCTION_H
#define MEMTRACE_PROBE_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/decode.h"
#include "probe/elf_file.h"

struct function {
	const uint8_t *code; /* the file's, lives as long as it */
	size_t size;         /* bytes; 0: not in the file */
	uint64_t address;
};

/*
 * Bounded by the symbol's size (64 KiB at most), or where that is not given by the next
 * function's start (4 KiB at most).
 */
struct function function_of(const struct elf_file *file, const struct elf_symbol *symbol);

/*
 * The address in this file that the decoded jump or call goes to: the one it names, or
 * through PLT or GOT that of the symbol as far as this file defines it. False when it
 * goes nowhere that can be told.
 */
bool function_target(const struct elf_file *file, const struct decoder *decoder, uint64_t *target);

/*
 * Does the function do nothing but hand its call on: is every way through it a jump to
 * an address for which `is_probed` holds, or a return that has called nothing and stored
 * nothing (but a constant in thread-local storage: errno)? Then a probe there would only
 * double the one behind it. A jump leaves no frame, so stacks are the same.
 */
bool function_forwards(const struct elf_file *file, const struct function *function,
                       bool (*is_probed)(void *context, uint64_t address), void *context);

#endif
