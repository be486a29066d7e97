// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A profile.proto (github.com/google/pprof, proto/profile.proto), compressed, with the sample types of Go's heap
 * profiles. A stack is written and forgotten before the next; strings, functions and locations when they first come.
 */
#include <errno.h>
#include <stdlib.h>

#include "report/frame.h"
#include "report/gzip.h"
#include "report/integrity.h"
#include "report/pprof_tables.h"
#include "report/protobuf.h"
#include "report/renderer.h"
#include "report/stream.h"

#define CHUNK_BYTES 65536

enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM };

/* As Go's runtime orders and names them. */
static const struct {
	const char *type, *unit;
} sample_types[] = {
    {"alloc_objects", "count"},
    {"alloc_space", "bytes"},
    {"inuse_objects", "count"},
    {"inuse_space", "bytes"},
};

#define N_SAMPLE_TYPES (sizeof(sample_types) / sizeof(sample_types[0]))

struct profile {
	struct pprof_tables tables;
	struct gzip gzip;
	struct buffer sample, packed, label;
};

static void write_out(struct profile *profile)
{
	gzip_write(&profile->gzip, profile->tables.out.bytes, profile->tables.out.size);
	buffer_clear(&profile->tables.out);
}

static void add_value_type(struct profile *profile, unsigned int field, const char *type, const char *unit)
{
	protobuf_number(&profile->sample, VALUE_TYPE_TYPE, pprof_string(&profile->tables, type));
	protobuf_number(&profile->sample, VALUE_TYPE_UNIT, pprof_string(&profile->tables, unit));
	protobuf_message(&profile->tables.out, field, &profile->sample);
}

static void add_comment(struct profile *profile, const struct snapshot *snapshot, const struct render_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line) {
		profile->tables.failed = true;
		return;
	}
	integrity_write(line, snapshot, options);
	if (fclose(line) || !text)
		profile->tables.failed = true;
	else
		protobuf_number(&profile->tables.out, PPROF_COMMENT, pprof_string(&profile->tables, text));
	free(text);
}

static void add_head(struct profile *profile, const struct snapshot *snapshot, const struct render_options *options)
{
	const char *initial = options->view == VIEW_CHURN ? "alloc_space" : "inuse_space";
	struct buffer *out = &profile->tables.out;

	for (size_t i = 0; i < N_SAMPLE_TYPES; i++)
		add_value_type(profile, PPROF_SAMPLE_TYPE, sample_types[i].type, sample_types[i].unit);
	add_value_type(profile, PPROF_PERIOD_TYPE, "space", "bytes");
	protobuf_number(out, PPROF_PERIOD, 1);
	protobuf_number(out, PPROF_TIME_NANOS, snapshot->time_unix_ns);
	protobuf_number(out, PPROF_DURATION_NANOS, snapshot->elapsed_ns);
	protobuf_number(out, PPROF_DEFAULT_SAMPLE_TYPE, pprof_string(&profile->tables, initial));
	add_comment(profile, snapshot, options);
	pprof_main_mapping(&profile->tables, snapshot);
}

static void add_locations(struct profile *profile, const struct process *process, const struct stack *stack)
{
	size_t n = tree_frame_count(stack), taken;

	buffer_clear(&profile->packed);
	for (size_t i = 0; i < n; i += taken)
		protobuf_varint(&profile->packed, pprof_location(&profile->tables, process, stack, i, &taken));
	protobuf_message(&profile->sample, SAMPLE_LOCATION_ID, &profile->packed);
}

/* The format's values are signed. */
static uint64_t clamp(uint64_t value)
{
	return value < INT64_MAX ? value : INT64_MAX;
}

static void add_values(struct profile *profile, const struct stack *stack)
{
	struct usage allocated = view_allocated(stack);

	protobuf_varint(&profile->packed, clamp(allocated.alloc_count));
	protobuf_varint(&profile->packed, clamp(allocated.alloc_bytes));
	protobuf_varint(&profile->packed, clamp(stack->usage.live_blocks));
	protobuf_varint(&profile->packed, clamp(stack->usage.live_bytes));
	protobuf_message(&profile->sample, SAMPLE_VALUE, &profile->packed);
}

static void add_label(struct profile *profile, const char *key, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	protobuf_number(&profile->label, LABEL_KEY, pprof_string(&profile->tables, key));
	protobuf_number(&profile->label, field, value);
	protobuf_message(&profile->sample, SAMPLE_LABEL, &profile->label);
}

static void add_labels(struct profile *profile, const struct process *process, const struct stack *stack)
{
	struct pprof_tables *tables = &profile->tables;

	add_label(profile, "pid", LABEL_NUM, (uint64_t)process->pid);
	add_label(profile, "comm", LABEL_STR, pprof_name(tables, process->comm));
	add_label(profile, "kind", LABEL_STR, pprof_string(tables, block_kind_name(stack->kind)));
	add_label(profile, "verdict", LABEL_STR, pprof_string(tables, verdict_name(stack->verdict.kind)));
	if (stack->leak != LEAK_UNJUDGED)
		add_label(profile, "leak", LABEL_STR, pprof_string(tables, leak_class_name(stack->leak)));
}

static void add_sample(struct profile *profile, const struct snapshot *snapshot, const struct stack *stack)
{
	const struct process *process = &snapshot->processes[stack->process];

	add_locations(profile, process, stack);
	add_values(profile, stack);
	add_labels(profile, process, stack);
	protobuf_message(&profile->tables.out, PPROF_SAMPLE, &profile->sample);
}

static void add_all(struct profile *profile, const struct snapshot *snapshot, const struct render_options *options)
{
	add_head(profile, snapshot, options);
	for (size_t i = 0; i < snapshot->n_stacks_shown && !pprof_tables_failed(&profile->tables); i++) {
		add_sample(profile, snapshot, &snapshot->stacks[i]);
		if (profile->tables.out.size >= CHUNK_BYTES)
			write_out(profile);
	}
	pprof_write_mappings(&profile->tables);
}

static int pprof_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct profile profile = {0};
	int error = pprof_tables_init(&profile.tables), unwritten;

	if (!error)
		error = gzip_begin(&profile.gzip, out);
	if (!error) {
		add_all(&profile, snapshot, options);
		error = pprof_tables_failed(&profile.tables) ? -ENOMEM : 0;
		write_out(&profile);
		gzip_end(&profile.gzip);
	}
	pprof_tables_free(&profile.tables);
	buffer_free(&profile.sample);
	buffer_free(&profile.packed);
	buffer_free(&profile.label);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer pprof_renderer = {
    .name = "pprof",
    .whole = true,
    .alone = true,
    .report = pprof_report,
};
