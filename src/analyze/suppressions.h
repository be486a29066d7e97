/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suppressions: leaks that are known and are not to be told. Two forms of files are read: LeakSanitizer's (a line
 * "leak:PATTERN" each) and valgrind's (blocks of Memcheck:Leak in braces); and there are some built in, for what the
 * C library keeps. The files come from whoever runs memtrace, but perhaps from a repository: they are bounded.
 */
#ifndef MEMTRACE_ANALYZE_SUPPRESSIONS_H
#define MEMTRACE_ANALYZE_SUPPRESSIONS_H

#include "model/snapshot.h"

#define SUPPRESSIONS_MAX 100000        /* of all files */
#define SUPPRESSION_FRAMES_MAX 256     /* of one */
#define SUPPRESSION_PATTERN_MAX 4096   /* bytes of a pattern */
#define SUPPRESSION_FILE_MAX (4 << 20) /* bytes of a file */

/* What of a frame a pattern is held against. */
enum suppression_part {
	PART_ANY,      /* function, source file or module */
	PART_FUNCTION, /* as demangled, with or without its parameters */
	PART_OBJECT,   /* the module's path, or its last part */
	PART_SOURCE,   /* the file or its last part, with or without ":LINE" */
	PART_FRAMES,   /* any number of frames, also none: "..." */
};

struct suppression_frame {
	enum suppression_part part;
	char *pattern; /* with '*', and in valgrind's '?', for what may be anything; owned; NULL: PART_FRAMES */
};

struct suppression {
	char *text, *origin; /* owned; as in struct suppression_use */
	bool anywhere;       /* its one pattern may match any frame; else its frames are the innermost ones */
	bool question_mark;  /* '?' stands for any one character */
	bool leaks[LEAK_CLASS_COUNT];
	struct suppression_frame *frames; /* owned */
	size_t n_frames;
};

struct suppressions {
	struct suppression *list; /* owned */
	size_t n;
	bool without_builtin; /* the built-in ones do not count */
};

/* Makes of a mangled name what the symbolizer shows for it; the caller frees. NULL: out of memory. */
typedef char *suppression_demangle(const char *name);

/*
 * Adds what stands in `text` (`size` bytes, any), the contents of the file `name`. 0; -ENOMEM; -EINVAL or -E2BIG with
 * one line in `error` (no newline, names in it not escaped yet).
 */
int suppressions_parse(struct suppressions *suppressions, const char *name, const char *text, size_t size,
                       suppression_demangle *demangle, char *error, size_t error_size);
/* The same for a file. Also -errno of opening and reading it. */
int suppressions_read(struct suppressions *suppressions, const char *path, suppression_demangle *demangle, char *error,
                      size_t error_size);
void suppressions_clear(struct suppressions *suppressions);

/* Takes the suppressed ones out of the judged stacks, which have names, and counts who hid what. 0 or -ENOMEM. */
int suppressions_apply(const struct suppressions *suppressions, struct snapshot *snapshot);

#endif
