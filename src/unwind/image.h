/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an ELF file has its code and its call frame information. Addresses are virtual, as the file has them. */
#ifndef MEMTRACE_UNWIND_IMAGE_H
#define MEMTRACE_UNWIND_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/source.h"

/* An executable PT_LOAD segment, as far as the file has bytes for it. */
struct code_segment {
	uint64_t start, end;
	uint64_t file_offset;
};

/* A section of call frame information, as it lies in the file. */
struct frame_section {
	uint64_t file_offset, size; /* size 0: there is none */
	uint64_t address;
	bool compressed;     /* SHF_COMPRESSED */
	bool old_compressed; /* .zdebug_frame */
	bool ends_at_a_zero; /* its size is not known, only a limit to it */
};

struct unwind_image {
	struct unwind_source source;
	uint16_t machine;              /* EM_X86_64 or EM_AARCH64 */
	uint64_t entry;                /* where the program, or the dynamic loader, begins; 0: nowhere */
	struct code_segment *segments; /* ascending and disjoint; owned */
	size_t n_segments;
	struct frame_section eh_frame, debug_frame;
};

/* Reads the headers of a source, which the image takes a copy of. 0 or -errno: -ENOEXEC, -ENOMEM. */
int unwind_image_open(struct unwind_image *image, const struct unwind_source *source);
void unwind_image_close(struct unwind_image *image);

/* The segment that holds the address, or NULL. */
const struct code_segment *unwind_image_code(const struct unwind_image *image, uint64_t address);

#endif
