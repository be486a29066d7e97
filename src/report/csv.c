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
} columns[] = {
    {"time", write_time},
    {"pid", write_pid},
    {"comm", write_comm},
    {"kind", write_kind},
    {"cache", write_cache},
    {"verdict", write_verdict},
    {"leak", write_leak},
    {"live_bytes", write_live_bytes},
    {"live_blocks", write_live_blocks},
    {"alloc_bytes", write_alloc_bytes},
    {"alloc_count", write_alloc_count},
    {"free_bytes", write_free_bytes},
    {"free_count", write_free_count},
    {"oldest_ns", write_oldest_ns},
    {"nodes", write_nodes},
    {"end", write_end},
    {"guessed", write_guessed},
    {"frames", write_frames},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void write_header(FILE *out)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	fputs(CSV_LINE_END, out);
}

static int write_row(FILE *out, struct cell *cell)
{
	for (size_t i = 0; i < N_COLUMNS && !cell->text.failed; i++) {
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
		write_header(out);
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
