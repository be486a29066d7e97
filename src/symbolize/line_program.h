/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many rows a line program (DWARF 5, 6.2) makes, counted before libdw runs it: it keeps a
 * hundred bytes for each, and a hostile program makes one with every byte.
 */
#ifndef MEMTRACE_SYMBOLIZE_LINE_PROGRAM_H
#define MEMTRACE_SYMBOLIZE_LINE_PROGRAM_H

#include "symbolize/debug_sections.h"

/* Rows of the program at this offset of .debug_line, at most `max`, which stands for as many or more; 0: none. */
uint64_t line_program_rows(const struct debug_section *lines, uint64_t offset, uint64_t max);

#endif
