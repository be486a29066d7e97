/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rule holds from which address on, in ascending order: what is made from the call frame
 * information before it is cut into pages. Addresses are offsets from the image's first code page.
 */
#ifndef MEMTRACE_UNWIND_STEPS_H
#define MEMTRACE_UNWIND_STEPS_H

#include <stddef.h>
#include <stdint.h>

#define STEP_RULE 0xffff
#define STEP_GAP 0x10000    /* no call frame information; the rule is UNWIND_BAD */
#define STEP_UNSAID 0x20000 /* the format cannot say it; the rule is UNWIND_BAD */
#define STEP_KEPT 0x40000   /* the filter for call sites leaves it alone */

struct step {
	uint32_t offset;
	uint32_t what; /* number of the rule, and STEP_* */
};

struct steps {
	struct step *all; /* owned */
	size_t n, room;
	int err; /* -ENOMEM or -EFBIG once adding has failed */
};

/* At an offset not below the last one's; at the same offset the new one counts. */
void steps_add(struct steps *steps, uint32_t offset, uint32_t what);

/* To `result`, what `first` says, and `second` where that has a gap. Both may be empty. 0 or -errno. */
int steps_overlay(const struct steps *first, const struct steps *second, struct steps *result);

/* Lets gaps of at most `bytes` belong to what stands before them, and leaves out a gap that is first. */
void steps_close_gaps(struct steps *steps, uint32_t bytes);

void steps_free(struct steps *steps);

#endif
