/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the samples of a profile.proto refer to by number: strings, functions, locations and mappings, each written
 * when it first comes (mappings at the end). Only what tells them apart is kept.
 */
#ifndef MEMTRACE_REPORT_PPROF_TABLES_H
#define MEMTRACE_REPORT_PPROF_TABLES_H

#include <stdint.h>

#include "model/snapshot.h"
#include "util/buffer.h"
#include "util/intern.h"

/* Fields of message Profile. */
enum pprof_field {
	PPROF_SAMPLE_TYPE = 1,
	PPROF_SAMPLE = 2,
	PPROF_MAPPING = 3,
	PPROF_LOCATION = 4,
	PPROF_FUNCTION = 5,
	PPROF_STRING_TABLE = 6,
	PPROF_TIME_NANOS = 9,
	PPROF_DURATION_NANOS = 10,
	PPROF_PERIOD_TYPE = 11,
	PPROF_PERIOD = 12,
	PPROF_COMMENT = 13,
	PPROF_DEFAULT_SAMPLE_TYPE = 14,
};

struct pprof_mapping;

struct pprof_tables {
	struct buffer out; /* fields of Profile that are to be written */
	struct intern *strings, *functions, *locations, *mappings;
	struct pprof_mapping *rows; /* by number of mapping */
	struct buffer text, key, message, part;
	bool failed; /* out of memory; so are the buffers when they say so */
};

/* 0 or -ENOMEM; pprof_tables_free() follows in either case. */
int pprof_tables_init(struct pprof_tables *tables);
void pprof_tables_free(struct pprof_tables *tables);
bool pprof_tables_failed(const struct pprof_tables *tables);

/* The index of a string: as it is (ASCII), or of a name from the target, escaped. NULL is the empty one. */
uint64_t pprof_string(struct pprof_tables *tables, const char *text);
uint64_t pprof_name(struct pprof_tables *tables, const char *name);

/* The main binary's mapping is to be the first. */
void pprof_main_mapping(struct pprof_tables *tables, const struct snapshot *snapshot);
/* The location of frames i, i + 1, … of a stack, which is one address; *n: how many of them. */
uint64_t pprof_location(struct pprof_tables *tables, const struct process *process, const struct stack *stack, size_t i,
                        size_t *n);
/* Puts all mappings to `out`. */
void pprof_write_mappings(struct pprof_tables *tables);

#endif
