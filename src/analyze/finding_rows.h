/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings as rows: a key, and a function that looks whether it is so and writes its line. Shares from
 * which on something is worth a line are percent of what they are a share of.
 */
#ifndef MEMTRACE_ANALYZE_FINDING_ROWS_H
#define MEMTRACE_ANALYZE_FINDING_ROWS_H

#include <stdbool.h>

#include "model/machine_report.h"

#define FINDING_SIZE 320

/* The line of a finding while it is written. */
struct line {
	const struct machine_report *report;
	char text[FINDING_SIZE];
};

struct finding_row {
	const char *key;
	bool (*found)(struct line *line); /* false: it is not so */
};

/* What state alone tells, of nodes and zones and of the whole; what it tells with a setting. NULL at the end. */
extern const struct finding_row finding_rows_zones[], finding_rows_state[], finding_rows_settings[];

/* Writes the line. Always true. */
bool line_say(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A setting's number. False where it is not there, or no number. */
bool line_setting(const struct line *line, const char *name, uint64_t *value);
/* meminfo's bytes, and vmstat's counters and their change a second; 0 where there is none. */
uint64_t line_memory(const struct line *line, const char *name);
uint64_t line_counter(const struct line *line, const char *name);
double line_rate(const struct line *line, const char *name);
double percent_of(uint64_t part, uint64_t whole);
/* A node of little free memory beside one of much. False where there are no such two. */
bool line_imbalance(const struct line *line, const struct machine_node **full, const struct machine_node **empty);

#endif
