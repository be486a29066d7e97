/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands. Each gets its own argv (argv[0] is its name) and returns the exit status. */
#ifndef MEMTRACE_CLI_COMMANDS_H
#define MEMTRACE_CLI_COMMANDS_H

int command_trace(int argc, char **argv);
int command_leaks(int argc, char **argv);
int command_churn(int argc, char **argv);
int command_check(int argc, char **argv);
int command_record(int argc, char **argv);
int command_report(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_top(int argc, char **argv);
int command_kernel(int argc, char **argv);
int command_system(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_help(int argc, char **argv);

#endif
