// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace top: the stacks of running processes on a terminal, refreshed in place. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyze/growth.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/recorder.h"
#include "cli/tracing.h"
#include "top/key.h"
#include "top/screen.h"
#include "top/terminal.h"

#define NS_PER_S UINT64_C(1000000000)
#define INTERVAL_NS NS_PER_S
/* Naming stacks may take so much of the interval, and within these bounds; the others are named next time. */
#define NAMING_PART 4
#define NAMING_MIN_NS (NS_PER_S / 4)
#define NAMING_MAX_NS NS_PER_S
/* Lines that are told again once the terminal is as it was; of more the last. */
#define NEWS_MAX 16
#define LINE_SIZE (PROMPT_SIZE + 64)

/* A run of the command. */
struct top {
	struct tracing tracing;
	int verbosity;
	struct terminal *terminal;
	struct screen screen;
	struct page page;
	struct growth *growth;  /* what the snapshots so far say of each stack */
	struct writer *writer;  /* NULL: nothing is recorded */
	char writer_error[512]; /* one line */
	char news[NEWS_MAX][LINE_SIZE];
	size_t n_news;
	uint64_t refreshes;
	bool stop, redraw;
};

static void tell(void *context, const char *text)
{
	struct top *top = context;

	snprintf(top->news[top->n_news++ % NEWS_MAX], sizeof(top->news[0]), "%s", text);
	screen_tell(&top->screen, false, text);
}

static int fail(struct top *top, int error)
{
	return tracing_fail(&top->tracing, "cannot show the stacks", error);
}

static int draw(struct top *top)
{
	struct screen *screen = &top->screen;
	size_t n_lines, n_columns;

	terminal_size(top->terminal, &n_lines, &n_columns);
	screen_resize(screen, n_lines, n_columns);
	if (screen_draw(screen, &top->page))
		return fail(top, -ENOMEM);
	terminal_draw(top->terminal, &top->page, top->redraw);
	top->redraw = false;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t naming_ns(const struct top *top)
{
	uint64_t ns = top->screen.interval_ns / NAMING_PART;

	if (ns < NAMING_MIN_NS)
		return NAMING_MIN_NS;
	return ns < NAMING_MAX_NS ? ns : NAMING_MAX_NS;
}

static int name_some(struct top *top, struct snapshot *snapshot, struct watched *const *stacks, size_t n,
                     uint64_t until_ns)
{
	for (size_t i = 0; i < n && now_ns() < until_ns; i++) {
		struct stack *stack;
		int error;

		if (!watched_is_unnamed(stacks[i]))
			continue;
		stack = &snapshot->stacks[stacks[i]->at];
		error = symbolizer_stack(top->tracing.symbolizer, &snapshot->processes[stack->process], stack);
		if (error)
			return tracing_fail(&top->tracing, "cannot symbolize", error);
		watch_take_frames(top->screen.watch, stacks[i], stack);
	}
	return 0;
}

/* Those on the screen first: others are named for the search. */
static int name_stacks(struct top *top, struct snapshot *snapshot)
{
	struct screen *screen = &top->screen;
	uint64_t until_ns = now_ns() + naming_ns(top);
	int error = name_some(top, snapshot, screen->rows, screen->n_rows, until_ns);

	if (!error)
		error = name_some(top, snapshot, screen->watch->stacks, screen->watch->n_stacks, until_ns);
	if (!error)
		screen_arrange(screen);
	return error;
}

static int name_recorded(void *context, const struct process *process, struct stack *stack)
{
	struct top *top = context;

	return symbolizer_stack(top->tracing.symbolizer, process, stack);
}

/* What has failed of it is said on the screen; the rest goes on. */
static void end_recording(struct top *top, int error)
{
	struct screen *screen = &top->screen;
	char text[LINE_SIZE];
	uint64_t snapshots = writer_snapshots(top->writer);

	screen_tell(screen, false, "naming what was recorded...");
	if (!error && !draw(top))
		error = writer_finish(top->writer);
	writer_free(top->writer);
	top->writer = NULL;
	if (error)
		snprintf(text, sizeof(text), "recording has ended after %" PRIu64 " snapshots: %s", snapshots,
		         top->writer_error);
	else
		snprintf(text, sizeof(text), "recorded %" PRIu64 " snapshots in %s", snapshots, screen->recording.path);
	screen->recording.path[0] = '\0';
	tell(top, text);
	screen->alarming = error != 0;
}

/* Gives the snapshot away. */
static void keep(struct top *top, struct snapshot *snapshot)
{
	struct screen_recording *recording = &top->screen.recording;
	int error;

	if (!top->writer) {
		snapshot_free(snapshot);
		return;
	}
	error = writer_add(top->writer, snapshot);
	recording->snapshots = writer_snapshots(top->writer);
	recording->bytes = writer_bytes(top->writer);
	if (error)
		end_recording(top, error);
}

/* Takes up what is live now. */
static int take(struct top *top, bool at_exit)
{
	struct tracing *tracing = &top->tracing;
	struct snapshot *snapshot;
	int error = tracing_snapshot(tracing, top->growth, at_exit, &snapshot);

	if (error)
		return error;
	if (!top->screen.paused)
		error = screen_update(&top->screen, snapshot);
	if (error)
		fail(top, error);
	else if (!top->screen.paused)
		error = name_stacks(top, snapshot);
	if (error)
		snapshot_free(snapshot);
	else
		keep(top, snapshot);
	symbolizer_rest(tracing->symbolizer);
	return error;
}

static int begin_recording(struct top *top)
{
	struct screen *screen = &top->screen;
	const struct writer_namer namer = {.name = name_recorded, .context = top};
	struct options options = top->tracing.options;
	int error;

	options.interval_ns = screen->interval_ns;
	error = recorder_open(screen->prompt.text, &options, &namer, &top->writer, top->writer_error,
	                      sizeof(top->writer_error));
	if (error) {
		screen_tell(screen, true, error == -ENOMEM ? "cannot record: out of memory" : top->writer_error);
		return 0;
	}
	snprintf(screen->recording.path, sizeof(screen->recording.path), "%s", screen->prompt.text);
	/* So that there is no recording without one. */
	return take(top, false);
}

static int set_timer(struct top *top)
{
	uint64_t interval_ns = top->screen.ended ? 0 : top->screen.interval_ns;

	return tracing_set_timer(&top->tracing, interval_ns, interval_ns);
}

static int grant(struct top *top, unsigned int wishes)
{
	int error = 0;

	if (wishes & WISH_QUIT)
		top->stop = true;
	if (wishes & WISH_REDRAW)
		top->redraw = true;
	if (wishes & WISH_INTERVAL)
		error = set_timer(top);
	if (!error && (wishes & WISH_SNAPSHOT))
		error = take(top, false);
	if (!error && (wishes & WISH_RECORD)) {
		if (top->writer)
			end_recording(top, 0);
		else
			error = begin_recording(top);
	}
	return error;
}

static int follow_keys(struct top *top)
{
	uint32_t key;
	int error = 0;

	while (!error && !top->stop && terminal_key(top->terminal, &key)) {
		screen_key(&top->screen, key);
		error = grant(top, screen_take_wishes(&top->screen));
	}
	return error;
}

/* The last state of what was traced; it stays until the user has seen it. */
static int end(struct top *top)
{
	int error;

	screen_end(&top->screen);
	error = take(top, true);
	if (!error && top->writer)
		end_recording(top, 0);
	return error ? error : set_timer(top);
}

static int refresh(struct top *top)
{
	int error = take(top, false);

	if (!error && ++top->refreshes == top->tracing.options.count)
		top->stop = true;
	return error;
}

static int run(struct top *top)
{
	int error = set_timer(top);

	if (!error)
		error = take(top, false);
	while (!error && !top->stop) {
		int events;

		error = draw(top);
		if (error)
			break;
		events = tracing_wait(&top->tracing);
		if (events < 0)
			return events;
		if (events & TRACING_STOP)
			top->stop = true;
		if (events & TRACING_INPUT)
			error = follow_keys(top);
		if (!error && (events & TRACING_ENDED) && !top->screen.ended)
			error = end(top);
		else if (!error && (events & TRACING_TIMER) && !top->stop)
			error = refresh(top);
	}
	if (!error && top->writer)
		error = take(top, false);
	if (top->writer)
		end_recording(top, 0);
	return error;
}

static int begin(struct top *top)
{
	struct tracing *tracing = &top->tracing;
	struct options *options = &tracing->options;
	int error = terminal_new(&top->terminal, tracing->error, sizeof(tracing->error));

	if (error)
		return error;
	/* Nothing is written to a screen that is drawn on. */
	top->verbosity = options->verbosity;
	options->verbosity = -1;
	if (!options->interval_given)
		options->interval_ns = INTERVAL_NS;
	top->growth = growth_new(options->max_memory_bytes / GROWTH_MEMORY_PART);
	if (!top->growth ||
	    screen_init(&top->screen, options->max_memory_bytes / GROWTH_MEMORY_PART, terminal_is_utf8(top->terminal)))
		return tracing_fail(tracing, "cannot start", -ENOMEM);
	top->screen.order = (enum order)options->sort;
	top->screen.interval_ns = options->interval_ns;
	tracing->input_fd = terminal_fd(top->terminal);
	tracing->tell = tell;
	tracing->tell_context = top;
	return 0;
}

static void tell_news(const struct top *top)
{
	size_t first = top->n_news > NEWS_MAX ? top->n_news - NEWS_MAX : 0;

	for (size_t i = first; i < top->n_news; i++)
		message_tell(top->verbosity, 0, top->news[i % NEWS_MAX]);
}

static int show(struct top *top)
{
	struct tracing *tracing = &top->tracing;
	int error = begin(top);

	if (!error)
		error = tracing_open(tracing);
	if (!error)
		error = terminal_begin(top->terminal, tracing->error, sizeof(tracing->error));
	if (!error)
		error = run(top);
	writer_free(top->writer);
	terminal_free(top->terminal);
	return error;
}

int command_top(int argc, char **argv)
{
	struct top top = {.stop = false};
	struct tracing *tracing = &top.tracing;
	int status = 0;

	if (tracing_begin(tracing, "top", argc, argv, &status)) {
		if (!tracing->options.n_pids) {
			status = message_fail("nothing to trace: name a process with -p PID");
		} else {
			int error = show(&top);

			tell_news(&top);
			if (error)
				status = message_fail(tracing->error);
		}
	}
	screen_free(&top.screen);
	page_free(&top.page);
	growth_free(top.growth);
	tracing_close(tracing);
	return status;
}
