// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What merely reading a process's private memory takes, through a buffer of 1 MiB: the resident pages of its writable
 * private mappings, found by /proc/PID/pagemap before. Prints nanoseconds and bytes.
 * usage: reading PID
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES (1UL << 20)
#define PAGE_BYTES 4096UL
#define RUNS_MAX 100000
#define PRESENT (1ULL << 63)

struct run {
	uint64_t start, end;
};

static struct run runs[RUNS_MAX];
static size_t n_runs;

static void add_page(uint64_t page)
{
	if (n_runs && runs[n_runs - 1].end == page)
		runs[n_runs - 1].end += PAGE_BYTES;
	else if (n_runs < RUNS_MAX)
		runs[n_runs++] = (struct run){page, page + PAGE_BYTES};
}

static void find_runs(int pagemap, uint64_t start, uint64_t end)
{
	static uint64_t entries[4096];

	while (start < end) {
		size_t n = (end - start) / PAGE_BYTES < 4096 ? (end - start) / PAGE_BYTES : 4096;

		if (pread(pagemap, entries, n * sizeof(*entries), (off_t)(start / PAGE_BYTES * sizeof(*entries))) <= 0)
			return;
		for (size_t i = 0; i < n; i++, start += PAGE_BYTES) {
			if (entries[i] & PRESENT)
				add_page(start);
		}
	}
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t read_run(pid_t pid, const struct run *run, char *buffer)
{
	uint64_t bytes = 0;

	for (uint64_t at = run->start; at < run->end;) {
		size_t size = run->end - at < BUFFER_BYTES ? run->end - at : BUFFER_BYTES;
		struct iovec local = {buffer, size}, remote = {(void *)at, size};
		ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (n <= 0)
			break;
		bytes += (uint64_t)n;
		at += size;
	}
	return bytes;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
	char path[64], line[4096], permissions[8], *buffer = malloc(BUFFER_BYTES);
	uint64_t start, end, began_ns, bytes = 0;
	FILE *maps;
	int pagemap;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY);
	if (!maps || pagemap < 0 || !buffer)
		return 1;
	memset(buffer, 0, BUFFER_BYTES);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &start, &end, permissions) == 3 &&
		    !strncmp(permissions, "rw", 2) && permissions[3] == 'p')
			find_runs(pagemap, start, end);
	}
	began_ns = now_ns();
	for (size_t i = 0; i < n_runs; i++)
		bytes += read_run(pid, &runs[i], buffer);
	printf("%" PRIu64 " %" PRIu64 "\n", now_ns() - began_ns, bytes);
	return 0;
}
