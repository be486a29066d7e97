// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has changed between two snapshots:
 *
 *	Top 2 changes from old.memtrace (2026-03-01 03:00:41) to new.memtrace (2026-03-01 04:00:41):
 *	    +40960 bytes in +5 allocations (now 81920 in 10) from stack
 *	        fibonacci+0x1f [app] app.c:12
 */
#include "report/comparison_text.h"

#include <inttypes.h>

#include "report/clock.h"
#include "report/integrity.h"
#include "report/stream.h"
#include "report/text_frames.h"
#include "util/escape.h"

#define BOLD "\033[1m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

static void write_signed(FILE *out, uint64_t before, uint64_t after)
{
	if (after >= before)
		fprintf(out, "+%" PRIu64, after - before);
	else
		fprintf(out, "-%" PRIu64, before - after);
}

static void write_moment(FILE *out, const char *name, const struct snapshot *snapshot,
                         const struct render_options *options)
{
	char date[CLOCK_SIZE];

	clock_date(date, snapshot->time_unix_ns, options->utc);
	escape_write(out, name);
	fprintf(out, " (%s)", date);
}

static void write_heading(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	fprintf(out, "%sTop %zu changes from ", options->colour ? BOLD : "",
	        options->top ? options->top : comparison->n_shown);
	write_moment(out, comparison->before_name, comparison->before, options);
	fputs(" to ", out);
	write_moment(out, comparison->after_name, comparison->after, options);
	fprintf(out, ":%s\n", options->colour ? PLAIN : "");
}

static void write_row(FILE *out, const struct compared *row, const struct render_options *options)
{
	const char *colour = row->after.live_bytes > row->before.live_bytes ? RED : GREEN;
	enum block_kind kind = row->stack->kind;

	fputs(TEXT_STACK_INDENT, out);
	if (row->change == CHANGE_NEW || row->change == CHANGE_GONE)
		fprintf(out, "%s: ", change_name(row->change));
	fputs(options->colour ? colour : "", out);
	write_signed(out, row->before.live_bytes, row->after.live_bytes);
	fputs(" bytes", out);
	fputs(options->colour ? PLAIN : "", out);
	fputs(" in ", out);
	write_signed(out, row->before.live_blocks, row->after.live_blocks);
	fputs(" allocations", out);
	if (row->change == CHANGE_MORE || row->change == CHANGE_LESS)
		fprintf(out, " (now %" PRIu64 " in %" PRIu64 ")", row->after.live_bytes, row->after.live_blocks);
	fputs(" from stack", out);
	if (kind != KIND_HEAP)
		fprintf(out, " (%s)", block_kind_name(kind));
	fputc('\n', out);
	text_frames_write(out, row->snapshot, row->stack);
}

static void write_total(FILE *out, const struct comparison *comparison)
{
	const struct usage *before = &comparison->before->totals, *after = &comparison->after->totals;
	size_t changes[CHANGE_COUNT] = {0};

	for (size_t i = 0; i < comparison->n_rows; i++)
		changes[comparison->rows[i].change]++;
	fputs("Total: ", out);
	write_signed(out, before->live_bytes, after->live_bytes);
	fputs(" bytes in ", out);
	write_signed(out, before->live_blocks, after->live_blocks);
	fprintf(out,
	        " blocks live, from %" PRIu64 " in %" PRIu64 " to %" PRIu64 " in %" PRIu64
	        "; of %zu stacks %zu new, %zu gone, %zu more, %zu less\n",
	        before->live_bytes, before->live_blocks, after->live_bytes, after->live_blocks, comparison->n_rows,
	        changes[CHANGE_NEW], changes[CHANGE_GONE], changes[CHANGE_MORE], changes[CHANGE_LESS]);
}

static void write_integrity(FILE *out, const char *name, const struct snapshot *snapshot,
                            const struct render_options *options)
{
	escape_write(out, name);
	fputs(": ", out);
	integrity_write(out, snapshot, options);
	fputc('\n', out);
}

int comparison_text(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	write_heading(out, comparison, options);
	for (size_t i = 0; i < comparison->n_shown; i++)
		write_row(out, &comparison->rows[i], options);
	if (!comparison->n_shown)
		fputs(TEXT_STACK_INDENT "nothing has changed\n", out);
	write_total(out, comparison);
	write_integrity(out, comparison->before_name, comparison->before, options);
	write_integrity(out, comparison->after_name, comparison->after, options);
	return stream_finish(out);
}
