// SPDX-License-Identifier: GPL-2.0-or-later
/* A table: a header, then a row for each stack. What was lost is said elsewhere, there is no place for it. */
#include <errno.h>
#include <inttypes.h>

#include "report/clock.h"
#include "report/comparison_csv.h"
#include "report/csv_cells.h"
#include "report/renderer.h"
#include "report/stream.h"

/* What a row is of. */
struct cell {
	const struct snapshot *snapshot;
	const struct stack *stack;
	const struct process *process;
	struct buffer text; /* that is put together for this cell */
};

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
	csv_name_add(&cell->text, cell->process->comm);
	csv_quoted_write(out, &cell->text);
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
	csv_name_add(&cell->text, kernel->caches[cache].name);
	csv_quoted_write(out, &cell->text);
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

CHURN_WRITER(freed_count)
CHURN_WRITER(soon_count)
CHURN_WRITER(unknown_function_count)
CHURN_WRITER(same_function_count)
CHURN_WRITER(other_thread_count)
CHURN_WRITER(outgrown_bytes)
CHURN_WRITER(peak_live_bytes)

static void write_peak_is_bound(FILE *out, struct cell *cell)
{
	if (cell->stack->churn)
		fputs(cell->stack->churn->peak_is_bound ? "true" : "false", out);
}

static void write_interval(FILE *out, struct cell *cell)
{
	fprintf(out, "%" PRIu64, cell->snapshot->recent_ns);
}

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

static void write_frames(FILE *out, struct cell *cell)
{
	csv_frames_add(&cell->text, cell->process, cell->stack);
	csv_quoted_write(out, &cell->text);
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
    {"interval_ns", write_interval, true},
    {"freed_count", write_freed_count, true},
    {"freed_within_1ms_count", write_soon_count, true},
    {"freed_by_same_function_count", write_same_function_count, true},
    {"freed_by_unknown_function_count", write_unknown_function_count, true},
    {"freed_by_other_thread_count", write_other_thread_count, true},
    {"realloc_wasted_bytes", write_outgrown_bytes, true},
    {"peak_live_bytes", write_peak_live_bytes, true},
    {"peak_is_bound", write_peak_is_bound, true},
    {"frames", write_frames, false},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void write_header(FILE *out, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!columns[i].of_churn || snapshot->churn)
			fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	}
	fputs(CSV_LINE_END, out);
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
	fputs(CSV_LINE_END, out);
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
    .comparison = comparison_csv,
};
