/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memtrace check on a recording: what of it is judged. */
#ifndef MEMTRACE_CLI_CHECK_RECORDED_H
#define MEMTRACE_CLI_CHECK_RECORDED_H

#include "cli/options.h"
#include "cli/recorded.h"
#include "model/snapshot.h"

/*
 * What a recording cannot tell is refused; and the kinds to judge, where none are given: growing, or outstanding where
 * there is a limit that is not on growth. 0, or -EINVAL with a line in `error`.
 */
int check_recorded_options(struct options *options, char *error, size_t error_size);

/*
 * The last snapshot, with sums, and with growth asked for the snapshots between which it is looked at: from --warmup
 * on, `rounds` parts of the recording. The caller frees all. 0 or -errno with a line in recorded->error.
 */
int check_recorded_read(struct recorded *recorded, const struct options *options, struct snapshot **last,
                        struct snapshot ***rounds, size_t *n_rounds);

#endif
