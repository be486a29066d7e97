/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings that commands make: what is said in them of the run and of the machine. */
#ifndef MEMTRACE_CLI_RECORDER_H
#define MEMTRACE_CLI_RECORDER_H

#include "cli/options.h"
#include "recording/writer.h"

/* As writer_open(), of a run with these options. */
int recorder_open(const char *path, const struct options *options, const struct writer_namer *namer,
                  struct writer **writer, char *error, size_t error_size);

#endif
