/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a series of reports says of a stack's live bytes, and on what that rests. */
#ifndef MEMTRACE_MODEL_VERDICT_H
#define MEMTRACE_MODEL_VERDICT_H

#include <stdint.h>

enum verdict_kind {
	VERDICT_NONE,     /* no evidence yet */
	VERDICT_GROWING,  /* beyond all that it was, and no slower than before */
	VERDICT_BOUNDED,  /* it has reached its level */
	VERDICT_ONE_TIME, /* allocated within one interval, and nothing since */
	VERDICT_CHURNING, /* blocks come and go; their sum does not grow */
	VERDICT_COUNT,
};

/* Per cent, of the interval that the slope lies in. */
#define VERDICT_CONFIDENCE 99

struct verdict {
	enum verdict_kind kind;
	/* Of the rest all is 0 without a verdict. The window is the newest part of the series, that the rest is of. */
	uint64_t points; /* reports in the window */
	uint64_t window_ns;
	double bytes_per_s, low_bytes_per_s, high_bytes_per_s; /* slope of the live bytes, and its interval */
	uint64_t low_bytes, high_bytes;                        /* least and most live bytes in a report */
	uint64_t lifetime_ns;                                  /* mean, of a block: churning */
	uint64_t projected_bytes, projected_ns; /* growing: how much there will be, in what time from now */
};

/* "growing", …; static. "" for none. */
const char *verdict_name(enum verdict_kind kind);

#endif
