/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports as they must come out: tests/golden/report-NAME.EXTENSION, seen from the top folder. With
 * MEMTRACE_UPDATE_GOLDEN set the files are written instead (read the diff). Behind cmocka.h.
 */
#ifndef MEMTRACE_TESTS_GOLDEN_H
#define MEMTRACE_TESTS_GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/renderer.h"

#define GOLDEN_MAX_BYTES (1 << 16)

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
	fread(text, 1, GOLDEN_MAX_BYTES - 1, in);
	fclose(in);
	return text;
}

static inline void golden_compare(const char *name, const char *extension, const char *text)
{
	char path[128], *expected;

	snprintf(path, sizeof(path), "tests/golden/report-%s.%s", name, extension);
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

#endif
