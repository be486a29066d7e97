/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a recording, also one that is being written: snapshots of its moments, as they were when they were stored. */
#ifndef MEMTRACE_RECORDING_RECORDING_H
#define MEMTRACE_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/history.h"
#include "model/snapshot.h"

struct recording;

/*
 * Opens the file. What is no recording, is damaged or of another version is refused: -EINVAL, -EBADMSG. 0 or -errno
 * with one line in `error`, which later calls write to as well.
 */
int recording_open(const char *path, struct recording **result, char *error, size_t error_size);
/* After the snapshots that were read from it. NULL is allowed. */
void recording_close(struct recording *recording);

/* The moments it has, by time; there is at least one. They are the recording's. */
const struct moment *recording_moments(const struct recording *recording, size_t *n);
/* Whether its stacks have names. */
bool recording_has_names(const struct recording *recording);
/* What is said of it by this key (docs/RECORDINGS.md); NULL: nothing. */
const char *recording_about(const struct recording *recording, const char *key);
/* The files that its processes had mapped; the caller may open them (symbolize/module_files.h). */
struct module *recording_modules(struct recording *recording, size_t *n);

/*
 * The snapshot of a moment, with sums by stack alone: aggregate_sum() makes the others. The caller frees it before
 * the recording is closed, whose modules it points to. 0 or -errno.
 */
int recording_snapshot(struct recording *recording, size_t moment, struct snapshot **result);
/* Fills in the frames of a stack of a snapshot of it, where it has names. 0 or -errno. */
int recording_name(struct recording *recording, struct stack *stack);
/*
 * The course of the snapshot's first n_stacks stacks, over at most max_moments moments, the one given among them, and
 * those that stand out (recording/choose_moments.h). 0 or -errno; the caller frees it.
 */
int recording_history(struct recording *recording, const struct snapshot *snapshot, size_t n_stacks, size_t moment,
                      size_t max_moments, struct history **result);

#endif
