/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file of suppressions, which are then held against a stack. */
#ifndef MEMTRACE_TESTS_SUPPRESSION_TEXT_H
#define MEMTRACE_TESTS_SUPPRESSION_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/suppression_match.h"
#include "symbolize/demangle.h"

/* What was taken must be within its bounds, and what was not must have a line that says why. */
static inline void suppression_text_try(const char *text, size_t size)
{
	struct frame frames[] = {
	    {.function = "shapes::grow(int) const", .module = "libfoo.so", .file = "src/a.c", .line = 12},
	    {.module = "[anon]"},
	    {.function = "main", .module = "app", .file = "/src/b.c"},
	};
	struct process process = {.pid = 1};
	struct stack stack = {.frames = frames, .n_frames = 3};
	struct suppressions suppressions = {0};
	char error[256] = "";
	int code = suppressions_parse(&suppressions, "file", text, size, demangle, error, sizeof(error));

	if ((code != 0) != (error[0] != '\0'))
		abort();
	for (size_t i = 0; i < suppressions.n; i++) {
		if (suppressions.list[i].n_frames > SUPPRESSION_FRAMES_MAX)
			abort();
		if (suppressions.list[i].n_frames && i < 100)
			suppression_matches(&suppressions.list[i], &process, &stack);
	}
	suppressions_clear(&suppressions);
}

#endif
