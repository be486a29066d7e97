// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * malloc(64)/free by three call sites in turn, each three calls deep. Prints "ready"; answers every
 * line "N" on standard input with the nanoseconds of CPU time that one of N pairs took: what other
 * processes take of the machine does not count. Ends with its input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BLOCK_BYTES 64
#define CALLER __attribute__((noipa))

CALLER static void *first(void)
{
	void *block = malloc(BLOCK_BYTES);

	__asm__ volatile("" : "+r"(block));
	return block;
}

CALLER static void *second(void)
{
	void *block = malloc(BLOCK_BYTES);

	__asm__ volatile("" : "+r"(block));
	return block;
}

CALLER static void *third(void)
{
	void *block = malloc(BLOCK_BYTES);

	__asm__ volatile("" : "+r"(block));
	return block;
}

CALLER static void pair(unsigned long i)
{
	static void *(*const callers[])(void) = {first, second, third};

	free(callers[i % 3]());
	__asm__ volatile("");
}

CALLER static void pairs(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		pair(i);
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(void)
{
	char line[64];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long n = strtoul(line, NULL, 10);
		double start;

		pairs(n / 10 + 1);
		start = now_ns();
		pairs(n);
		printf("%.2f\n", (now_ns() - start) / n);
		fflush(stdout);
	}
	return 0;
}
