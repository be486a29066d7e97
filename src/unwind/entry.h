/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of a section of call frame information (DWARF 5 section 6.4.1; LSB 5.0 core,
 * section 10.6.1): common ones (CIE), and one for each piece of code (FDE).
 */
#ifndef MEMTRACE_UNWIND_ENTRY_H
#define MEMTRACE_UNWIND_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/frame_state.h"
#include "unwind/image.h"

/* A section in memory. */
struct frame_bytes {
	const uint8_t *bytes;
	uint32_t size;
	uint64_t address; /* virtual, of the first byte */
	bool is_eh;       /* .eh_frame, as against .debug_frame */
	bool ends_at_a_zero;
};

struct cie {
	uint32_t offset; /* in the section */
	uint32_t program, program_end;
	uint64_t code_align;
	int64_t data_align;
	struct frame_state initial; /* after its own program */
	uint8_t encoding;           /* of addresses in its FDEs */
	bool has_augmentation;      /* its FDEs have a length of augmentation data */
	bool is_signal;
	bool usable;
};

/* Code addresses as offsets from `origin` of the entries. */
struct fde {
	uint32_t start, end;
	uint32_t program, program_end; /* in the section */
	uint32_t cie;                  /* index */
};

struct frame_entries {
	uint64_t origin;
	const struct machine *machine;
	struct cie *cies; /* owned, ascending by offset */
	size_t n_cies;
	struct fde *fdes; /* owned, ascending by start; at the same start as in the section */
	size_t n_fdes;
	size_t n_malformed;
};

/*
 * Finds the entries of code within the image's segments and 4 GiB of `origin`. Others, and those
 * that cannot be read, are counted. 0 or -errno: -ENOMEM.
 */
int frame_entries_read(struct frame_entries *entries, const struct frame_bytes *section,
                       const struct unwind_image *image, uint64_t origin);
void frame_entries_free(struct frame_entries *entries);

#endif
