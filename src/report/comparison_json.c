// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison_json.h"

#include "report/clock.h"
#include "report/frames_json.h"
#include "report/integrity_json.h"
#include "report/json_value.h"
#include "report/stream.h"
#include "report/usage_json.h"

#define SCHEMA "memtrace-diff/1"

static json_t *build_moment(const char *name, const struct snapshot *snapshot)
{
	char time[CLOCK_SIZE];
	json_t *moment = json_object();

	clock_rfc3339(time, snapshot->time_unix_ns);
	return json_whole(moment, json_object_set_new(moment, "name", json_name(name)) |
	                              json_object_set_new(moment, "time", json_string(time)) |
	                              json_object_set_new(moment, "elapsed_ns", json_uint(snapshot->elapsed_ns)) |
	                              json_object_set_new(moment, "totals", usage_json(&snapshot->totals)) |
	                              json_object_set_new(moment, "integrity", integrity_json(snapshot)));
}

/* Negative where there is less. */
static json_t *build_change(uint64_t before, uint64_t after)
{
	return json_integer((json_int_t)(after - before));
}

static json_t *build_row(const struct compared *row)
{
	const struct usage *before = &row->before, *after = &row->after;
	json_t *object = json_object();

	return json_whole(
	    object,
	    json_object_set_new(object, "change", json_string(change_name(row->change))) |
	        json_object_set_new(object, "kind", json_string(block_kind_name(row->stack->kind))) |
	        json_object_set_new(object, "change_bytes", build_change(before->live_bytes, after->live_bytes)) |
	        json_object_set_new(object, "change_blocks", build_change(before->live_blocks, after->live_blocks)) |
	        json_object_set_new(object, "old", usage_json(before)) |
	        json_object_set_new(object, "new", usage_json(after)) |
	        json_object_set_new(object, "frames",
	                            frames_json(&row->snapshot->processes[row->stack->process], row->stack)));
}

static json_t *build_head(const struct comparison *comparison)
{
	json_t *head = json_object();

	return json_whole(
	    head, json_object_set_new(head, "schema", json_string(SCHEMA)) |
	              json_object_set_new(head, "old", build_moment(comparison->before_name, comparison->before)) |
	              json_object_set_new(head, "new", build_moment(comparison->after_name, comparison->after)));
}

int comparison_json(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	int err, unwritten;

	(void)options;
	fputc('{', out);
	err = json_write_members(out, build_head(comparison));
	fputs(", \"stacks\": [", out);
	for (size_t i = 0; i < comparison->n_shown && !err; i++) {
		if (i)
			fputs(", ", out);
		err = json_write(out, build_row(&comparison->rows[i]));
	}
	fputs(err ? "\n" : "]}\n", out);
	unwritten = stream_finish(out);
	return err ? err : unwritten;
}
