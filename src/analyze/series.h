/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live bytes of one stack, report by report, in bounded memory, and the verdict on them.
 *
 * The newest reports are kept as they were; the whole series as points that each sum up as many reports, twice as
 * many whenever there is no more room. So growth is found that began long ago, and growth that began just now.
 */
#ifndef MEMTRACE_ANALYZE_SERIES_H
#define MEMTRACE_ANALYZE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/verdict.h"

/* Reports before which nothing is said. */
#define SERIES_REPORTS_MIN 12
#define SERIES_POINTS 24

/* What a report says of the stack. */
struct series_report {
	double time_s;
	uint64_t live_bytes, alloc_bytes, alloc_count, free_count;
};

/* One report, or several that follow each other. */
struct series_point {
	double time_s, mean_bytes;      /* means */
	uint64_t low_bytes, high_bytes; /* of live bytes */
	uint64_t alloc_bytes;           /* since attaching, as the last of them has it */
};

struct series {
	struct series_point recent[SERIES_POINTS]; /* of one report each; a ring */
	struct series_point whole[SERIES_POINTS];  /* of `stride` reports each, the last one of as many as there are */
	uint64_t n_reports, stride;
	uint64_t high_before_bytes; /* most that was live before the recent ones */
	struct series_report first, last;
	uint64_t last_change; /* number of the last report that told of an allocation or a free */
	unsigned int streak;  /* reports on end that showed growth */
	bool growing;
};

/* Begins the series with its first report. */
void series_begin(struct series *series, const struct series_report *report);
/* The next report; none that is not later than the one before. */
void series_add(struct series *series, const struct series_report *report);
void series_judge(const struct series *series, struct verdict *verdict);

#endif
