/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on standard error. Names in them come from outside: they are escaped. */
#ifndef MEMTRACE_CLI_MESSAGE_H
#define MEMTRACE_CLI_MESSAGE_H

/* Prints "memtrace: TEXT" as one line. Returns 2, the exit status of a failure. */
int message_fail(const char *text);

/* The same for what only --verbose tells; nothing below `level`. */
void message_tell(int verbosity, int level, const char *text);

#endif
