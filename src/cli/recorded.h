/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on recordings have in common: from a file to a snapshot that can be shown. */
#ifndef MEMTRACE_CLI_RECORDED_H
#define MEMTRACE_CLI_RECORDED_H

#include "cli/options.h"
#include "model/snapshot.h"
#include "recording/recording.h"
#include "symbolize/module_files.h"
#include "symbolize/symbolizer.h"

struct recorded {
	struct recording *recording;
	struct symbolizer *symbolizer; /* NULL: the recording has names */
	struct module_files *files;
	char error[512]; /* one line on what has failed */
};

/* Opens it, and what its names are found in. 0, or -errno with a line in `error`; recorded_close() follows. */
int recorded_open(struct recorded *recorded, const char *path, const struct options *options);
void recorded_close(struct recorded *recorded);

/* The moment asked for by --at, --peak or --last. 0 or -errno as above. */
int recorded_moment(struct recorded *recorded, const struct options *options, size_t *moment);
/* The snapshot of a moment, with all sums; its stacks have no names. 0 or -errno as above. */
int recorded_snapshot(struct recorded *recorded, size_t moment, struct snapshot **snapshot);
/* Names the stacks that are shown. 0 or -errno as above. */
int recorded_name(struct recorded *recorded, struct snapshot *snapshot);

#endif
