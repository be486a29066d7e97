/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots and pages for the tests of the screen of memtrace top. */
#ifndef MEMTRACE_TESTS_TOP_FIXTURE_H
#define MEMTRACE_TESTS_TOP_FIXTURE_H

#include <assert.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "analyze/aggregate.h"
#include "top/page.h"
#include "top/screen.h"
#include "unit/sample_snapshot.h"
#include "util/escape.h"

#define TOP_MEMORY (16 << 20)

/* A stack of a snapshot to be made: of process `process`, with its first address `from`. */
struct top_row {
	size_t process;
	uint64_t from, blocks, size;
};

/* Merged and with sums, `seconds` after the beginning. */
static inline struct snapshot *top_snapshot(size_t n_processes, uint64_t seconds, const struct top_row *rows, size_t n)
{
	struct snapshot *snapshot = sample_new(n_processes, n, 1);

	snapshot->elapsed_ns = seconds * 1000000000;
	snapshot->time_unix_ns = snapshot->since_unix_ns + snapshot->elapsed_ns;
	for (size_t i = 0; i < n; i++) {
		struct stack *stack = &snapshot->stacks[i];

		stack->process = rows[i].process;
		sample_addresses(stack, rows[i].from, 3);
		sample_usage(stack, rows[i].blocks, rows[i].size);
		stack->oldest_ns = rows[i].blocks ? rows[i].from * 1000000000 : 0;
	}
	if (aggregate_merge(snapshot))
		abort();
	aggregate_sum(snapshot);
	return snapshot;
}

/* The line without the blanks at its end; the caller frees it. */
static inline char *top_line(const struct page *page, size_t i)
{
	const struct buffer *text = &page->lines[i].text;
	size_t size = text->size;

	while (size && text->bytes[size - 1] == ' ')
		size--;
	return strndup(size ? text->bytes : "", size);
}

/* All lines; the caller frees it. */
static inline char *top_text(const struct page *page)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < page->n_lines; i++) {
		char *line = top_line(page, i);

		fprintf(out, "%s\n", line);
		free(line);
	}
	fclose(out);
	return text;
}

/* Columns of what a line holds, -1 where it has what must not be sent. */
static inline int top_columns(const struct buffer *text, bool utf8)
{
	char *copy = strndup(text->size ? text->bytes : "", text->size);
	int columns = 0;

	for (const char *at = copy; *at && columns >= 0;) {
		unsigned int character = 0;
		size_t size = utf8_decode(at, &character);
		int width = !size || (!utf8 && character > 0x7e) ? -1 : wcwidth((wchar_t)character);

		columns = width < 0 ? -1 : columns + width;
		at += size;
	}
	free(copy);
	return columns;
}

/* No line is wider than the screen, or has what a terminal would obey. */
static inline bool top_is_sane(const struct page *page)
{
	for (size_t i = 0; i < page->n_lines; i++) {
		const struct page_line *line = &page->lines[i];
		int columns = top_columns(&line->text, page->utf8);

		if (columns < 0 || (size_t)columns > page->n_columns || (size_t)columns != line->columns)
			return false;
		if (line->n_runs && line->runs[line->n_runs - 1].end != line->text.size)
			return false;
	}
	return true;
}

static inline void top_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		abort();
}

#endif
