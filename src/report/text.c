// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for people, in the form that users of BCC's memleak know:
 *
 *	[03:00:41] Top 10 stacks with outstanding allocations:
 *	    40960 bytes in 5 allocations from stack
 *	        fibonacci+0x1f [app] app.c:12
 */
#include "report/renderer.h"

#include <inttypes.h>
#include <string.h>

#include "report/check_text.h"
#include "report/churn_text.h"
#include "report/clock.h"
#include "report/comparison_text.h"
#include "report/integrity.h"
#include "report/kernel_text.h"
#include "report/leaks_text.h"
#include "report/machine_text.h"
#include "report/memory_text.h"
#include "report/stream.h"
#include "report/text_frames.h"
#include "report/verdict_text.h"
#include "util/escape.h"

#define BOLD "1"
#define RED "31"

struct page {
	FILE *out;
	const struct snapshot *snapshot;
	const struct render_options *options;
};

static void begin_colour(const struct page *page, const char *code)
{
	if (page->options->colour)
		fprintf(page->out, "\033[%sm", code);
}

static void end_colour(const struct page *page)
{
	if (page->options->colour)
		fputs("\033[0m", page->out);
}

/* " (node 0: 40960, node 1: 0, not resident: 4096)", where the kernel was asked. */
static void write_nodes(const struct page *page, const struct placement *placement)
{
	const char *separator = " (";

	if (!page->snapshot->placed || !placement->n_nodes)
		return;
	for (size_t i = 0; i < placement->n_nodes; i++) {
		const struct node_usage *node = &placement->nodes[i];

		fprintf(page->out, "%snode %d: %" PRIu64, separator, node->node, node->live_bytes);
		separator = ", ";
	}
	if (placement->not_resident_bytes)
		fprintf(page->out, ", not resident: %" PRIu64, placement->not_resident_bytes);
	if (placement->unplaced_bytes)
		fprintf(page->out, ", not known: %" PRIu64, placement->unplaced_bytes);
	fputc(')', page->out);
}

/* "[allocated by CPUs of node 0: 36864, node 1: 4096; remote: 4096 (11.1%)]", of what is resident. */
static void write_remote(const struct page *page, const char *indent, const struct placement *placement)
{
	uint64_t resident = placement_resident_bytes(placement);
	const char *separator = "[allocated by CPUs of ";

	if (!page->snapshot->placed)
		return;
	for (size_t i = 0; i < placement->n_nodes; i++) {
		const struct node_usage *node = &placement->nodes[i];

		if (!node->cpu_live_bytes)
			continue;
		fprintf(page->out, "%s%snode %d: %" PRIu64, separator[0] == '[' ? indent : "", separator, node->node,
		        node->cpu_live_bytes);
		separator = ", ";
	}
	if (separator[0] == '[')
		return;
	fprintf(page->out, "; remote: %" PRIu64, placement->remote_bytes);
	if (placement->remote_bytes && resident)
		fprintf(page->out, " (%.1f%%)", 100.0 * (double)placement->remote_bytes / (double)resident);
	fputs("]\n", page->out);
}

static void write_process(const struct page *page, const struct process *process)
{
	fprintf(page->out, "process %d (", process->pid);
	escape_write(page->out, process->comm);
	fputc(')', page->out);
}

static size_t count_shown(const struct snapshot *snapshot, size_t process)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->n_stacks_shown; i++)
		count += snapshot->stacks[i].process == process;
	return count;
}

static void write_heading(const struct page *page, size_t process)
{
	size_t top = page->options->top ? page->options->top : count_shown(page->snapshot, process);
	char time[CLOCK_SIZE];

	clock_time(time, page->snapshot->time_unix_ns, page->options->utc);
	begin_colour(page, BOLD);
	fprintf(page->out, "[%s] Top %zu stacks %s", time, top,
	        page->snapshot->churn ? "by what they allocate" : "with outstanding allocations");
	if (page->snapshot->n_processes > 1) {
		fputs(" of ", page->out);
		write_process(page, &page->snapshot->processes[process]);
	}
	fputc(':', page->out);
	end_colour(page);
	fputc('\n', page->out);
}

/* " node = 1 cpu = node 0": that most of it lies on, and that of the CPU that allocated it. */
static void write_block_node(const struct page *page, const struct block *block)
{
	if (!page->snapshot->placed)
		return;
	if (block->node >= 0)
		fprintf(page->out, " node = %d", block->node);
	else
		fputs(block->placed ? " not resident" : " node not known", page->out);
	fprintf(page->out, " cpu = node %d", block->cpu_node);
}

static void write_blocks(const struct page *page, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_blocks; i++) {
		const struct block *block = &stack->blocks[i];

		fprintf(page->out, TEXT_FRAME_INDENT "addr = 0x%" PRIx64 " size = %" PRIu64 " age = %.3f s",
		        block->address, block->size_bytes, (double)block->age_ns / 1e9);
		write_block_node(page, block);
		fputc('\n', page->out);
	}
}

/* What of it is live. */
static void write_live(const struct page *page, const struct stack *stack)
{
	fprintf(page->out, TEXT_STACK_INDENT "%" PRIu64 " bytes in %" PRIu64 " allocations from stack",
	        stack->usage.live_bytes, stack->usage.live_blocks);
	if (stack->kind != KIND_HEAP)
		fprintf(page->out, " (%s)", block_kind_name(stack->kind));
	write_nodes(page, &stack->placement);
	fputc('\n', page->out);
	write_remote(page, TEXT_FRAME_INDENT, &stack->placement);
	verdict_text_write(page->out, &stack->verdict, stack->oldest_ns, TEXT_FRAME_INDENT);
}

static void write_stack(const struct page *page, const struct stack *stack)
{
	if (page->snapshot->churn)
		churn_text_write_stack(page->out, page->snapshot, stack);
	else
		write_live(page, stack);
	text_frames_write(page->out, page->snapshot, stack);
	if (page->options->show_blocks)
		write_blocks(page, stack);
}

static void write_usage(const struct page *page, const char *of, const struct usage *usage)
{
	fprintf(page->out,
	        "%s: %" PRIu64 " bytes in %" PRIu64 " blocks live; %" PRIu64 " bytes in %" PRIu64 " allocated, %" PRIu64
	        " bytes in %" PRIu64 " freed",
	        of, usage->live_bytes, usage->live_blocks, usage->alloc_bytes, usage->alloc_count, usage->free_bytes,
	        usage->free_count);
}

/* The sum, and its parts where there is more than one kind. */
static void write_totals(const struct page *page)
{
	const struct snapshot *snapshot = page->snapshot;
	size_t n_kinds = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		n_kinds += snapshot->kinds[kind].alloc_count != 0;
	write_usage(page, "Total", &snapshot->totals);
	write_nodes(page, &snapshot->placement);
	fputc('\n', page->out);
	write_remote(page, TEXT_STACK_INDENT, &snapshot->placement);
	for (int kind = 0; kind < KIND_COUNT && n_kinds > 1; kind++) {
		if (!snapshot->kinds[kind].alloc_count)
			continue;
		fputs(TEXT_STACK_INDENT, page->out);
		write_usage(page, block_kind_name((enum block_kind)kind), &snapshot->kinds[kind]);
		fputc('\n', page->out);
	}
}

/* Where each process's memory lies, where that is not all that the totals say. */
static void write_process_nodes(const struct page *page)
{
	const struct snapshot *snapshot = page->snapshot;

	for (size_t i = 0; i < snapshot->n_processes && snapshot->n_processes > 1 && snapshot->placed; i++) {
		const struct process *process = &snapshot->processes[i];

		fputs(TEXT_STACK_INDENT, page->out);
		write_process(page, process);
		fprintf(page->out, ": %" PRIu64 " bytes in %" PRIu64 " blocks live", process->usage.live_bytes,
		        process->usage.live_blocks);
		write_nodes(page, &process->placement);
		fputc('\n', page->out);
		write_remote(page, TEXT_FRAME_INDENT, &process->placement);
	}
}

/* Of many children that left nothing to be shown their number is enough. */
static bool is_shown(const struct snapshot *snapshot, size_t process)
{
	return !snapshot->processes[process].is_child || count_shown(snapshot, process);
}

static void write_ended(const struct page *page)
{
	size_t more = 0;

	for (size_t i = 0; i < page->snapshot->n_processes; i++) {
		const struct process *process = &page->snapshot->processes[i];

		if (!process->ended)
			continue;
		if (!is_shown(page->snapshot, i)) {
			more++;
			continue;
		}
		fputs("Ended: ", page->out);
		write_process(page, process);
		if (process->exit_status_known)
			fprintf(page->out, ", exit status %d", process->exit_status);
		fputc('\n', page->out);
	}
	if (more)
		fprintf(page->out, "Ended: %zu %s of no stack above\n", more, more == 1 ? "child" : "children");
}

static void write_integrity(const struct page *page)
{
	bool lost = !snapshot_complete(page->snapshot);

	if (lost)
		begin_colour(page, RED);
	integrity_write(page->out, page->snapshot, page->options);
	if (lost)
		end_colour(page);
	fputc('\n', page->out);
}

static int text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct page page = {.out = out, .snapshot = snapshot, .options = options};

	if (snapshot->kernel)
		return kernel_text_report(out, snapshot, options);
	if (snapshot->judgement)
		return check_text_report(out, snapshot, options);
	if (!strcmp(snapshot->command, "leaks"))
		return leaks_text_report(out, snapshot, options);
	for (size_t process = 0; process < snapshot->n_processes; process++) {
		if (!is_shown(snapshot, process))
			continue;
		write_heading(&page, process);
		for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
			if (snapshot->stacks[i].process == process)
				write_stack(&page, &snapshot->stacks[i]);
		}
	}
	if (snapshot->churn) {
		churn_text_write_totals(out, snapshot);
	} else {
		write_totals(&page);
		write_process_nodes(&page);
		memory_text_write(out, snapshot);
	}
	write_ended(&page);
	write_integrity(&page);
	return stream_finish(out);
}

const struct renderer text_renderer = {
    .name = "text",
    .report = text_report,
    .machine = machine_text,
    .comparison = comparison_text,
};
