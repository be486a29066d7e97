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

#define GOLDEN_MAX_BYTES (1 << 18)

/* The report as text; the caller frees it. */
static inline char *golden_render(const struct renderer *renderer, const struct snapshot *snapshot,
                                  const struct render_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(renderer->report(out, snapshot, options), 0);
	fclose(out);
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

/* Renders in both forms, in UTC, and frees the snapshot. */
static inline void golden_check(const char *name, struct snapshot *snapshot, struct render_options options)
{
	char *text, *json;

	options.utc = true;
	text = golden_render(&text_renderer, snapshot, &options);
	json = golden_render(&json_renderer, snapshot, &options);
	golden_compare("report", name, "txt", text);
	golden_compare("report", name, "json", json);
	free(text);
	free(json);
	snapshot_free(snapshot);
}

#endif
