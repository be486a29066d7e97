/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of kernel addresses, from /proc/kallsyms. */
#ifndef MEMTRACE_SYMBOLIZE_KALLSYMS_H
#define MEMTRACE_SYMBOLIZE_KALLSYMS_H

#include <stdint.h>

struct kallsyms;

struct kernel_symbol {
	uint64_t start;
	const char *name;   /* printable; of several for one place a global one with the fewest leading underscores */
	const char *module; /* without brackets; NULL: the kernel itself */
};

/*
 * Reads `path`; NULL: /proc/kallsyms. 0 or -errno: -EPERM when addresses are hidden from memtrace
 * (kptr_restrict, without CAP_SYSLOG).
 */
int kallsyms_new(const char *path, struct kallsyms **result);
void kallsyms_free(struct kallsyms *symbols);

/* The function that holds the address; NULL when none does. Symbols have no sizes: one reaches to the next. */
const struct kernel_symbol *kallsyms_find(const struct kallsyms *symbols, uint64_t address);

#endif
