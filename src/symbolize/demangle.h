/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linker symbols to the names that people wrote. */
#ifndef MEMTRACE_SYMBOLIZE_DEMANGLE_H
#define MEMTRACE_SYMBOLIZE_DEMANGLE_H

/*
 * The name to show for a symbol: without its version ("@@GLIBC_2.34") and the compiler's
 * clone suffixes (".constprop.0"), C++ demangled with its parameters, Rust without its
 * hash; printable (printable.h). What cannot be demangled, or would be longer than
 * PRINTABLE_MAX, is shown as it stands. The caller frees it; NULL when out of memory.
 */
char *demangle(const char *symbol);

#endif
