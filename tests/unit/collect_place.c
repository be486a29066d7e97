// SPDX-License-Identifier: GPL-2.0-or-later
/* Which pages are resident, and where blocks on them lie: held against this process's own memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/frames.h"
#include "collect/nodes.h"
#include "collect/place.h"
#include "collect/place_memo.h"
#include "collect/resident.h"

#define N_PAGES 9000 /* several batches */
#define N_BLOCKS 20000
#define TIB (1ULL << 40)

static uint64_t page_size;

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* Pages of which some are touched: runs of them, single ones, and every second one. */
struct region {
	char *start;
	bool touched[N_PAGES];
};

static struct region *region_new(void)
{
	struct region *region = calloc(1, sizeof(*region));
	uint64_t state = 1;

	page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	region->start = mmap(NULL, N_PAGES * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(region->start, MAP_FAILED);
	madvise(region->start, N_PAGES * page_size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < N_PAGES; i++) {
		region->touched[i] = i < 5000 ? (i / 100) % 3 == 0 : i < 6000 ? i % 2 : !(next_random(&state) % 7);
		if (region->touched[i])
			region->start[i * page_size] = 1;
	}
	return region;
}

static void region_free(struct region *region)
{
	munmap(region->start, N_PAGES * page_size);
	free(region);
}

static struct resident *open_own(bool scan)
{
	struct resident *resident;
	int error = resident_open(getpid(), &resident);

	if (error == -EACCES || error == -ENOENT)
		skip();
	assert_int_equal(error, 0);
	if (!scan)
		resident_forget_scan(resident);
	return resident;
}

static void check_resident(bool scan)
{
	struct region *region = region_new();
	struct resident *resident = open_own(scan);
	uint64_t start = (uintptr_t)region->start, from = start, end = start + N_PAGES * page_size;
	bool found[N_PAGES] = {false};

	while (from < end) {
		struct resident_piece pieces[77];
		uint64_t before = from;
		ssize_t n = resident_next(resident, &from, end, pieces, 77);

		assert_true(n >= 0 && n <= 77 && from > before && from <= end);
		for (ssize_t i = 0; i < n; i++) {
			assert_true(pieces[i].start >= before && pieces[i].end <= from);
			assert_int_equal(pieces[i].end - pieces[i].start, page_size);
			found[(pieces[i].start - start) / page_size] = true;
		}
	}
	assert_memory_equal(found, region->touched, sizeof(found));
	resident_close(resident);
	region_free(region);
}

static void finds_what_is_resident(void **state)
{
	(void)state;
	check_resident(true);
}

static void finds_the_same_by_reading(void **state)
{
	(void)state;
	check_resident(false);
}

static void check_runs(bool scan, size_t max)
{
	struct region *region = region_new();
	struct resident *resident = open_own(scan);
	uint64_t start = (uintptr_t)region->start, from = start, end = start + N_PAGES * page_size;
	bool found[N_PAGES] = {false};

	while (from < end) {
		struct resident_piece runs[77];
		uint64_t before = from;
		ssize_t n = resident_next_run(resident, &from, end, true, runs, max);

		assert_true(n >= 0 && n <= (ssize_t)max && from > before && from <= end);
		for (ssize_t i = 0; i < n; i++) {
			assert_true(runs[i].start >= before && runs[i].end <= from && runs[i].start < runs[i].end);
			for (uint64_t page = runs[i].start; page < runs[i].end; page += page_size)
				found[(page - start) / page_size] = true;
		}
	}
	assert_memory_equal(found, region->touched, sizeof(found));
	resident_close(resident);
	region_free(region);
}

static void finds_runs(void **state)
{
	(void)state;
	check_runs(true, 77);
	check_runs(true, 1);
}

static void finds_the_same_runs_by_reading(void **state)
{
	(void)state;
	check_runs(false, 77);
	check_runs(false, 1);
}

/* Pages of a mapped file are its own until they are written to. */
static void check_file(bool scan)
{
	FILE *file = tmpfile();
	struct resident *resident = open_own(scan);
	struct resident_piece runs[4];
	uint64_t from;
	char *at;

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 4 * (off_t)page_size), 0);
	at = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(((volatile char *)at)[i * page_size], 0);
	at[2 * page_size] = 1;
	from = (uintptr_t)at;
	assert_int_equal(resident_next_run(resident, &from, (uintptr_t)at + 4 * page_size, true, runs, 4), 1);
	assert_int_equal(runs[0].start, (uintptr_t)at + 2 * page_size);
	assert_int_equal(runs[0].end, (uintptr_t)at + 3 * page_size);
	from = (uintptr_t)at;
	assert_int_equal(resident_next_run(resident, &from, (uintptr_t)at + 4 * page_size, false, runs, 4), 1);
	assert_int_equal(runs[0].end - runs[0].start, 4 * page_size);
	munmap(at, 4 * page_size);
	resident_close(resident);
	fclose(file);
}

static void tells_a_files_pages(void **state)
{
	(void)state;
	check_file(true);
	check_file(false);
}

/* Far beyond what a process can have, too. */
static void passes_over_holes(void **state)
{
	char *at = mmap(NULL, TIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct resident *resident = open_own(true);
	struct resident_piece pieces[8];
	uint64_t start = (uintptr_t)at, from = start;

	(void)state;
	if (at == MAP_FAILED)
		skip();
	madvise(at, TIB, MADV_NOHUGEPAGE);
	at[TIB / 2] = at[TIB - 1] = 1;
	assert_int_equal(resident_next(resident, &from, start + TIB, pieces, 8), 2);
	assert_int_equal(from, start + TIB);
	assert_int_equal(pieces[0].start, start + TIB / 2);
	assert_int_equal(pieces[1].end, start + TIB);
	from = 1ULL << 62;
	assert_int_equal(resident_next(resident, &from, (1ULL << 62) + page_size, pieces, 8), 0);
	assert_int_equal(from, (1ULL << 62) + page_size);
	resident_close(resident);
	munmap(at, TIB);
}

/* What frames say of pages is what move_pages(2) says, and of those without access as well. */
static void finds_nodes_by_frames(void **state)
{
	struct region *region = region_new();
	struct resident_piece *pages = calloc(N_PAGES, sizeof(*pages));
	uint64_t *addresses = calloc(N_PAGES, sizeof(*addresses));
	int *by_frames = calloc(N_PAGES, sizeof(*by_frames)), *asked = calloc(N_PAGES, sizeof(*asked));
	struct frames *frames;

	(void)state;
	if (frames_open(getpid(), &frames))
		skip();
	for (size_t i = 0; i < N_PAGES; i++) {
		addresses[i] = (uintptr_t)region->start + i * page_size;
		pages[i] = (struct resident_piece){addresses[i], addresses[i] + page_size};
		by_frames[i] = -1;
	}
	if (nodes_of_pages(getpid(), addresses, N_PAGES, asked))
		skip();
	by_frames[77] = 3; /* is known, and stays */
	mprotect(region->start, N_PAGES * page_size / 2, PROT_NONE);
	assert_int_equal(frames_find(frames, pages, by_frames, N_PAGES), 0);
	assert_int_equal(by_frames[77], 3);
	by_frames[77] = asked[77];
	for (size_t i = 0; i < N_PAGES; i++) {
		if (by_frames[i] == NODES_MAX)
			skip(); /* frames are not to be told */
		assert_int_equal(by_frames[i], asked[i]);
		assert_int_equal(by_frames[i] >= 0, region->touched[i]);
	}
	frames_close(frames);
	free(pages);
	free(addresses);
	free(by_frames);
	free(asked);
	region_free(region);
}

/* Blocks, and what was told of them. */
struct blocks {
	struct extent extents[N_BLOCKS];
	uint64_t bytes[N_BLOCKS];
	size_t told[N_BLOCKS], n_nodes;
	bool unknown;
};

static struct extent extent_of(const void *context, size_t block)
{
	const struct blocks *blocks = context;

	return blocks->extents[block];
}

static void placed(void *context, size_t block, const uint64_t *bytes)
{
	struct blocks *blocks = context;

	blocks->told[block]++;
	blocks->unknown |= !bytes;
	for (size_t i = 0; bytes && i <= blocks->n_nodes; i++)
		blocks->bytes[block] += bytes[i];
}

static int by_start(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static uint64_t touched_bytes(const struct region *region, struct extent extent)
{
	uint64_t bytes = 0, page = (extent.start - (uintptr_t)region->start) / page_size;

	for (; page < N_PAGES; page++) {
		uint64_t low = (uintptr_t)region->start + page * page_size, high = low + page_size;

		if (low >= extent.end)
			break;
		low = low > extent.start ? low : extent.start;
		high = high < extent.end ? high : extent.end;
		bytes += region->touched[page] ? high - low : 0;
	}
	return bytes;
}

static int run(struct blocks *blocks, size_t n, pid_t thread, struct place_memo *memo)
{
	struct place_work work = {
	    .thread = thread,
	    .memo = memo,
	    .n_blocks = n,
	    .extent = extent_of,
	    .placed = placed,
	    .context = blocks,
	};
	int *nodes = nodes_online(&work.n_nodes), error;

	work.nodes = nodes;
	blocks->n_nodes = work.n_nodes;
	error = place_blocks(&work);
	free(nodes);
	return error;
}

static void check_bytes(const struct blocks *blocks, const struct region *region)
{
	assert_false(blocks->unknown);
	for (size_t i = 0; i < N_BLOCKS; i++) {
		assert_int_equal(blocks->told[i], 1);
		assert_int_equal(blocks->bytes[i], touched_bytes(region, blocks->extents[i]));
	}
}

/* Most are small and share pages, some reach over thousands, and they overlap as no allocator's would. */
static void splits_blocks_by_pages(void **state)
{
	struct region *region = region_new();
	struct blocks *blocks = calloc(1, sizeof(*blocks));
	struct place_memo *memo = place_memo_new();
	uint64_t random = 7, size = N_PAGES * page_size;

	(void)state;
	for (size_t i = 0; i < N_BLOCKS; i++) {
		uint64_t offset = next_random(&random) % size, length = next_random(&random) % 6000;

		if (i % 1000 == 0)
			length = next_random(&random) % size;
		if (i % 777 == 0)
			length = 0;
		if (offset + length > size)
			length = size - offset;
		blocks->extents[i].start = (uintptr_t)region->start + offset;
		blocks->extents[i].end = blocks->extents[i].start + length;
	}
	qsort(blocks->extents, N_BLOCKS, sizeof(struct extent), by_start);
	assert_int_equal(run(blocks, N_BLOCKS, getpid(), memo), 0);
	if (blocks->unknown)
		skip(); /* the kernel will not tell */
	check_bytes(blocks, region);
	/* And once more, by what was remembered of them. */
	assert_true(place_memo_whole(memo));
	memset(blocks->told, 0, sizeof(blocks->told));
	memset(blocks->bytes, 0, sizeof(blocks->bytes));
	assert_int_equal(run(blocks, N_BLOCKS, 0, memo), 0);
	check_bytes(blocks, region);
	place_memo_free(memo);
	free(blocks);
	region_free(region);
}

/* A target may claim any address and size. */
static void bears_hostile_extents(void **state)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	(void)state;
	blocks->extents[0] = (struct extent){0, UINT64_MAX};
	blocks->extents[1] = (struct extent){0, UINT64_MAX - 8191};
	blocks->extents[2] = (struct extent){1ULL << 62, 1ULL << 63};
	blocks->extents[3] = (struct extent){UINT64_MAX - 5, UINT64_MAX};
	assert_int_equal(run(blocks, 4, getpid(), NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(blocks->told[i], 1);
	free(blocks);
}

static void knows_nothing_of_an_ended_process(void **state)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	(void)state;
	for (size_t i = 0; i < 10; i++)
		blocks->extents[i] = (struct extent){0x1000 * i, 0x1000 * i + 5000};
	assert_int_equal(run(blocks, 10, 0x7ffffffe, NULL), 0);
	assert_true(blocks->unknown);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(blocks->told[i], 1);
	assert_int_equal(run(blocks, 0, getpid(), NULL), 0);
	free(blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_is_resident),
	    cmocka_unit_test(finds_the_same_by_reading),
	    cmocka_unit_test(finds_runs),
	    cmocka_unit_test(finds_the_same_runs_by_reading),
	    cmocka_unit_test(tells_a_files_pages),
	    cmocka_unit_test(passes_over_holes),
	    cmocka_unit_test(finds_nodes_by_frames),
	    cmocka_unit_test(splits_blocks_by_pages),
	    cmocka_unit_test(bears_hostile_extents),
	    cmocka_unit_test(knows_nothing_of_an_ended_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
