// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs read LeakSanitizer's reports, so the lines of leaks and of frames are as it writes them:
 *
 *	Direct leak of 40 byte(s) in 5 object(s) allocated from:
 *	    #0 0x5566aa in remember app.c:12
 *	    #1 0x7f0011 in __libc_start_main (/lib/libc.so.6+0x29d8f) (BuildId: 0123)
 */
#include "report/leaks_text.h"

#include <inttypes.h>
#include <string.h>

#include "report/clock.h"
#include "report/frame.h"
#include "report/integrity.h"
#include "report/leak_words.h"
#include "report/stream.h"
#include "util/escape.h"

#define INDENT "    "

/* The words for a class, at the beginning of a line. */
static const char *const leaks_of[LEAK_CLASS_COUNT] = {
    [LEAK_DEFINITE] = "Direct leak",
    [LEAK_INDIRECT] = "Indirect leak",
    [LEAK_POSSIBLE] = "Possible leak",
    [LEAK_REACHABLE] = "Still reachable:",
};

static void write_frame(FILE *out, size_t i, const struct frame *frame)
{
	fprintf(out, INDENT "#%zu 0x%012" PRIx64, i, frame->address);
	if (frame->function) {
		fputs(" in ", out);
		escape_write(out, frame->function);
	}
	if (frame->file) {
		fputc(' ', out);
		escape_write(out, frame->file);
		if (frame->line)
			fprintf(out, ":%u", frame->line);
	} else {
		fputs(" (", out);
		escape_write(out, frame->module);
		if (frame->has_offset)
			fprintf(out, "+0x%" PRIx64, frame->offset);
		fputc(')', out);
		if (frame->build_id)
			fprintf(out, " (BuildId: %s)", frame->build_id);
	}
	fputc('\n', out);
}

static void write_frames(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	struct printed_frame printed;
	size_t n = printed_frame_count(stack);

	for (size_t i = 0; i < n; i++) {
		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		write_frame(out, i, &printed.frame);
	}
	if (stack->before)
		fputs(INDENT "[before memtrace attached]\n", out);
	else if (!n)
		fputs(INDENT "[frames not known]\n", out);
	else if (stack->end != END_COMPLETE)
		fprintf(out, INDENT "[stack ends: %s]\n", stack_end_name(stack->end));
}

static void write_holders(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_held_by; i++) {
		fputs(INDENT "held by ", out);
		leak_words_holding(out, snapshot, &snapshot->processes[stack->process], &stack->held_by[i]);
		fputc('\n', out);
	}
	if (stack->held_by_more)
		fputs(INDENT "held by others, and so on\n", out);
}

static void write_blocks(FILE *out, const struct stack *stack)
{
	fputs(stack->leak == LEAK_REACHABLE ? "Objects above:\n" : "Objects leaked above:\n", out);
	for (size_t i = 0; i < stack->n_blocks; i++)
		fprintf(out, "0x%012" PRIx64 " (%" PRIu64 " bytes)\n", stack->blocks[i].address,
		        stack->blocks[i].size_bytes);
}

static void write_stack(FILE *out, const struct snapshot *snapshot, const struct stack *stack,
                        const struct render_options *options)
{
	fprintf(out, "%s%s%" PRIu64 " byte(s) in %" PRIu64 " object(s) allocated from:\n", leaks_of[stack->leak],
	        stack->leak == LEAK_REACHABLE ? " " : " of ", stack->usage.live_bytes, stack->usage.live_blocks);
	write_frames(out, snapshot, stack);
	write_holders(out, snapshot, stack);
	if (options->show_blocks)
		write_blocks(out, stack);
	fputc('\n', out);
}

static void write_heading(FILE *out, const struct snapshot *snapshot, const struct process *process,
                          const struct render_options *options)
{
	char time[CLOCK_SIZE];

	clock_time(time, snapshot->time_unix_ns, options->utc);
	fprintf(out, "[%s] Live blocks of process %d (", time, process->pid);
	escape_write(out, process->comm);
	fputs(") that nothing leads to:\n\n", out);
}

/* What was looked at, and what was not. */
static void write_scan(FILE *out, const struct process *process)
{
	const struct scan *scan = process->scan;

	if (!scan) {
		fprintf(out, "Process %d %s: nothing of it was judged.\n", process->pid,
		        process->ended ? "ended before its memory was read" : "could not be read");
		return;
	}
	fprintf(out, "Process %d ", process->pid);
	if (scan->stopped)
		fprintf(out, "stood still for %.1f ms (%zu threads)", (double)scan->pause_ns / 1e6, scan->n_threads);
	else
		fputs("did not stand still, so leaks are possible ones at most", out);
	fprintf(out, "; %.1f MiB read", (double)scan->read_bytes / (1 << 20));
	if (scan->unreadable_bytes)
		fprintf(out, ", %" PRIu64 " bytes could not be", scan->unreadable_bytes);
	if (scan->unjudged_blocks)
		fprintf(out, "; %" PRIu64 " bytes in %" PRIu64 " blocks too young to be judged", scan->unjudged_bytes,
		        scan->unjudged_blocks);
	if (scan->unknown_heap_bytes)
		fprintf(
		    out,
		    "; what %.1f of %.1f MiB of its heap hold is not known and counts as used, so more may be leaked",
		    (double)scan->unknown_heap_bytes / (1 << 20), (double)scan->heap_bytes / (1 << 20));
	fputs(".\n", out);
}

static void write_summary(FILE *out, const struct snapshot *snapshot)
{
	const struct usage *leaks = snapshot->leaks;

	for (int class = LEAK_DEFINITE; class < LEAK_CLASS_COUNT; class ++)
		fprintf(out, "%s%s: %" PRIu64 " bytes in %" PRIu64 " blocks", class == LEAK_DEFINITE ? "" : "; ",
		        leak_class_name((enum leak_class) class), leaks[class].live_bytes, leaks[class].live_blocks);
	fprintf(out, "\nSUMMARY: memtrace: %" PRIu64 " byte(s) leaked in %" PRIu64 " allocation(s).\n",
	        leaks[LEAK_DEFINITE].live_bytes + leaks[LEAK_INDIRECT].live_bytes,
	        leaks[LEAK_DEFINITE].live_blocks + leaks[LEAK_INDIRECT].live_blocks);
}

int leaks_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	for (size_t process = 0; process < snapshot->n_processes; process++) {
		write_heading(out, snapshot, &snapshot->processes[process], options);
		for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
			if (snapshot->stacks[i].process == process)
				write_stack(out, snapshot, &snapshot->stacks[i], options);
		}
		write_scan(out, &snapshot->processes[process]);
	}
	write_summary(out, snapshot);
	integrity_write(out, snapshot, options);
	fputc('\n', out);
	return stream_finish(out);
}
