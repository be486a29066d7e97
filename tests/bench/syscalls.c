// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A loop of system calls that allocate and free in the kernel and do little else. Prints "ready"; answers every
 * line "N" on standard input with the nanoseconds of CPU time that one of N turns took. Ends with its input.
 *
 * usage: syscalls eventfd|pipe|socketpair
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int make_eventfd(int *ends)
{
	ends[0] = eventfd(0, EFD_CLOEXEC);
	return ends[0] < 0 ? -1 : 0;
}

static int make_pipe(int *ends)
{
	return pipe2(ends, O_CLOEXEC);
}

static int make_socketpair(int *ends)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static const struct loop {
	const char *name;
	int (*make)(int *ends);
	int n_ends;
} loops[] = {
    {"eventfd", make_eventfd, 1},
    {"pipe", make_pipe, 2},
    {"socketpair", make_socketpair, 2},
};

static const struct loop *loop_named(const char *name)
{
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (!strcmp(loops[i].name, name))
			return &loops[i];
	}
	return NULL;
}

static void turns(const struct loop *loop, unsigned long n)
{
	int ends[2];

	for (unsigned long i = 0; i < n; i++) {
		if (loop->make(ends)) {
			perror(loop->name);
			exit(1);
		}
		for (int end = 0; end < loop->n_ends; end++)
			close(ends[end]);
	}
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct loop *loop = argc == 2 ? loop_named(argv[1]) : NULL;
	char line[64];

	if (!loop) {
		fputs("usage: syscalls eventfd|pipe|socketpair\n", stderr);
		return 2;
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long n = strtoul(line, NULL, 10);
		double start;

		turns(loop, n / 10 + 1);
		start = now_ns();
		turns(loop, n);
		printf("%.2f\n", (now_ns() - start) / n);
		fflush(stdout);
	}
	return 0;
}
