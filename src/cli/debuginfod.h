/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_CLI_DEBUGINFOD_H
#define MEMTRACE_CLI_DEBUGINFOD_H

#include "cli/options.h"
#include "symbolize/symbolizer.h"

/* Debug files from servers, if the command line or the environment asks for them. 0, or -errno with a line in `error`.
 */
int debuginfod_use(struct symbolizer *symbolizer, const struct options *options, char *error, size_t error_size);

#endif
