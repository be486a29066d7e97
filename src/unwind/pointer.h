/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoded pointers of .eh_frame and .eh_frame_hdr (LSB 5.0 core, section 10.5.1). */
#ifndef MEMTRACE_UNWIND_POINTER_H
#define MEMTRACE_UNWIND_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/cursor.h"

#define POINTER_FORMAT 0x0f
#define POINTER_ABSOLUTE 0x00 /* DW_EH_PE_absptr */
#define POINTER_RELATIVE 0x10 /* DW_EH_PE_pcrel */
#define POINTER_ALIGNED 0x50  /* DW_EH_PE_aligned */

/* Whether encoded_pointer() gives an address for the encoding. */
bool encoded_pointer_is_known(uint8_t encoding);

/* The pointer at the cursor, which is at virtual address `here`. Of other encodings only the bytes are taken. */
uint64_t encoded_pointer(struct cursor *cursor, uint8_t encoding, uint64_t here);

#endif
