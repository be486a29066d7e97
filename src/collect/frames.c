// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/frames.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/nodes.h"

#define ENTRIES 512
/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT (1ULL << 63)
#define PAGE_FRAME ((1ULL << 55) - 1)
#define FRAME_ZERO_PAGE (1ULL << 24)
/* Numbers of memory blocks, of 128 MiB or more. */
#define MAX_BLOCKS (1UL << 22)

struct frames {
	int pagemap_fd, flags_fd;
	uint64_t page_size;
	uint64_t block_frames;  /* frames in a block of memory; 0: the kernel does not tell of blocks */
	int16_t *node_of_block; /* -1: not known */
	size_t n_blocks;
};

bool frames_hidden(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t address = (uintptr_t)page;
	bool hidden = false;
	int node;

	if (page == MAP_FAILED)
		return false;
	*(volatile char *)page = 1;
	if (!mprotect(page, size, PROT_NONE))
		hidden = !nodes_of_pages(getpid(), &address, 1, &node) && node < 0;
	munmap(page, size);
	return hidden;
}

static uint64_t block_bytes(void)
{
	FILE *file = fopen("/sys/devices/system/memory/block_size_bytes", "re");
	char text[32] = "";

	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return strtoull(text, NULL, 16);
}

static int add_block(struct frames *frames, size_t block, int node)
{
	if (block >= MAX_BLOCKS)
		return 0;
	if (block >= frames->n_blocks) {
		size_t n = block + 1 > 2 * frames->n_blocks ? block + 1 : 2 * frames->n_blocks;
		int16_t *nodes = reallocarray(frames->node_of_block, n, sizeof(*nodes));

		if (!nodes)
			return -ENOMEM;
		memset(nodes + frames->n_blocks, -1, (n - frames->n_blocks) * sizeof(*nodes));
		frames->node_of_block = nodes;
		frames->n_blocks = n;
	}
	frames->node_of_block[block] = (int16_t)node;
	return 0;
}

/* The blocks of memory that a node has are links in its directory: memory32, … */
static int add_blocks_of(struct frames *frames, int node)
{
	struct dirent *entry;
	char path[64];
	DIR *directory;
	int error = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
	directory = opendir(path);
	while (directory && !error && (entry = readdir(directory))) {
		char *end;
		unsigned long block;

		if (strncmp(entry->d_name, "memory", 6) != 0 || entry->d_name[6] < '0' || entry->d_name[6] > '9')
			continue;
		block = strtoul(entry->d_name + 6, &end, 10);
		if (!*end)
			error = add_block(frames, block, node);
	}
	if (directory)
		closedir(directory);
	return error;
}

static int add_blocks(struct frames *frames)
{
	size_t n;
	int *nodes = nodes_online(&n), error = nodes ? 0 : -ENOMEM;

	frames->block_frames = block_bytes() / frames->page_size;
	for (size_t i = 0; i < n && !error; i++)
		error = add_blocks_of(frames, nodes[i]);
	free(nodes);
	return error;
}

int frames_open(pid_t thread, struct frames **result)
{
	struct frames *frames = calloc(1, sizeof(*frames));
	char path[64];
	int error;

	if (!frames)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", thread);
	frames->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	frames->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
	frames->flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	error = frames->pagemap_fd < 0 || frames->flags_fd < 0 ? -errno : add_blocks(frames);
	if (error) {
		frames_close(frames);
		return error;
	}
	*result = frames;
	return 0;
}

void frames_close(struct frames *frames)
{
	if (!frames)
		return;
	if (frames->pagemap_fd >= 0)
		close(frames->pagemap_fd);
	if (frames->flags_fd >= 0)
		close(frames->flags_fd);
	free(frames->node_of_block);
	free(frames);
}

static int node_of(const struct frames *frames, uint64_t entry)
{
	uint64_t frame = entry & PAGE_FRAME, flags, block;

	if (!(entry & PAGE_PRESENT))
		return -1;
	if (!frame || !frames->block_frames) /* not without CAP_SYS_ADMIN */
		return NODES_MAX;
	if (pread(frames->flags_fd, &flags, sizeof(flags), (off_t)(frame * sizeof(flags))) != sizeof(flags))
		return NODES_MAX;
	if (flags & FRAME_ZERO_PAGE)
		return -1;
	block = frame / frames->block_frames;
	if (block >= frames->n_blocks || frames->node_of_block[block] < 0)
		return NODES_MAX;
	return frames->node_of_block[block];
}

/* How many pages from the first on have no node and lie side by side. */
static size_t run_length(const struct frames *frames, const struct resident_piece *pages, const int *nodes, size_t n)
{
	size_t length = 0;

	while (length < n && length < ENTRIES && nodes[length] < 0 &&
	       pages[length].start == pages[0].start + length * frames->page_size)
		length++;
	return length;
}

int frames_find(struct frames *frames, const struct resident_piece *pages, int *nodes, size_t n)
{
	uint64_t entries[ENTRIES];

	for (size_t i = 0, length; i < n; i += length ? length : 1) {
		ssize_t bytes;

		length = run_length(frames, pages + i, nodes + i, n - i);
		if (!length)
			continue;
		bytes = pread(frames->pagemap_fd, entries, length * sizeof(*entries),
		              (off_t)(pages[i].start / frames->page_size * sizeof(*entries)));
		if (bytes < 0)
			return -errno;
		for (size_t j = 0; j < (size_t)bytes / sizeof(*entries); j++)
			nodes[i + j] = node_of(frames, entries[j]);
	}
	return 0;
}
