/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What making a file's unwind table costs: the best of several runs, in a process of its own for each table.
 * usage: speed FILE...
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unwind/unwind.h"

#define RUNS 15

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* what others take of the machine does not count */
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static int measure(const char *path, enum unwind_scope scope)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct unwind_table table;
	struct rusage usage;
	double best_ms = 1e9;

	for (int i = 0; i < RUNS && !err; i++) {
		double start_ms = now_ms(), ms;

		err = unwind_table_build(fd, scope, &table);
		ms = now_ms() - start_ms;
		if (ms < best_ms)
			best_ms = ms;
		if (i < RUNS - 1)
			unwind_table_free(&table);
	}
	getrusage(RUSAGE_SELF, &usage);
	if (err) {
		printf("%s: %s\n", path, strerror(-err));
		return 1;
	}
	printf("%s, %s: %.1f ms, %.1f ns of %zu rows; table: %zu rows, %zu rules, %zu pages, %zu bytes; peak %ld KiB\n",
	       path, scope == UNWIND_CALL_SITES ? "call sites" : "all code", best_ms,
	       best_ms * 1e6 / (double)table.n_all_rows, table.n_all_rows, table.n_rows, table.n_rules, table.n_pages,
	       table.n_rows * sizeof(*table.rows) + table.n_rules * sizeof(*table.rules) +
	           table.n_pages * sizeof(*table.pages),
	       usage.ru_maxrss);
	unwind_table_free(&table);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		for (int scope = UNWIND_CALL_SITES; scope <= UNWIND_ALL_CODE; scope++) {
			pid_t child = fork();
			int status = 1;

			if (child == 0)
				exit(measure(argv[i], scope));
			waitpid(child, &status, 0);
			failed |= status != 0;
		}
	}
	return failed;
}
