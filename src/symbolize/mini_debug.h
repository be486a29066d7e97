/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .gnu_debugdata ("MiniDebugInfo"): an ELF file, packed by xz, with the function symbols
 * that were stripped from the file that carries it.
 */
#ifndef MEMTRACE_SYMBOLIZE_MINI_DEBUG_H
#define MEMTRACE_SYMBOLIZE_MINI_DEBUG_H

#include "symbolize/elf_image.h"

struct mini_debug {
	uint8_t *bytes;
	struct elf_image image; /* of the bytes */
};

/* 0 or -errno, and then there is nothing to close: -ENODATA when the file carries none. */
int mini_debug_open(struct mini_debug *mini, Elf *elf);
void mini_debug_close(struct mini_debug *mini);

#endif
