/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call frame instructions (DWARF 5 section 6.4.2), run. */
#ifndef MEMTRACE_UNWIND_PROGRAM_H
#define MEMTRACE_UNWIND_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/entry.h"
#include "unwind/rule_set.h"
#include "unwind/steps.h"

/* Where the rows of an FDE go. */
struct program_output {
	struct rule_set *rules;
	struct steps *steps;
};

/* Runs a CIE's program from cie->initial, and leaves there what it comes to. False if it is malformed. */
bool cie_program_run(const struct frame_bytes *section, const struct machine *machine, struct cie *cie);

/*
 * Runs an FDE's program, for its code from offset `from` on: what is before belongs to another.
 * False if it is malformed; from there on it is a gap.
 */
bool fde_program_run(const struct frame_bytes *section, const struct frame_entries *entries, const struct fde *fde,
                     uint32_t from, const struct program_output *output);

#endif
