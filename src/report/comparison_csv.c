// SPDX-License-Identifier: GPL-2.0-or-later
/* What has changed as a table: a header, then a row for each stack that has. */
#include "report/comparison_csv.h"

#include <inttypes.h>

#include "report/csv_cells.h"
#include "report/stream.h"

static void write_change(FILE *out, uint64_t before, uint64_t after)
{
	fprintf(out, ",%s%" PRIu64, after < before ? "-" : "", after < before ? before - after : after - before);
}

static void write_usage(FILE *out, const struct usage *usage)
{
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, usage->live_bytes, usage->live_blocks,
	        usage->alloc_bytes, usage->alloc_count);
}

static void write_row(FILE *out, const struct compared *row, struct buffer *frames)
{
	fprintf(out, "%s,%s", change_name(row->change), block_kind_name(row->stack->kind));
	write_change(out, row->before.live_bytes, row->after.live_bytes);
	write_change(out, row->before.live_blocks, row->after.live_blocks);
	write_usage(out, &row->before);
	write_usage(out, &row->after);
	buffer_clear(frames);
	csv_frames_add(frames, &row->snapshot->processes[row->stack->process], row->stack);
	fputc(',', out);
	csv_quoted_write(out, frames);
	fputs(CSV_LINE_END, out);
}

int comparison_csv(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	struct buffer frames = {0};

	(void)options;
	fputs("change,kind,change_bytes,change_blocks,old_live_bytes,old_live_blocks,old_alloc_bytes,old_alloc_count,"
	      "new_live_bytes,new_live_blocks,new_alloc_bytes,new_alloc_count,frames" CSV_LINE_END,
	      out);
	for (size_t i = 0; i < comparison->n_shown && !frames.failed; i++)
		write_row(out, &comparison->rows[i], &frames);
	return stream_finish_lines(out, &frames);
}
