/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_CLI_BEGIN_H
#define MEMTRACE_CLI_BEGIN_H

#include "cli/options.h"

/*
 * Reads the command line of `command`, the name of a row in help.c. True: there is something to do; false: the command
 * ends with *status, and all has been said. options_free() follows in either case. `error` is for what parsing says.
 */
bool command_begin(const char *command, struct options *options, int argc, char **argv, char *error, size_t error_size,
                   int *status);

#endif
