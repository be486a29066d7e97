// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table (RFC 4180): a header, then a row for each stack. Names are escaped as everywhere and stand in quotes. A
 * spreadsheet takes a cell that begins with one of = + - @ for a formula, also in quotes: an apostrophe before it makes
 * it text. What was lost is said elsewhere, there is no place for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/clock.h"
#include "report/frame.h"
#include "report/renderer.h"
#include "report/stream.h"
#include "util/escape.h"

#define LINE_END "\r\n"
#define FRAME_SEPARATOR ";"

/* What a row is of. */
struct cell {
	const struct snapshot *snapshot;
	const struct stack *stack;
	const struct process *process;
	struct buffer text; /* that is put together for this cell */
};

static void write_quoted(FILE *out, const char *bytes, size_t size)
{
	const char *quote;

	fputc('"', out);
	while (size && (quote = memchr(bytes, '"', size))) {
		size_t length = (size_t)(quote - bytes) + 1;

		fwrite(bytes, 1, length, out);
		fputc('"', out);
		bytes += length;
		size -= length;
	}
	if (size)
		fwrite(bytes, 1, size, out);
	fputc('"', out);
}

/* Full-width forms of the four count in some spreadsheets, too. */
static bool begins_formula(const char *name)
{
	static const char *const beginnings[] = {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	}
	return false;
}

static void add_name(struct buffer *text, const char *name)
{
	if (begins_formula(name))
		buffer_text(text, "'");
	escape_add(text, name, FRAME_SEPARATOR);
}

static void write_time(FILE *out, struct cell *cell)
{
	char time[CLOCK_SIZE];

	clock_rfc3339(time, cell->snapshot->time_unix_ns);
	fputs(time, out);
}

static void write_pid(FILE *out, struct cell *cell)
{
	fprintf(out, "%d", cell->process->pid);
}

static void write_comm(FILE *out, struct cell *cell)
{
	add_name(&cell->text, cell->process->comm);
	write_quoted(out, cell->text.bytes, cell->text.size);
}

static void write_kind(FILE *out, struct cell *cell)
{
	fputs(block_kind_name(cell->stack->kind), out);
}

static void write_cache(FILE *out, struct cell *cell)
{
	const struct kernel_memory *kernel = cell->snapshot->kernel;
	size_t cache = kernel ? kernel->classes[cell->stack->class_index].cache : SIZE_MAX;

	if (cache == SIZE_MAX)
		return;
	add_name(&cell->text, kernel->caches[cache].name);
	write_quoted(out, cell->text.bytes, cell->text.size);
}

static void write_verdict(FILE *out, struct cell *cell)
{
	fputs(verdict_name(cell->stack->verdict.kind), out);
}

static void write_leak(FILE *out, struct cell *cell)
{
	if (cell->stack->leak != LEAK_UNJUDGED)
		fputs(leak_class_name(cell->stack->leak), out);
}

#define COUNT_WRITER(field, value) \
	static void write_##field(FILE *out, struct cell *cell) \
	{ \
		fprintf(out, "%" PRIu64, cell->stack->value); \
	}

COUNT_WRITER(live_bytes, usage.live_bytes)
COUNT_WRITER(live_blocks, usage.live_blocks)
COUNT_WRITER(alloc_bytes, usage.alloc_bytes)
COUNT_WRITER(alloc_count, usage.alloc_count)
COUNT_WRITER(free_bytes, usage.free_bytes)
COUNT_WRITER(free_count, usage.free_count)
COUNT_WRITER(oldest_ns, oldest_ns)
COUNT_WRITER(recent_count, recent_count)
COUNT_WRITER(recent_bytes, recent_bytes)

/* Of mappings it is not known. */
#define CHURN_WRITER(field) \
	static void write_##field(FILE *out, struct cell *cell) \
	{ \
		if (cell->stack->churn) \
			fprintf(out, "%" PRIu64, cell->stack->churn->field); \
	}

CHURN_WRITER(soon_count)
CHURN_WRITER(same_function_count)
CHURN_WRITER(other_thread_count)
CHURN_WRITER(outgrown_bytes)
CHURN_WRITER(peak_live_bytes)

/* "0:4096 1:8192": node and live bytes on it. A stack without a list of nodes lies on the first. */
static void write_nodes(FILE *out, struct cell *cell)
{
	const struct placement *placement = &cell->stack->placement;
	const struct placement *all = &cell->snapshot->placement;

	if (!placement->nodes) {
		fprintf(out, "%d:%" PRIu64, all->n_nodes ? all->nodes[0].node : 0, cell->stack->usage.live_bytes);
		return;
	}
	for (size_t i = 0; i < placement->n_nodes; i++)
		fprintf(out, "%s%d:%" PRIu64, i ? " " : "", placement->nodes[i].node, placement->nodes[i].live_bytes);
}

static void write_end(FILE *out, struct cell *cell)
{
	fputs(stack_end_name(cell->stack->end), out);
}

static void write_guessed(FILE *out, struct cell *cell)
{
	fputs(cell->stack->guessed ? "true" : "false", out);
}

/* "fibonacci [app] app.c:12" */
static void add_frame(struct buffer *text, const struct frame *frame)
{
	if (frame->function && begins_formula(frame->function))
		buffer_text(text, "'");
	frame_name_add(text, frame, FRAME_SEPARATOR);
	/* Without a function the name has its module already. */
	if (frame->function && frame->function[0]) {
		buffer_text(text, " ");
		frame_module_add(text, frame, FRAME_SEPARATOR);
	}
	if (!frame->file)
		return;
	buffer_text(text, " ");
	escape_add(text, frame->file, FRAME_SEPARATOR);
	if (frame->line)
		buffer_printf(text, ":%u", frame->line);
}

static void write_frames(FILE *out, struct cell *cell)
{
	struct printed_frame printed;

	for (size_t i = 0; i < printed_frame_count(cell->stack); i++) {
		printed_frame_get(&printed, cell->process, cell->stack, i);
		buffer_text(&cell->text, i ? FRAME_SEPARATOR : "");
		add_frame(&cell->text, &printed.frame);
	}
	write_quoted(out, cell->text.bytes, cell->text.size);
}

static const struct {
	const char *name;
	void (*write)(FILE *out, struct cell *cell);
	bool of_churn; /* only where that is what the report is of */
} columns[] = {
    {"time", write_time, false},
    {"pid", write_pid, false},
    {"comm", write_comm, false},
    {"kind", write_kind, false},
    {"cache", write_cache, false},
    {"verdict", write_verdict, false},
    {"leak", write_leak, false},
    {"live_bytes", write_live_bytes, false},
    {"live_blocks", write_live_blocks, false},
    {"alloc_bytes", write_alloc_bytes, false},
    {"alloc_count", write_alloc_count, false},
    {"free_bytes", write_free_bytes, false},
    {"free_count", write_free_count, false},
    {"oldest_ns", write_oldest_ns, false},
    {"nodes", write_nodes, false},
    {"end", write_end, false},
    {"guessed", write_guessed, false},
    {"interval_alloc_count", write_recent_count, true},
    {"interval_alloc_bytes", write_recent_bytes, true},
    {"freed_within_1ms_count", write_soon_count, true},
    {"freed_by_same_function_count", write_same_function_count, true},
    {"freed_by_other_thread_count", write_other_thread_count, true},
    {"realloc_wasted_bytes", write_outgrown_bytes, true},
    {"peak_live_bytes", write_peak_live_bytes, true},
    {"frames", write_frames, false},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void write_header(FILE *out, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!columns[i].of_churn || snapshot->churn)
			fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	}
	fputs(LINE_END, out);
}

static int write_row(FILE *out, struct cell *cell)
{
	for (size_t i = 0; i < N_COLUMNS && !cell->text.failed; i++) {
		if (columns[i].of_churn && !cell->snapshot->churn)
			continue;
		fputs(i ? "," : "", out);
		buffer_clear(&cell->text);
		columns[i].write(out, cell);
	}
	fputs(LINE_END, out);
	return cell->text.failed ? -ENOMEM : 0;
}

static int csv_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct cell cell = {.snapshot = snapshot};
	int error = 0, unwritten;

	/* Reports that follow one another are one table. */
	if (!options->reports_before)
		write_header(out, snapshot);
	for (size_t i = 0; i < snapshot->n_stacks_shown && !error; i++) {
		cell.stack = &snapshot->stacks[i];
		cell.process = &snapshot->processes[cell.stack->process];
		error = write_row(out, &cell);
	}
	buffer_free(&cell.text);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer csv_renderer = {
    .name = "csv",
    .whole = true,
    .mute = true,
    .report = csv_report,
};
