// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One scan of the live tables of a running memtrace, by their map numbers: sums of bytes and blocks per
 * stack, and nothing else. Prints "BLOCKS MILLISECONDS", the least of several.
 *
 * usage: scan MAP_ID...
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "memtrace.h"

#define MAX_STACKS (1 << 20)
#define ROUNDS 5

struct sum {
	__u64 bytes, blocks;
};

static struct sum sums[MAX_STACKS];

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static unsigned long scan(const struct mt_bucket *buckets, unsigned int n)
{
	unsigned long blocks = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (int j = 0; j < MT_BUCKET_SLOTS; j++) {
			const struct mt_block *block = &buckets[i].block[j];

			if (!buckets[i].key[j] || !block->time_ns)
				continue;
			sums[block->stack % MAX_STACKS].bytes += block->size_bytes;
			sums[block->stack % MAX_STACKS].blocks++;
			blocks++;
		}
	}
	return blocks;
}

int main(int argc, char **argv)
{
	const struct mt_bucket *tables[MT_MAX_LEVELS];
	unsigned int sizes[MT_MAX_LEVELS];
	unsigned long blocks = 0;
	double least = 1e9;
	int n = argc - 1;

	if (n < 1 || n > MT_MAX_LEVELS)
		return 2;
	for (int i = 0; i < n; i++) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(strtoul(argv[i + 1], NULL, 10));

		if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &size))
			return 1;
		sizes[i] = info.max_entries;
		tables[i] = mmap(NULL, (size_t)sizes[i] * sizeof(struct mt_bucket), PROT_READ, MAP_SHARED, fd, 0);
		if (tables[i] == MAP_FAILED)
			return 1;
	}
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ms();

		blocks = 0;
		for (int i = 0; i < n; i++)
			blocks += scan(tables[i], sizes[i]);
		start = now_ms() - start;
		if (start < least)
			least = start;
	}
	printf("%lu %.2f\n", blocks, least);
	return 0;
}
