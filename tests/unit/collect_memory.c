// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of resident memory: what is in smaps, what is known beside it, and that it adds up whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/memory.h"
#include "collect/smaps.h"
#include "collect/thread_stacks.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char sample[] =
    "55d0c0a00000-55d0c0a21000 r-xp 00002000 fe:01 131154                     /usr/bin/cat\n"
    "Size:                132 kB\nKernelPageSize:        4 kB\nRss:                 100 kB\nPss:  50 kB\n"
    "Anonymous:             8 kB\nVmFlags: rd ex mr mw me sd\n"
    "55d0c0a21000-55d0c0a23000 rw-p 00000000 00:00 0 \n"
    "Rss:                   4 kB\nAnonymous:             4 kB\n"
    "55d0c1000000-55d0c1100000 rw-p 00000000 00:00 0                          [heap]\n"
    "Rss:                 800 kB\nAnonymous:           800 kB\n"
    "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
    "Rss:                 512 kB\nAnonymous:           512 kB\n"
    "7f0000200000-7f0000300000 rw-s 00000000 00:05 7 /dev/zero (deleted)\n"
    "Rss:                  64 kB\nAnonymous:             0 kB\n"
    "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]\n"
    "Rss:                  16 kB\nAnonymous:            16 kB\n";

struct collected {
	struct smaps_row rows[16];
	char names[16][64];
	size_t n, stop_at;
};

static int collect(void *context, const struct smaps_row *row)
{
	struct collected *collected = context;

	assert_true(collected->n < COUNT(collected->rows));
	collected->rows[collected->n] = *row;
	snprintf(collected->names[collected->n], sizeof(collected->names[0]), "%s", row->mapping.name);
	return ++collected->n == collected->stop_at ? 7 : 0;
}

static int parse(const char *text, struct collected *collected)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int result = smaps_parse(file, collect, collected);

	fclose(file);
	return result;
}

static void reads_mappings(void **state)
{
	struct collected collected = {.n = 0};

	(void)state;
	assert_int_equal(parse(sample, &collected), 0);
	assert_int_equal(collected.n, 6);
	assert_string_equal(collected.names[0], "/usr/bin/cat");
	assert_int_equal(collected.rows[0].mapping.start, 0x55d0c0a00000);
	assert_int_equal(collected.rows[0].rss_bytes, 100 << 10);
	assert_int_equal(collected.rows[0].anonymous_bytes, 8 << 10);
	assert_string_equal(collected.names[2], "[heap]");
	assert_int_equal(collected.rows[4].rss_bytes, 64 << 10);
	assert_int_equal(collected.rows[4].anonymous_bytes, 0);
	assert_string_equal(collected.names[5], "[stack]");
	collected = (struct collected){.stop_at = 2};
	assert_int_equal(parse(sample, &collected), 7);
	assert_int_equal(collected.n, 2);
}

/* Fields that are none, and such as come before any mapping, count for nothing. */
static void hostile_lines(void **state)
{
	static const char text[] = "Rss: 5 kB\nAnonymous: 5 kB\n"
	                           "1000-3000 rw-p 00000000 fe:01 7 /tmp/a\\012Rss: 7 kB\n"
	                           "Rss: -1 kB\nRss: 18446744073709551615 kB\nRss: 99999999999999999999 kB\n"
	                           "Rss: 1 MB\nRss:\nRssX: 9 kB\nAnonymous: 0x10 kB\nAnonymous: 1\n"
	                           "Fax-3000 rw-p\n3000-1000 rw-p 0 0:0 0\n\n"
	                           "3000-4000 rw-p 00000000 00:00 0\nRss: 4 kB";
	struct collected collected = {.n = 0};

	(void)state;
	assert_int_equal(parse(text, &collected), 0);
	assert_int_equal(collected.n, 2);
	assert_string_equal(collected.names[0], "/tmp/a\\012Rss: 7 kB");
	assert_int_equal(collected.rows[0].rss_bytes, 0);
	assert_int_equal(collected.rows[0].anonymous_bytes, 0);
	assert_int_equal(collected.rows[1].rss_bytes, 4096);
	collected = (struct collected){.n = 0};
	assert_int_equal(parse("\n", &collected), 0);
	assert_int_equal(collected.n, 0);
}

static uint64_t half(void *context, uint64_t start, uint64_t end)
{
	(void)context;
	return (end - start) / 2;
}

static int add(void *context, const struct smaps_row *row)
{
	memory_parts_add(context, row);
	return 0;
}

static uint64_t sum(const struct process_memory *memory)
{
	uint64_t bytes = 0;

	for (int part = 0; part < MEMORY_PARTS; part++)
		bytes += memory->parts[part];
	return bytes;
}

static struct process_memory part_sample(struct memory_parts parts)
{
	FILE *file = fmemopen((void *)sample, strlen(sample), "r");
	struct process_memory memory = {.known = true};

	parts.resident = half;
	parts.memory = &memory;
	assert_int_equal(smaps_parse(file, add, &parts), 0);
	fclose(file);
	memory_parts_finish(&parts);
	assert_int_equal(memory.rss_bytes, (100 + 4 + 800 + 512 + 64 + 16) << 10);
	assert_int_equal(sum(&memory), memory.rss_bytes);
	return memory;
}

static void assert_parts(const struct process_memory *memory, const uint64_t kib[MEMORY_PARTS])
{
	for (int part = 0; part < MEMORY_PARTS; part++) {
		if (memory->parts[part] != kib[part] << 10)
			fail_msg("%s: %lu", memory_part_key((enum memory_part)part), memory->parts[part]);
	}
}

static void divides_what_is_known(void **state)
{
	static const struct memory_piece pieces[] = {
	    {0x1000, 0x2000, MEMORY_LIVE}, /* is there no more */
	    {0x55d0c1010000, 0x55d0c1030000, MEMORY_LIVE},
	    {0x7f0000000000, 0x7f0000080000, MEMORY_MAPPINGS},
	    {0x7f0000080000, 0x7f00000c0000, MEMORY_MAPPINGS},
	    {0x7f0000200000, 0x7f0000300000, MEMORY_MAPPINGS}, /* shared: a file's pages */
	};
	static const uint64_t stack_pointer = 0x7f0000081000;
	struct process_memory memory = part_sample((struct memory_parts){
	    .pieces = pieces,
	    .n_pieces = COUNT(pieces),
	    .stack_pointers = &stack_pointer,
	    .n_stack_pointers = 1,
	    .small_bytes = 300 << 10,
	    .before_bytes = 100 << 10,
	});

	(void)state;
	assert_parts(&memory, (uint64_t[]){
	                          [MEMORY_LIVE] = 64 + 300,
	                          [MEMORY_SLACK] = 800 - 64 - 300 - 100,
	                          [MEMORY_MAPPINGS] = 256,
	                          [MEMORY_STACKS] = 16 + 128 + 512 - 256 - 128,
	                          [MEMORY_DATA] = 8 + 4,
	                          [MEMORY_FILES] = 92 + 64,
	                          [MEMORY_BEFORE] = 100,
	                      });
}

static void nothing_known_is_slack(void **state)
{
	struct process_memory memory = part_sample((struct memory_parts){.n_pieces = 0});

	(void)state;
	assert_int_equal(memory.parts[MEMORY_SLACK], (800 + 512) << 10);
	memory = part_sample((struct memory_parts){.before_bytes = UINT64_MAX});
	assert_int_equal(memory.parts[MEMORY_SLACK], 0);
	assert_int_equal(memory.parts[MEMORY_BEFORE], (800 + 512) << 10);
}

/* More known to be live than is resident, pieces over each other: still it adds up. */
static void adds_up_whatever_it_is_told(void **state)
{
	static const struct memory_piece pieces[] = {
	    {0, UINT64_MAX, MEMORY_LIVE},
	    {0x7f0000000000, 0x7f0000100000, MEMORY_MAPPINGS},
	    {0x7f0000000000, 0x7f00000f0000, MEMORY_MAPPINGS},
	};
	struct process_memory memory = part_sample((struct memory_parts){
	    .pieces = pieces, .n_pieces = COUNT(pieces), .small_bytes = UINT64_MAX, .before_bytes = UINT64_MAX});

	(void)state;
	assert_int_equal(memory.parts[MEMORY_LIVE], (800 + 512) << 10);
	memory = part_sample((struct memory_parts){
	    .pieces = pieces + 1, .n_pieces = COUNT(pieces) - 1, .small_bytes = UINT64_MAX, .before_bytes = 1});
	assert_int_equal(memory.parts[MEMORY_LIVE], 800 << 10);
	assert_int_equal(memory.parts[MEMORY_MAPPINGS], 512 << 10);
}

static void finds_stack_pointers(void **state)
{
	static const struct {
		const char *text;
		bool found;
		uint64_t stack_pointer;
	} texts[] = {
	    {"202 0x7f1 0x189 0x0 0x0 0x0 0xffffffff 0x7f0000081000 0x7f12\n", true, 0x7f0000081000},
	    {"-1 0x7ffe12345678 0x7f12\n", true, 0x7ffe12345678},
	    {"running\n", false, 0},
	    {"", false, 0},
	    {"\n", false, 0},
	    {"202 0x7f1 0x189 0x0 0x0 0x0 0xffffffff 0x7f0000081000\n", false, 0},
	    {"-1 0x0 0x7f12\n", false, 0},
	    {"-1 0xffffffffffffffffff 0x7f12\n", false, 0},
	    {"-1 0x10 0x7f12 running\n", false, 0},
	    {"-1 0x10 0x7fz2\n", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t stack_pointer = 0;

		assert_int_equal(thread_stacks_parse(texts[i].text, &stack_pointer), texts[i].found);
		if (texts[i].found)
			assert_int_equal(stack_pointer, texts[i].stack_pointer);
	}
}

/* This process itself: half of a mapping is written to, and that is the part it has. */
static void reads_a_process(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 256 * page;
	char *memory = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_known known = {.pieces = NULL};
	struct process_memory found;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, 2 * size, MADV_NOHUGEPAGE);
	memset(memory, 1, size / 2);
	memset(memory + size, 1, size);
	assert_int_equal(memory_known_add(&known, (uint64_t)(memory + size), page, false), 0);
	assert_int_equal(known.n_pieces, 0);
	assert_int_equal(known.small_bytes, page);
	assert_int_equal(memory_known_add(&known, (uint64_t)memory, size, true), 0);
	memory_read(getpid(), &known, UINT64_MAX, &found);
	assert_true(found.known);
	assert_int_equal(found.parts[MEMORY_MAPPINGS], size / 2);
	assert_int_equal(found.parts[MEMORY_LIVE], page);
	assert_int_equal(found.parts[MEMORY_SLACK], 0);
	assert_true(found.parts[MEMORY_BEFORE] >= size - page);
	assert_true(found.parts[MEMORY_STACKS] && found.parts[MEMORY_FILES] && found.parts[MEMORY_DATA]);
	assert_int_equal(sum(&found), found.rss_bytes);
	assert_int_equal(memory_before(getpid()) > size, 1);
	memory_known_free(&known);
	munmap(memory, 2 * size);
}

static void no_process_no_memory(void **state)
{
	struct memory_known known = {.pieces = NULL};
	struct process_memory found;

	(void)state;
	memory_read(0x7ffffff0, &known, 1, &found);
	assert_false(found.known);
	assert_int_equal(memory_before(0x7ffffff0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_mappings),
	    cmocka_unit_test(hostile_lines),
	    cmocka_unit_test(divides_what_is_known),
	    cmocka_unit_test(nothing_known_is_slack),
	    cmocka_unit_test(adds_up_whatever_it_is_told),
	    cmocka_unit_test(finds_stack_pointers),
	    cmocka_unit_test(reads_a_process),
	    cmocka_unit_test(no_process_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
