// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory full of blocks: each has a pointer to the one before, and words that point nowhere.
 * usage: filled BLOCK_BYTES TOTAL_BYTES      says "ready", fills when it gets a line, says "done"
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void **last;

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[1], NULL, 0) : 0, total = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	uint64_t random = 88172645463325252ULL;
	char line[64];

	if (size < sizeof(*last))
		return 2;
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	for (size_t done = 0; done < total; done += size) {
		uint64_t *block = malloc(size);

		if (!block)
			return 1;
		for (size_t i = 1; i < size / sizeof(*block); i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			block[i] = random;
		}
		block[0] = (uintptr_t)last;
		last = (void **)block;
	}
	puts("done");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	return 0;
}
