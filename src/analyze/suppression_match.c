// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/suppression_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/wildcard.h"

/* A stack whose frames are held against patterns. */
struct subject {
	const struct process *process;
	const struct stack *stack;
	bool question_mark;
};

/* As they stand in suppressions: mangled, and as the symbolizer shows them. */
static const char *const allocators[] = {
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "valloc",
    "pvalloc",
    "operator new(unsigned long)",
    "operator new(unsigned long, std::nothrow_t const&)",
    "operator new(unsigned long, std::align_val_t)",
    "operator new(unsigned long, std::align_val_t, std::nothrow_t const&)",
    "operator new[](unsigned long)",
    "operator new[](unsigned long, std::nothrow_t const&)",
    "operator new[](unsigned long, std::align_val_t)",
    "operator new[](unsigned long, std::align_val_t, std::nothrow_t const&)",
    "_Znwm",
    "_Znam",
};

/* The object that valgrind's own allocation functions are in. */
#define VALGRIND_OBJECT "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where the parameters begin in a demangled name that has some, else its end. */
static size_t length_without_parameters(const char *name)
{
	size_t end = strlen(name);
	int depth = 0;

	for (size_t at = end; at-- > 0;) {
		if (name[at] == ')')
			depth++;
		else if (name[at] == '(' && --depth == 0)
			return at ? at : end;
		else if (depth == 0 && !strchr(" &abcdefghijklmnopqrstuvwxyz", name[at]))
			break; /* no qualifier behind parameters: there are none */
	}
	return end;
}

static bool matches_function(const struct subject *subject, const char *pattern, const char *function)
{
	size_t length;
	char *bare;
	bool matches;

	if (!function)
		return false;
	if (wildcard_match(pattern, function, subject->question_mark))
		return true;
	length = length_without_parameters(function);
	bare = function[length] ? strndup(function, length) : NULL;
	matches = bare && wildcard_match(pattern, bare, subject->question_mark);
	free(bare);
	return matches;
}

static bool matches_path(const struct subject *subject, const char *pattern, const char *path)
{
	return path && (wildcard_match(pattern, path, subject->question_mark) ||
	                wildcard_match(pattern, last_part(path), subject->question_mark));
}

static bool matches_object(const struct subject *subject, const char *pattern, const struct frame *frame)
{
	const struct process *process = subject->process;
	const struct mapping *mapping = NULL;

	if (frame->address)
		mapping = mapping_find(process->mappings, process->n_mappings, frame->address - 1,
		                       subject->stack->code_version);
	return (mapping && matches_path(subject, pattern, mapping->module->path)) ||
	       matches_path(subject, pattern, frame->module);
}

static bool matches_source(const struct subject *subject, const char *pattern, const struct frame *frame)
{
	char *with_line = NULL;
	bool matches;

	if (matches_path(subject, pattern, frame->file))
		return true;
	if (!frame->file || !frame->line || asprintf(&with_line, "%s:%u", frame->file, frame->line) < 0)
		return false;
	matches = matches_path(subject, pattern, with_line);
	free(with_line);
	return matches;
}

static bool matches_frame(const struct subject *subject, const struct suppression_frame *pattern,
                          const struct frame *frame)
{
	switch (pattern->part) {
	case PART_FUNCTION:
		return matches_function(subject, pattern->pattern, frame->function);
	case PART_OBJECT:
		return matches_object(subject, pattern->pattern, frame);
	case PART_SOURCE:
		return matches_source(subject, pattern->pattern, frame);
	case PART_ANY:
		return matches_function(subject, pattern->pattern, frame->function) ||
		       matches_path(subject, pattern->pattern, frame->file) ||
		       matches_object(subject, pattern->pattern, frame);
	case PART_FRAMES:
		break;
	}
	return false;
}

static bool matches_anywhere(const struct subject *subject, const struct suppression_frame *pattern)
{
	for (size_t i = 0; i < subject->stack->n_frames; i++) {
		if (matches_frame(subject, pattern, &subject->stack->frames[i]))
			return true;
	}
	return false;
}

/* As wildcard_match(), of frames: "..." is any number of them. What follows the last pattern may be anything. */
static bool matches_innermost(const struct subject *subject, const struct suppression_frame *patterns, size_t n)
{
	size_t pattern = 0, frame = 0, behind = 0, retry = 0;
	bool may_retry = false;

	while (pattern < n) {
		if (patterns[pattern].part == PART_FRAMES) {
			behind = ++pattern;
			retry = frame;
			may_retry = true;
			continue;
		}
		if (frame >= subject->stack->n_frames)
			return false;
		if (matches_frame(subject, &patterns[pattern], &subject->stack->frames[frame])) {
			pattern++;
			frame++;
		} else if (may_retry) {
			pattern = behind;
			frame = ++retry;
		} else {
			return false;
		}
	}
	return true;
}

static bool is_of_allocator(const struct suppression *suppression)
{
	const struct suppression_frame *first = &suppression->frames[0];

	if (first->part == PART_OBJECT)
		return wildcard_match(first->pattern, VALGRIND_OBJECT, suppression->question_mark);
	for (size_t i = 0; first->part == PART_FUNCTION && i < sizeof(allocators) / sizeof(allocators[0]); i++) {
		if (wildcard_match(first->pattern, allocators[i], suppression->question_mark))
			return true;
	}
	return false;
}

bool suppression_matches(const struct suppression *suppression, const struct process *process,
                         const struct stack *stack)
{
	struct subject subject = {
	    .process = process,
	    .stack = stack,
	    .question_mark = suppression->question_mark,
	};

	if (!suppression->n_frames || !suppression->leaks[stack->leak])
		return false;
	if (suppression->anywhere)
		return matches_anywhere(&subject, suppression->frames);
	if (matches_innermost(&subject, suppression->frames, suppression->n_frames))
		return true;
	return is_of_allocator(suppression) &&
	       matches_innermost(&subject, suppression->frames + 1, suppression->n_frames - 1);
}
