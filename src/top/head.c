// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/clock.h"
#include "top/cells.h"
#include "util/escape.h"
#include "util/quantity.h"

/* "app (1234)" */
static void draw_process(struct page *page, const struct process *process)
{
	char name[ESCAPE_MAX * sizeof(process->comm)];

	escape_copy(name, sizeof(name), process->comm);
	page_add(page, STYLE_STRONG, name);
	page_printf(page, STYLE_STRONG, " (%d)", process->pid);
	if (!process->ended)
		return;
	page_add(page, STYLE_ALERT, " ended");
	if (process->exit_status_known)
		page_printf(page, STYLE_ALERT, ", exit status %d", process->exit_status);
}

static void draw_processes(const struct screen *screen, struct page *page, size_t width)
{
	const struct snapshot *keys = &screen->watch->keys;
	size_t i = 0;

	while (i < keys->n_processes && (!i || page->n_columns - page_room(page) < width)) {
		page_add(page, STYLE_STRONG, i ? ", " : " ");
		draw_process(page, &keys->processes[i++]);
	}
	if (i < keys->n_processes)
		page_printf(page, STYLE_STRONG, ", %zu more", keys->n_processes - i);
}

void head_draw_title(const struct screen *screen, struct page *page)
{
	char time[CLOCK_SIZE] = "", right[128];
	size_t columns, room;

	if (screen->now.time_unix_ns)
		clock_time(time, screen->now.time_unix_ns, screen->utc);
	if (screen->ended)
		snprintf(right, sizeof(right), "last state, %s", time);
	else
		snprintf(right, sizeof(right), "%s%s every %g s", screen->paused ? "PAUSED " : "", time,
		         (double)screen->interval_ns / 1e9);
	columns = cells_width(right, page->utf8) + 1;
	page_add(page, STYLE_STRONG, "memtrace top:");
	draw_processes(screen, page, page->n_columns > columns + 24 ? page->n_columns - columns - 24 : 0);
	room = page_room(page);
	if (room < columns)
		return;
	page_field(page, STYLE_PLAIN, room - columns + 1, false, "");
	page_add(page, screen->paused || screen->ended ? STYLE_ALERT : STYLE_PLAIN, right);
}

/* "+1.2 MiB/s" */
static void draw_rate(struct page *page, const char *before, double change, double seconds)
{
	char text[QUANTITY_SIZE];
	double rate = change / seconds;

	page_printf(page,
	            rate > 0   ? STYLE_MORE
	            : rate < 0 ? STYLE_LESS
	                       : STYLE_PLAIN,
	            "%s%s%s/s", before,
	            rate > 0   ? "+"
	            : rate < 0 ? "-"
	                       : "",
	            quantity_words(text, quantity_of(rate < 0 ? -rate : rate)));
}

void head_draw_totals(const struct screen *screen, struct page *page)
{
	const struct usage *now = &screen->now.totals, *before = &screen->before.totals;
	double seconds = (double)(screen->now.elapsed_ns - screen->before.elapsed_ns) / 1e9;
	char text[QUANTITY_SIZE];

	page_add(page, STYLE_PLAIN, "Live ");
	page_printf(page, STYLE_STRONG, "%" PRIu64 " bytes in %" PRIu64 " blocks", now->live_bytes, now->live_blocks);
	if (now->live_bytes >= 1024)
		page_printf(page, STYLE_PLAIN, " (%s)", quantity_words(text, now->live_bytes));
	if (seconds <= 0 || !screen->before.elapsed_ns)
		return;
	draw_rate(page, ", ", (double)now->live_bytes - (double)before->live_bytes, seconds);
	page_printf(page, STYLE_PLAIN, "; allocated %s/s",
	            quantity_words(text, quantity_of((double)(now->alloc_bytes - before->alloc_bytes) / seconds)));
	page_printf(page, STYLE_PLAIN, ", %s/s",
	            quantity_count(text, quantity_of((double)(now->alloc_count - before->alloc_count) / seconds)));
}

void head_draw_mark(const struct screen *screen, struct page *page)
{
	const struct usage *now = &screen->now.totals, *then = &screen->marked.totals;
	int64_t bytes = (int64_t)(now->live_bytes - then->live_bytes);
	int64_t blocks = (int64_t)(now->live_blocks - then->live_blocks);
	char time[CLOCK_SIZE];

	clock_time(time, screen->marked.time_unix_ns, screen->utc);
	page_printf(page, STYLE_PLAIN, "Since %s (%.0f s ago): ", time,
	            (double)(screen->now.elapsed_ns - screen->marked.elapsed_ns) / 1e9);
	page_printf(page,
	            bytes > 0   ? STYLE_MORE
	            : bytes < 0 ? STYLE_LESS
	                        : STYLE_PLAIN,
	            "%+" PRIi64 " bytes in %+" PRIi64 " blocks", bytes, blocks);
}

void head_draw_choice(const struct screen *screen, struct page *page)
{
	char text[SCREEN_SEARCH_MAX * 4];

	page_printf(page, STYLE_PLAIN, "%zu stack%s", screen->n_live, screen->n_live == 1 ? "" : "s");
	if (screen->search[0]) {
		escape_copy(text, sizeof(text), screen->search);
		page_printf(page, STYLE_PLAIN, ", %zu of them with '", screen->n_rows);
		page_add(page, STYLE_STRONG, text);
		page_add(page, STYLE_PLAIN, "'");
	}
	page_printf(page, STYLE_PLAIN, ", by %s%s", order_name(screen->order), screen->reversed ? ", least first" : "");
	if (screen->watch->n_left_out)
		page_printf(page, STYLE_ALERT, "; %zu smaller ones left out for want of room (--max-memory)",
		            screen->watch->n_left_out);
}

void head_draw_recording(const struct screen *screen, struct page *page)
{
	const struct screen_recording *recording = &screen->recording;
	char path[PROMPT_SIZE * 4], bytes[QUANTITY_SIZE];

	escape_copy(path, sizeof(path), recording->path);
	page_printf(page, STYLE_BUSY, "Recording: %" PRIu64 " snapshot%s, %s, in ", recording->snapshots,
	            recording->snapshots == 1 ? "" : "s", quantity_words(bytes, recording->bytes));
	page_add(page, STYLE_BUSY, path);
}

void head_draw_message(const struct screen *screen, struct page *page)
{
	page_add(page, screen->alarming ? STYLE_ALERT : STYLE_BUSY, screen->message);
}
