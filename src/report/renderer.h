/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One output format is one of these, in a file of its own. */
#ifndef MEMTRACE_REPORT_RENDERER_H
#define MEMTRACE_REPORT_RENDERER_H

#include <stdbool.h>
#include <stdio.h>

#include "model/comparison.h"
#include "model/machine_report.h"
#include "model/snapshot.h"
#include "report/view.h"

struct render_options {
	bool colour;
	bool show_blocks; /* --show-allocs */
	bool utc;         /* times in UTC, for tests */
	size_t top;       /* the number asked for by --top, for the heading; 0: the number shown */
	/* Of forms that have one value a stack, which; of those that let the reader choose, the first. */
	enum view view;
	uint64_t reports_before; /* that went into the same stream */
};

struct renderer {
	const char *name; /* as given to --format */
	bool of_verdicts; /* of what memtrace check says alone: the snapshot has a judgement */
	bool whole;       /* made for tools that do their own choosing: without --top it takes all stacks */
	bool alone;       /* a report is a file: no second one can follow it in a stream */
	bool mute;        /* has no place for the integrity line: whoever writes it says elsewhere what was lost */
	/* Writes the snapshot's shown stacks. 0 or -errno (a failed write is an error). */
	int (*report)(FILE *out, const struct snapshot *snapshot, const struct render_options *options);
	/* Writes where a machine's memory is. NULL: not in this form. */
	int (*machine)(FILE *out, const struct machine_report *report, const struct render_options *options);
	/* Writes what has changed from one snapshot to another. NULL: not in this form. */
	int (*comparison)(FILE *out, const struct comparison *comparison, const struct render_options *options);
	/* Why this build cannot write it, in words; NULL when it can. May be NULL itself: every build can. */
	const char *(*missing)(void);
};

extern const struct renderer text_renderer;
extern const struct renderer json_renderer;
extern const struct renderer junit_renderer;
extern const struct renderer sarif_renderer;
extern const struct renderer github_renderer;
extern const struct renderer folded_renderer;
extern const struct renderer csv_renderer;
extern const struct renderer pprof_renderer;
extern const struct renderer speedscope_renderer;
extern const struct renderer massif_renderer;
extern const struct renderer svg_renderer;
extern const struct renderer html_renderer;
/* Of --gen-suppressions, not of --format. */
extern const struct renderer suppressions_renderer;

/* The renderer of that name, or NULL. */
const struct renderer *renderer_find(const char *name);
/* All renderers, NULL at the end. */
extern const struct renderer *const renderers[];

#endif
