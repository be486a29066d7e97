/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Baselines: the stacks that are known to leak, and how much, as a JSON file for review and git. A stack's key is what
 * a rebuild leaves as it is: the names of its modules and functions, inlined ones too; no addresses, offsets, lines,
 * process IDs. Stacks that have the same key are one.
 */
#ifndef MEMTRACE_ANALYZE_BASELINE_H
#define MEMTRACE_ANALYZE_BASELINE_H

#include <stdio.h>

#include "model/snapshot.h"

struct baseline;

/* An empty one. NULL: out of memory. */
struct baseline *baseline_new(void);
void baseline_free(struct baseline *baseline);

/*
 * Reads the file. 0, or -errno with one line in `error`: -ENOENT where there is none, -EINVAL for what is no
 * baseline, is damaged, or is of a newer memtrace.
 */
int baseline_read(const char *path, struct baseline **baseline, char *error, size_t error_size);
/* The same for `size` bytes, the contents of the file `path`. */
int baseline_parse(const char *path, const char *text, size_t size, struct baseline **baseline, char *error,
                   size_t error_size);

struct baseline_rules {
	bool new_stack;        /* a stack that it does not have is a finding */
	bool growth;           /* one that has more than growth_percent more bytes than in it is one */
	double growth_percent; /* also what an update takes for noise */
};

/*
 * Holds the judged stacks, which have names, against the baseline: sets what judgement->stacks say of it, and adds
 * findings. 0 or -ENOMEM.
 */
int baseline_compare(const struct baseline *baseline, const struct baseline_rules *rules, struct snapshot *snapshot);

/*
 * Makes the baseline what was judged. Stacks whose bytes are as before, but for growth_percent, keep what is said of
 * them, so that the file's difference is what has changed. 0 or -ENOMEM, and then it is as it was.
 */
int baseline_update(struct baseline *baseline, const struct baseline_rules *rules, const struct snapshot *snapshot);
/* Writes it. 0, -ENOMEM or the -errno of a write. */
int baseline_write(FILE *out, const struct baseline *baseline);

#endif
