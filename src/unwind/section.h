/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A section of call frame information brought to memory, unpacked if it is compressed. */
#ifndef MEMTRACE_UNWIND_SECTION_H
#define MEMTRACE_UNWIND_SECTION_H

#include <stdint.h>

#include "unwind/entry.h"
#include "unwind/image.h"

/*
 * The bytes that section->bytes is made to point to are in *owned, for the caller to free. 0 or
 * -errno: -ENOEXEC when it cannot be unpacked, -ENOMEM, -EFBIG beyond 256 MiB.
 */
int frame_section_load(const struct unwind_source *source, const struct frame_section *from,
                       struct frame_bytes *section, uint8_t **owned);

#endif
