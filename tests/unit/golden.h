/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports as they must come out: tests/golden/KIND-NAME.EXTENSION, seen from the top folder. With
 * MEMTRACE_UPDATE_GOLDEN set the files are written instead (read the diff). Behind cmocka.h.
 */
#ifndef MEMTRACE_TESTS_GOLDEN_H
#define MEMTRACE_TESTS_GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/renderer.h"
#include "unit/golden_drawn.h"
#include "unit/pprof_text.h"

#define GOLDEN_MAX_BYTES (1 << 18)

/* The report as it is; the caller frees it. */
static inline char *golden_bytes(const struct renderer *renderer, const struct snapshot *snapshot,
                                 const struct render_options *options, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	assert_int_equal(renderer->report(out, snapshot, options), 0);
	fclose(out);
	return text;
}

/* The report as text; the caller frees it. */
static inline char *golden_render(const struct renderer *renderer, const struct snapshot *snapshot,
                                  const struct render_options *options)
{
	size_t size;
	char *report, *text;

	if (renderer == &html_renderer)
		return drawn_data(snapshot, options);
	report = golden_bytes(renderer, snapshot, options, &size);
	if (renderer == &svg_renderer)
		drawn_strip(report);
	if (renderer != &pprof_renderer)
		return report;
	text = pprof_text(report, size);
	free(report);
	return text;
}

static inline char *golden_read(const char *path)
{
	char *text = calloc(1, GOLDEN_MAX_BYTES);
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(text, 1, GOLDEN_MAX_BYTES - 1, in) < GOLDEN_MAX_BYTES - 1);
	fclose(in);
	return text;
}

static inline void golden_compare(const char *kind, const char *name, const char *extension, const char *text)
{
	char path[128], *expected;

	snprintf(path, sizeof(path), "tests/golden/%s-%s.%s", kind, name, extension);
	if (getenv("MEMTRACE_UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(text, out);
		fclose(out);
	}
	expected = golden_read(path);
	assert_string_equal(text, expected);
	free(expected);
}

static const struct {
	const struct renderer *renderer;
	const char *extension;
} golden_forms[] = {
    {&text_renderer, "txt"},      {&json_renderer, "json"},   {&folded_renderer, "folded"},
    {&csv_renderer, "csv"},       {&pprof_renderer, "pprof"}, {&speedscope_renderer, "speedscope"},
    {&massif_renderer, "massif"}, {&svg_renderer, "svg"},     {&html_renderer, "html.json"},
};

/* Renders in all forms, in UTC, and frees the snapshot. */
static inline void golden_check(const char *name, struct snapshot *snapshot, struct render_options options)
{
	options.utc = true;
	for (size_t i = 0; i < sizeof(golden_forms) / sizeof(golden_forms[0]); i++) {
		char *text = golden_render(golden_forms[i].renderer, snapshot, &options);

		golden_compare("report", name, golden_forms[i].extension, text);
		free(text);
	}
	snapshot_free(snapshot);
}

#endif
