/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where probes would go in a process, without putting any there. */
#ifndef MEMTRACE_COLLECT_SURVEY_H
#define MEMTRACE_COLLECT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct survey_row {
	uint64_t address;   /* in the process */
	const char *object; /* path */
	const char *name;   /* of the function */
	uint32_t offset;    /* from its first byte */
	const char *instruction;
	bool emulated, wants_return;
};

/* Calls `found` for every probe. 0, or -errno with one line in `error`. */
int survey(pid_t pid, void (*found)(void *context, const struct survey_row *row), void *context, char *error,
           size_t error_size);

#endif
