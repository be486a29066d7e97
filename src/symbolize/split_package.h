/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages of split DWARF (.dwp): where in them the sections of one unit are (DWARF 5, 7.3.5). */
#ifndef MEMTRACE_SYMBOLIZE_SPLIT_PACKAGE_H
#define MEMTRACE_SYMBOLIZE_SPLIT_PACKAGE_H

#include "symbolize/debug_sections.h"

/*
 * The parts of a package's sections that are the unit's, and the whole of its strings; all
 * of it the package's memory. False when it has no such unit.
 */
bool split_package_unit(const struct debug_sections *package, uint64_t id, struct debug_section rows[DEBUG_SECTIONS]);

#endif
