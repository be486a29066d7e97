// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_comparison.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/clock.h"
#include "report/script_json.h"

static struct moment moment_of(const struct snapshot *snapshot)
{
	return (struct moment){
	    .time_unix_ns = snapshot->time_unix_ns,
	    .live_bytes = snapshot->totals.live_bytes,
	    .live_blocks = snapshot->totals.live_blocks,
	    .alloc_bytes = snapshot->totals.alloc_bytes,
	    .alloc_count = snapshot->totals.alloc_count,
	    .complete = snapshot_complete(snapshot),
	};
}

static struct moment_usage usage_of(const struct usage *usage)
{
	return (struct moment_usage){.live_bytes = usage->live_bytes,
	                             .live_blocks = usage->live_blocks,
	                             .alloc_bytes = usage->alloc_bytes,
	                             .alloc_count = usage->alloc_count};
}

/* Only what the page shows of a stack; its frames are still those of the row's. */
static struct stack stack_of(const struct compared *row)
{
	const struct stack *stack = row->stack;

	return (struct stack){.kind = stack->kind,
	                      .end = stack->end,
	                      .guessed = stack->guessed,
	                      .usage = row->after,
	                      .addresses = stack->addresses,
	                      .n_addresses = stack->n_addresses,
	                      .frames = stack->frames,
	                      .n_frames = stack->n_frames};
}

static void fill(struct snapshot *joint, const struct comparison *comparison, size_t n_rows)
{
	const struct snapshot *after = comparison->after;
	struct history *history = joint->history;

	joint->command = "diff";
	joint->time_unix_ns = after->time_unix_ns;
	joint->elapsed_ns = after->elapsed_ns;
	joint->totals = after->totals;
	joint->n_processes = 1;
	joint->n_stacks = comparison->n_rows;
	joint->n_stacks_shown = n_rows;
	history->moments[0] = moment_of(comparison->before);
	history->moments[1] = moment_of(after);
	history->n_moments = history->n_recorded = 2;
	history->n_stacks = n_rows;
	history->shown = 1;
	for (size_t i = 0; i < n_rows; i++) {
		joint->stacks[i] = stack_of(&comparison->rows[i]);
		history->usages[2 * i] = usage_of(&comparison->rows[i].before);
		history->usages[2 * i + 1] = usage_of(&comparison->rows[i].after);
	}
}

int html_comparison_join(const struct comparison *comparison, size_t n_rows, struct snapshot **result)
{
	struct snapshot *joint = calloc(1, sizeof(*joint));

	*result = NULL;
	if (!joint)
		return -ENOMEM;
	joint->processes = calloc(1, sizeof(*joint->processes));
	joint->stacks = calloc(n_rows + 1, sizeof(*joint->stacks));
	joint->history = calloc(1, sizeof(*joint->history));
	if (joint->history) {
		joint->history->moments = calloc(2, sizeof(*joint->history->moments));
		joint->history->usages = calloc(2 * n_rows + 1, sizeof(*joint->history->usages));
	}
	if (!joint->processes || !joint->stacks || !joint->history || !joint->history->moments ||
	    !joint->history->usages) {
		html_comparison_free(joint);
		return -ENOMEM;
	}
	fill(joint, comparison, n_rows);
	*result = joint;
	return 0;
}

void html_comparison_free(struct snapshot *joint)
{
	if (!joint)
		return;
	history_free(joint->history);
	free(joint->processes);
	free(joint->stacks);
	free(joint);
}

static int write_side(FILE *out, const char *key, const char *name, const struct snapshot *snapshot, bool utc)
{
	char date[CLOCK_SIZE];
	int error;

	script_json_key(out, key, 0);
	fputs("{\"name\":", out);
	error = script_json_string(out, name);
	clock_date(date, snapshot->time_unix_ns, utc);
	fprintf(out, ",\"date\":\"%s\",\"live_bytes\":%" PRIu64 ",\"live_blocks\":%" PRIu64 "}", date,
	        snapshot->totals.live_bytes, snapshot->totals.live_blocks);
	return error;
}

int html_comparison_write(FILE *out, const struct comparison *comparison, size_t n_rows,
                          const struct render_options *options)
{
	int error;

	fputs("{\"words\":", out);
	for (size_t i = 0; i < CHANGE_COUNT; i++)
		fprintf(out, "%c\"%s\"", i ? ',' : '[', change_name((enum change)i));
	fputs("],\n\"changes\":[", out);
	for (size_t i = 0; i < n_rows; i++)
		fprintf(out, "%s%d", i ? "," : "", (int)comparison->rows[i].change);
	fputc(']', out);
	error = write_side(out, "before", comparison->before_name, comparison->before, options->utc);
	if (!error)
		error = write_side(out, "after", comparison->after_name, comparison->after, options->utc);
	fputc('}', out);
	return error;
}
