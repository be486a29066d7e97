// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * By /proc/PID/pagemap: asked for runs of resident pages since Linux 6.7 (52526ca7fdb9, PAGEMAP_SCAN),
 * which passes over holes without looking and tells huge pages; before, read, 8 bytes a page.
 */
#include "collect/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTRIES 4096
#define REGIONS 256
#define PAGE_PRESENT (1ULL << 63)
#define PAGE_SWAPPED (1ULL << 62)
#define PAGE_OF_FILE (1ULL << 61)
/* No huge page has fewer (arm64's contiguous 64 KiB of 4 KiB pages), and all are multiples of it. */
#define HUGE_PAGE_PIECE 16
/* What is read at most: 16 TiB of 4 KiB pages, a few seconds. */
#define MAX_ENTRIES_READ (1ULL << 32)

/* linux/fs.h of Linux 6.7 and later */
struct page_region {
	uint64_t start, end, categories;
};

struct scan_argument {
	uint64_t size, flags, start, end, walk_end, regions, n_regions, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN _IOWR('f', 16, struct scan_argument)
#define SCAN_FILE (1ULL << 2)
#define SCAN_PRESENT (1ULL << 3)
#define SCAN_SWAPPED (1ULL << 4)
#define SCAN_ZERO (1ULL << 5)
#define SCAN_HUGE (1ULL << 6)

struct resident {
	int fd;
	uint64_t page_size, entries_read;
	bool no_scan;
	uint64_t entries[ENTRIES];
	struct page_region regions[REGIONS];
};

int resident_open(pid_t thread, struct resident **result)
{
	struct resident *resident = malloc(sizeof(*resident));
	char path[64];

	if (!resident)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", thread);
	resident->fd = open(path, O_RDONLY | O_CLOEXEC);
	resident->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	resident->entries_read = 0;
	resident->no_scan = false;
	if (resident->fd < 0) {
		int error = -errno;

		free(resident);
		return error;
	}
	*result = resident;
	return 0;
}

void resident_close(struct resident *resident)
{
	if (!resident)
		return;
	close(resident->fd);
	free(resident);
}

void resident_forget_scan(struct resident *resident)
{
	resident->no_scan = true;
}

/* Cuts a run into pieces. Returns the number; *from is where the last one ends. */
static size_t cut(const struct resident *resident, const struct page_region *region, uint64_t *from,
                  struct resident_piece *pieces, size_t max)
{
	uint64_t size = resident->page_size * (region->categories & SCAN_HUGE ? HUGE_PAGE_PIECE : 1);
	size_t n = 0;

	for (*from = region->start; *from < region->end && n < max; n++) {
		uint64_t end = *from - *from % size + size;

		pieces[n] = (struct resident_piece){*from, end < region->end ? end : region->end};
		*from = pieces[n].end;
	}
	return n;
}

static ssize_t scan(struct resident *resident, uint64_t *from, uint64_t end, struct resident_piece *pieces, size_t max)
{
	struct scan_argument argument = {
	    .size = sizeof(argument),
	    .start = *from,
	    .end = end,
	    .regions = (uintptr_t)resident->regions,
	    .n_regions = REGIONS,
	    .max_pages = max,
	    .category_mask = SCAN_PRESENT,
	    .return_mask = SCAN_PRESENT | SCAN_HUGE,
	};
	int n_regions = ioctl(resident->fd, SCAN, &argument);
	size_t n = 0;

	if (n_regions < 0)
		return -errno;
	for (int i = 0; i < n_regions; i++) {
		n += cut(resident, &resident->regions[i], from, pieces + n, max - n);
		if (*from < resident->regions[i].end)
			return (ssize_t)n;
	}
	*from = argument.walk_end > argument.start && argument.walk_end < end ? argument.walk_end : end;
	return (ssize_t)n;
}

/* Reads entries of pages from `from` on, no more than fit. How many; 0: no process has memory there; or -errno. */
static ssize_t fill_entries(struct resident *resident, uint64_t from, uint64_t end)
{
	uint64_t first = from / resident->page_size, count = (end - from) / resident->page_size;
	ssize_t length;

	if (count > ENTRIES)
		count = ENTRIES;
	if (resident->entries_read > MAX_ENTRIES_READ)
		return -E2BIG;
	resident->entries_read += count;
	length = pread(resident->fd, resident->entries, count * sizeof(uint64_t), (off_t)(first * sizeof(uint64_t)));
	return length < 0 ? -errno : length / (ssize_t)sizeof(uint64_t);
}

/* What of pagemap's entries is looked for. */
struct wanted {
	uint64_t any, none; /* bits: one of these, none of those */
	bool joined;        /* pages that touch are one piece */
};

static ssize_t read_entries(struct resident *resident, uint64_t *from, uint64_t end, struct wanted wanted,
                            struct resident_piece *pieces, size_t max)
{
	size_t n = 0;

	while (*from < end && n < max) {
		ssize_t count = fill_entries(resident, *from, end);

		if (count < 0)
			return count;
		if (!count) {
			*from = end;
			break;
		}
		for (ssize_t i = 0; i < count; i++, *from += resident->page_size) {
			uint64_t entry = resident->entries[i];

			if (!(entry & wanted.any) || entry & wanted.none)
				continue;
			if (wanted.joined && n && pieces[n - 1].end == *from)
				pieces[n - 1].end += resident->page_size;
			else if (n < max)
				pieces[n++] = (struct resident_piece){*from, *from + resident->page_size};
			else
				break;
		}
	}
	return (ssize_t)n;
}

/* What a scan came to; where the kernel has none, the entries are read. */
static ssize_t or_read(struct resident *resident, ssize_t scanned, uint64_t *from, uint64_t end, struct wanted wanted,
                       struct resident_piece *pieces, size_t max)
{
	ssize_t n = scanned;

	if (n == -ENOTTY) {
		resident->no_scan = true;
		n = read_entries(resident, from, end, wanted, pieces, max);
	}
	if (n == -EFAULT) { /* beyond the addresses that a process can have */
		*from = end;
		n = 0;
	}
	return n;
}

ssize_t resident_next(struct resident *resident, uint64_t *from, uint64_t end, struct resident_piece *pieces,
                      size_t max)
{
	ssize_t n = resident->no_scan ? -ENOTTY : scan(resident, from, end, pieces, max);

	return or_read(resident, n, from, end, (struct wanted){.any = PAGE_PRESENT}, pieces, max);
}

static ssize_t scan_runs(struct resident *resident, uint64_t *from, uint64_t end, bool private_alone,
                         struct resident_piece *runs, size_t max)
{
	uint64_t without = SCAN_ZERO | (private_alone ? SCAN_FILE : 0);
	struct scan_argument argument = {
	    .size = sizeof(argument),
	    .start = *from,
	    .end = end,
	    .regions = (uintptr_t)resident->regions,
	    .n_regions = max < REGIONS ? max : REGIONS,
	    .category_inverted = without,
	    .category_mask = without,
	    .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
	    .return_mask = SCAN_PRESENT,
	};
	int n = ioctl(resident->fd, SCAN, &argument);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		runs[i] = (struct resident_piece){resident->regions[i].start, resident->regions[i].end};
	*from = argument.walk_end > argument.start && argument.walk_end < end ? argument.walk_end : end;
	return n;
}

ssize_t resident_next_run(struct resident *resident, uint64_t *from, uint64_t end, bool private_alone,
                          struct resident_piece *runs, size_t max)
{
	ssize_t n = resident->no_scan ? -ENOTTY : scan_runs(resident, from, end, private_alone, runs, max);
	struct wanted wanted = {
	    .any = PAGE_PRESENT | PAGE_SWAPPED, .none = private_alone ? PAGE_OF_FILE : 0, .joined = true};

	return or_read(resident, n, from, end, wanted, runs, max);
}
