/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots to be judged, with names, for the tests of memtrace check. */
#ifndef MEMTRACE_TESTS_CHECK_FIXTURE_H
#define MEMTRACE_TESTS_CHECK_FIXTURE_H

#include "unit/sample_snapshot.h"

/* Gives the stack `n` frames of these functions and modules, file "src/N.c" and line N; a name beginning with '~' is
 * inlined. */
static inline void check_frames(struct stack *stack, size_t n, const char *const (*names)[2])
{
	static const char *const files[] = {"src/0.c", "src/1.c", "src/2.c", "src/3.c", "/usr/4.c", "/usr/5.c"};

	sample_addresses(stack, 0x1000, n);
	stack->frames = calloc(n + 1, sizeof(*stack->frames));
	assert(stack->frames);
	stack->n_frames = n;
	for (size_t i = 0; i < n; i++) {
		const char *function = names[i][0];

		stack->frames[i] = (struct frame){
		    .address = stack->addresses[i],
		    .function = function && function[0] == '~' ? function + 1 : function,
		    .inlined = function && function[0] == '~',
		    .module = names[i][1],
		    .file = function && i < 6 ? files[i] : NULL,
		    .line = function ? (unsigned int)i + 1 : 0,
		    .offset = 16,
		    .has_offset = function != NULL,
		};
	}
}

#define CHECK_FRAMES(stack, ...) \
	check_frames(stack, sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(const char *const[2]), \
	             (const char *const[][2]){__VA_ARGS__})

/* Judges every stack with live blocks. */
static const bool check_outstanding[CHECK_KIND_COUNT] = {[CHECK_OUTSTANDING] = true};

#endif
