// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/help.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cli/option_rows.h"
#include "cli/options.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 80

// clang-format off
const struct command_row command_rows[] = {
	{
		.name = "trace",
		.synopsis = "memtrace [OPTIONS] -p PID[,PID...] [INTERVAL [COUNT]]\n"
			    "       memtrace [OPTIONS] [INTERVAL [COUNT]] -- COMMAND [ARG...]",
		.summary = "find the stacks whose allocations stay (when no command is named)",
		.details = "With -p a report is made every INTERVAL seconds (5), COUNT times (until\n"
			   "interrupted). With -- the command is started and traced from its first\n"
			   "allocation; the last report is made when it exits, from what is still live then.\n",
		.accept = ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_INTERVAL | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_HEAP |
			  ACCEPT_LISTING | ACCEPT_ORDER,
		.examples = "  memtrace -p 1234              a report every 5 seconds\n"
			    "  memtrace -p 1234 10 3         three reports, 10 seconds apart\n"
			    "  memtrace -a -T 3 -- ./app -x  what ./app -x has not freed when it exits\n",
	},
	{
		.name = "leaks",
		.synopsis = "memtrace leaks [OPTIONS] -p PID[,PID...] [INTERVAL [COUNT]]\n"
			    "       memtrace leaks [OPTIONS] -- COMMAND [ARG...]",
		.summary = "find the blocks that nothing leads to any more",
		.details = "Stops the process for a moment, reads its registers and its memory, lets it go,\n"
			   "and tells of each live block whether it can still be reached: definite (nothing\n"
			   "leads to it), indirect (only leaked blocks do), possible (only a pointer into\n"
			   "its middle does, or the kernel alone has one), reachable. With -p that is done\n"
			   "INTERVAL seconds (5) after attaching, COUNT times (1), or when interrupted. A\n"
			   "command is looked at when it exits.\n",
		.accept = ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_INTERVAL | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_HEAP |
			  ACCEPT_LISTING | ACCEPT_ORDER | ACCEPT_LEAKS | ACCEPT_SCAN,
		.examples = "  memtrace leaks -p 1234 60      what is lost of a minute's allocations\n"
			    "  memtrace leaks -- ./app -x     what ./app -x has lost when it exits\n"
			    "  memtrace leaks --reachable -p 1234   and who holds the rest\n",
	},
	{
		.name = "churn",
		.synopsis = "memtrace churn [OPTIONS] -p PID[,PID...] [INTERVAL [COUNT]]\n"
			    "       memtrace churn [OPTIONS] [INTERVAL [COUNT]] -- COMMAND [ARG...]",
		.summary = "find the stacks that keep the allocator busy",
		.details = "Says of each stack how much it allocates a second, how large its blocks are, how\n"
			   "long they live, who frees them, what realloc wastes, and how much was live at\n"
			   "most. Rates are those of the last interval, all else counts since attaching. A\n"
			   "report is made every INTERVAL seconds (5), COUNT times (until interrupted), and\n"
			   "at a command's exit.\n",
		.accept = ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_INTERVAL | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_HEAP |
			  ACCEPT_LISTING | ACCEPT_CHURN,
		.examples = "  memtrace churn -p 1234 10 1           who allocates most within 10 seconds\n"
			    "  memtrace churn --sort short-lived -p 1234   and frees soonest\n"
			    "  memtrace churn -- ./app -x            all that ./app -x allocated\n",
	},
	{
		.name = "check",
		.synopsis = "memtrace check [OPTIONS] -p PID[,PID...]\n"
			    "       memtrace check [OPTIONS] -- COMMAND [ARG...]\n"
			    "       memtrace check [OPTIONS] RECORDING",
		.summary = "give a verdict on leaks by the exit status, for CI",
		.details = "Judges the blocks that are leaked, or those of the kinds asked for: a command's\n"
			   "when it exits, a process's after --duration, when it ends, or at SIGINT. Without\n"
			   "any limit one block fails. The exit status is 0 (passed), 1 (failed), 3 (no\n"
			   "verdict: something was lost, children were not traced, or the time was not\n"
			   "over), or that of the command.\n",
		.accept = ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_HEAP | ACCEPT_SCAN |
			  ACCEPT_CHECK | ACCEPT_FILE | ACCEPT_NAMES,
		.examples = "  memtrace check -- ./app -x            fails if ./app -x leaks\n"
			    "  memtrace check --format junit --output leaks.xml -- ./tests\n"
			    "  memtrace check --warmup 10 --duration 60 --max-growth 1M/h -p 1234\n"
			    "  memtrace check --baseline leaks.json --update-baseline -- ./app\n",
	},
	{
		.name = "record",
		.synopsis = "memtrace record [OPTIONS] -w FILE -p PID[,PID...]\n"
			    "       memtrace record [OPTIONS] -w FILE -- COMMAND [ARG...]",
		.summary = "keep a series of snapshots in a file",
		.details = "FILE is an SQLite database: memtrace report shows it, also while it is written,\n"
			   "and so does anything else that reads SQLite. A snapshot is stored every T\n"
			   "seconds and at the end; after a crash or with a full disk the file is whole up\n"
			   "to the last one.\n",
		.accept = ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_STACKS | ACCEPT_HEAP | ACCEPT_RECORD,
		.examples = "  memtrace record -w app.memtrace -p 1234            until interrupted\n"
			    "  memtrace record -w week.memtrace --interval 60 --rotate 1d -p 1234\n"
			    "  memtrace record -w run.memtrace -- ./app -x\n",
	},
	{
		.name = "report",
		.synopsis = "memtrace report [OPTIONS] FILE",
		.summary = "show a recording, in any form",
		.details = "Shows the last snapshot of FILE, or that of another moment. Needs no privileges.\n"
			   "Names that were left for later are found in the files that were traced, or below\n"
			   "DIR, by their build IDs.\n",
		.accept = ACCEPT_REPORT | ACCEPT_FILE | ACCEPT_MOMENT | ACCEPT_ORDER | ACCEPT_NAMES,
		.examples = "  memtrace report app.memtrace                      what was live at the end\n"
			    "  memtrace report --peak --format html --output peak.html app.memtrace\n"
			    "  memtrace report --at 12:30 --sort growth app.memtrace\n",
	},
	{
		.name = "diff",
		.synopsis = "memtrace diff [OPTIONS] OLD NEW",
		.summary = "compare two recordings, or two moments of one",
		.details = "OLD and NEW are recordings (their last snapshots), or moments: FILE@TIME with a\n"
			   "TIME as memtrace report takes it. Stacks are the same if their functions and\n"
			   "modules are, so builds may differ. What has changed most comes first. Needs no\n"
			   "privileges.\n",
		.accept = ACCEPT_REPORT | ACCEPT_FILE | ACCEPT_ORDER | ACCEPT_NAMES,
		.examples = "  memtrace diff before.memtrace after.memtrace\n"
			    "  memtrace diff app.memtrace@12:30 app.memtrace@+3600\n"
			    "  memtrace diff --format html --output diff.html old.memtrace new.memtrace\n"
			    "  memtrace diff --format folded --output d.folded old.memtrace new.memtrace\n",
	},
	{
		.name = "top",
		.synopsis = "memtrace top [OPTIONS] -p PID[,PID...] [INTERVAL [COUNT]]",
		.summary = "watch the stacks of running processes on the terminal",
		.details = "Shows the stacks whose allocations stay, refreshed in place every INTERVAL\n"
			   "seconds (1), COUNT times (until q), each with the course of its live bytes and a\n"
			   "verdict. Keys order and search the stacks, show their frames, mark a moment to\n"
			   "show what has changed since, and record into a file; ? lists them.\n",
		.accept = ACCEPT_PID | ACCEPT_INTERVAL | ACCEPT_STACKS | ACCEPT_HEAP | ACCEPT_ORDER,
		.examples = "  memtrace top -p 1234                  every second\n"
			    "  memtrace top --sort growth -p 1234 5  what surely grows first, every 5 seconds\n",
	},
	{
		.name = "system",
		.synopsis = "memtrace system [OPTIONS] [INTERVAL [COUNT]]",
		.summary = "say where the memory of this machine is",
		.details = "Reads the kernel's own files and changes nothing. Without INTERVAL there is one\n"
			   "report, at once. With it there is one every INTERVAL seconds, COUNT times (until\n"
			   "interrupted, then a last one), each with the rates of its interval.\n",
		.accept = ACCEPT_INTERVAL | ACCEPT_REPORT,
		.examples = "  memtrace system               where memory is now\n"
			    "  memtrace system 60 1          and what grows within a minute\n"
			    "  memtrace system -T 0 5        all slab caches and processes, every 5 seconds\n",
	},
	{
		.name = "kernel",
		.synopsis = "memtrace kernel [OPTIONS] [INTERVAL [COUNT]]",
		.summary = "find which slab cache of the kernel grows, and the stacks behind it",
		.details = "Holds the kernel's own count of each slab cache against the allocations and\n"
			   "frees that its events tell, and shows what stays, by stack: slab objects, pages,\n"
			   "per-CPU memory and mappings. A report is made every INTERVAL seconds (5), COUNT\n"
			   "times (until interrupted); growth counts from the start.\n",
		.accept = ACCEPT_PID | ACCEPT_INTERVAL | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_LISTING |
			  ACCEPT_ORDER | ACCEPT_KERNEL,
		.examples = "  memtrace kernel 10 1                  which caches grow within 10 seconds\n"
			    "  memtrace kernel --cache dentry        that cache's stacks alone\n"
			    "  memtrace kernel --by process 60 1     and which processes make it grow\n",
	},
	{
		.name = "doctor",
		.synopsis = "memtrace doctor [-p PID[,PID...]]",
		.summary = "say what this kernel and these privileges allow",
		.details = "Prints what memtrace can use here, and what it falls back to; with -p also every\n"
			   "probe that would be set in that process, which is left alone.\n",
		.accept = ACCEPT_PID,
		.examples = "  memtrace doctor               what this kernel has\n"
			    "  memtrace doctor -p 1234       and where probes would go in a process\n",
	},
	{
		.name = "help",
		.synopsis = "memtrace help [COMMAND]",
		.summary = "print the help of a command",
		.details = "Without COMMAND, lists the commands.\n",
		.accept = ACCEPT_FILE,
		.examples = "  memtrace help check           the options of memtrace check\n",
	},
};
// clang-format on

const size_t n_command_rows = sizeof(command_rows) / sizeof(command_rows[0]);

const struct command_row *command_find(const char *name)
{
	for (size_t i = 0; i < n_command_rows; i++) {
		if (strcmp(command_rows[i].name, name) == 0)
			return &command_rows[i];
	}
	return NULL;
}

/* Prints the words from column HELP_COLUMN on, broken into lines. */
static void print_words(FILE *out, const char *words)
{
	int column = HELP_COLUMN;

	while (*words) {
		int length = (int)strcspn(words, " ");

		if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		if (column > HELP_COLUMN)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", length, words);
		words += length;
		words += strspn(words, " ");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct option_row *row)
{
	int column;

	if (row->letter)
		column = fprintf(out, "  -%c, --%s", row->letter, row->name);
	else
		column = fprintf(out, "      --%s", row->name);
	if (row->argument)
		column += fprintf(out, " %s", row->argument);
	if (column >= HELP_COLUMN) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - column, "");
	print_words(out, row->help);
}

static void print_command(FILE *out, const struct command_row *command)
{
	fprintf(out, "usage: %s\n\n%s", command->synopsis, command->details);
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < n_option_rows; i++) {
		if (!option_rows[i].hidden && option_row_accepted(&option_rows[i], command->accept))
			print_option(out, &option_rows[i]);
	}
	if (command->accept & ACCEPT_STACKS)
		fputs("\nSizes take K, M or G (powers of 1024), with an optional iB.\n", out);
	fprintf(out, "\nExamples:\n%s", command->examples);
}

static void print_overview(FILE *out)
{
	fprintf(out, "memtrace finds memory that a program allocates and does not free.\n\nusage: %s\n\nCommands:\n",
	        command_rows[0].synopsis);
	for (size_t i = 0; i < n_command_rows; i++)
		fprintf(out, "  %-8s %s\n", command_rows[i].name, command_rows[i].summary);
	fprintf(out, "\nExamples:\n%s", command_rows[0].examples);
	fprintf(out, "'memtrace help COMMAND' lists the options of a command.\n");
}

int help_print(FILE *out, const char *command)
{
	const struct command_row *row = NULL;

	if (command) {
		row = command_find(command);
		if (!row)
			return -ENOENT;
	}
	if (row)
		print_command(out, row);
	else
		print_overview(out);
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : 0;
}
