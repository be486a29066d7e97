// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live blocks on many stacks. Prints "ready"; the line "BLOCKS STACKS" allocates so many blocks from
 * so many different stacks, "0 0" frees them all; both are answered with "done".
 */
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 32
#define LEVELS 14 /* each takes one bit of the stack's number: left or right */
#define CALLER __attribute__((noipa))

static void *left(unsigned long number, int levels);
static void *right(unsigned long number, int levels);

static inline __attribute__((always_inline)) void *descend(unsigned long number, int levels)
{
	void *block;

	if (!levels)
		block = malloc(BLOCK_BYTES);
	else if (number & 1)
		block = right(number >> 1, levels - 1);
	else
		block = left(number >> 1, levels - 1);
	__asm__ volatile("" : "+r"(block));
	return block;
}

CALLER static void *left(unsigned long number, int levels)
{
	return descend(number, levels);
}

CALLER static void *right(unsigned long number, int levels)
{
	return descend(number, levels);
}

int main(void)
{
	unsigned long n_live = 0, n, n_stacks;
	void **live = NULL;
	char line[64];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%lu %lu", &n, &n_stacks) != 2)
			return 1;
		for (unsigned long i = 0; i < n_live; i++)
			free(live[i]);
		free(live);
		live = n ? malloc(n * sizeof(*live)) : NULL;
		for (n_live = 0; n_live < n; n_live++)
			live[n_live] = left(n_live % n_stacks, LEVELS);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
