/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables as a whole: pages, gaps, padding, order, sources; and those of this very program. */
#include "unit/unwind_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <zlib.h>
#include <zstd.h>

#define ALL UNWIND_ALL_CODE
#define ADVANCE(n) (0x40 + (n))
#define OFFSET_IS(n) 0x0e, n

static void rows_of_a_function(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + 0x100, 0x80, ADVANCE(1), OFFSET_IS(16), 0x86, 2, ADVANCE(3), 0x0d, 6, ADVANCE(0x20),
	    0x0c, 7, 8);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.base, CODE);
	assert_int_equal(table.n_pages, 1);
	assert_int_equal(table.n_fdes, 1);
	assert_int_equal(table.n_malformed, 0);
	assert_int_equal(table.n_not_expressed, 0);
	assert_cfa(&table, CODE + 0xff, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x100, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x101, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x104, UNWIND_FP, 16);
	assert_cfa(&table, CODE + 0x123, UNWIND_FP, 16);
	assert_cfa(&table, CODE + 0x124, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x17f, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x180, UNWIND_BAD, 0);
	assert_cfa(&table, 0, UNWIND_BAD, 0);
	assert_cfa(&table, UINT64_MAX, UNWIND_BAD, 0);
	assert_int_equal(unwind_table_find(&table, CODE + 0x100)->fp, UNWIND_FP_SAME);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->fp, UNWIND_FP_AT_CFA);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->fp_offset, -16);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->ra_words, -1);
	unwind_table_free(&table);
	unwind_table_free(&table);
}

/* Of functions that follow each other: up to 15 bytes between them are padding, more are a gap. */
static void padding_and_gaps(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE, 0x11, OFFSET_IS(16));
	FDE(draft, cie, CODE + 0x20, 0x10, OFFSET_IS(24));
	FDE(draft, cie, CODE + 0x40, 0x10, OFFSET_IS(32));
	FDE(draft, cie, CODE + 0x50, 0x10, OFFSET_IS(40));
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_cfa(&table, CODE + 0x1f, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x2f, UNWIND_SP, 24);
	assert_cfa(&table, CODE + 0x30, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x3f, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x4f, UNWIND_SP, 32);
	assert_cfa(&table, CODE + 0x50, UNWIND_SP, 40);
	assert_cfa(&table, CODE + 0x60, UNWIND_BAD, 0);
	assert_int_equal(table.n_all_rows, 6);
	assert_int_equal(table.n_not_expressed, 0);
	unwind_table_free(&table);
}

static void entries_out_of_order(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL), other = CIE(draft, 0x0c, 6, 16, USUAL_RETURN);
	struct unwind_table table;

	(void)state;
	for (int i = 63; i >= 0; i--)
		FDE(draft, i % 3 ? cie : other, CODE + 0x800 * (uint64_t)i, 0x800, 0x0e, (uint8_t)i);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_fdes, 64);
	assert_int_equal(table.n_pages, 2);
	for (int i = 0; i < 64; i++) {
		assert_cfa(&table, CODE + 0x800 * (uint64_t)i, i % 3 ? UNWIND_SP : UNWIND_FP, i);
		assert_cfa(&table, CODE + 0x800 * (uint64_t)i + 0x7ff, i % 3 ? UNWIND_SP : UNWIND_FP, i);
	}
	unwind_table_free(&table);
}

static void entries_that_overlap(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + 0x10, 0x80, OFFSET_IS(24), ADVANCE(0x20), OFFSET_IS(32));
	FDE(draft, cie, CODE, 0x20, OFFSET_IS(16));
	FDE(draft, cie, CODE, 0x40, OFFSET_IS(40));        /* after the one of the same start */
	FDE(draft, cie, CODE + 0x20, 0x10, OFFSET_IS(48)); /* within another */
	FDE(draft, cie, CODE + 0x8f, 0x10, OFFSET_IS(56));
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_cfa(&table, CODE, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x1f, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x20, UNWIND_SP, 40);
	assert_cfa(&table, CODE + 0x3f, UNWIND_SP, 40);
	assert_cfa(&table, CODE + 0x40, UNWIND_SP, 32);
	assert_cfa(&table, CODE + 0x8f, UNWIND_SP, 32);
	assert_cfa(&table, CODE + 0x90, UNWIND_SP, 56);
	assert_cfa(&table, CODE + 0x9f, UNWIND_BAD, 0);
	unwind_table_free(&table);
}

static void entries_elsewhere(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + CODE_SIZE - 0x10, 0x100, OFFSET_IS(16)); /* runs out of the segment */
	FDE(draft, cie, CODE - 1, 0x100, 0);
	FDE(draft, cie, FRAME_ADDRESS, 0x100, 0);
	FDE(draft, cie, 0, 0x100, 0);
	FDE(draft, cie, UINT64_MAX, UINT64_MAX, 0);
	FDE(draft, cie, 0, 0, 0); /* a function that the linker left out */
	FDE(draft, cie, CODE + CODE_SIZE - 0x20, UINT64_MAX, 0);
	FDE(draft, cie + 4, CODE, 0x100, 0); /* no CIE is there */
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_malformed, 5);
	assert_int_equal(table.n_fdes, 2);
	assert_int_equal(table.base, CODE + CODE_SIZE - 0x10000);
	assert_int_equal(table.n_pages, 1);
	assert_cfa(&table, CODE + CODE_SIZE - 1, UNWIND_SP, 8);
	assert_cfa(&table, CODE + CODE_SIZE, UNWIND_BAD, 0);
	unwind_table_free(&table);
}

static void pages_repeat_the_rule_in_force(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + 0x8000, 0x28000, 0x03, 0, 0x80, OFFSET_IS(16), 0x04, 0, 0, 1, 0, OFFSET_IS(24));
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_pages, 3);
	assert_int_equal(table.n_rows, 4); /* BAD, 8; 16; 24 */
	for (size_t i = 0; i < table.n_pages; i++)
		assert_int_equal(UNWIND_ROW_LOW(table.rows[table.pages[i].first_row]), 0);
	assert_cfa(&table, CODE + 0xffff, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x10000, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x1ffff, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x20000, UNWIND_SP, 24);
	assert_int_equal(table.rules[0].cfa, UNWIND_BAD);
	assert_int_equal(table.n_rules, 4);
	unwind_table_free(&table);
}

static void page_without_room(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL), n = 0;
	uint8_t *program = malloc(60000);
	struct unwind_table table;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		program[n++] = ADVANCE(1);
		program[n++] = 0x0e;
		program[n++] = i % 100;
	}
	draft_fde(draft, cie, false, CODE, 0x20000, program, n);
	free(program);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.pages[0].n_rows, UNWIND_PAGE_MAX_ROWS);
	assert_int_equal(table.n_not_expressed, 20001 - (UNWIND_PAGE_MAX_ROWS - 1));
	assert_cfa(&table, CODE + 16381, UNWIND_SP, 80);
	assert_cfa(&table, CODE + 16382, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0xffff, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x10000, UNWIND_SP, 99);
	unwind_table_free(&table);
}

/* Every CFA offset another rule: those beyond the 65,536th are BAD, and counted. */
static void too_many_rules(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL), n = 0;
	uint8_t *program = malloc(BYTES_MAX);
	struct unwind_table table;

	(void)state;
	/* 560 times 120 combinations of frame pointer and CFA, a byte of code each. */
	for (int i = 0; i < 560; i++) {
		program[n++] = 0x05;
		program[n++] = 6;
		program[n++] = 0x80 | (i & 0x7f);
		program[n++] = (uint8_t)(i >> 7);
		for (int j = 0; j < 120; j++) {
			program[n++] = 0x0e;
			program[n++] = (uint8_t)j;
			program[n++] = ADVANCE(1);
		}
	}
	draft_fde(draft, cie, false, CODE, 0x20000, program, n);
	free(program);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_rules, UNWIND_MAX_RULES);
	assert_true(table.n_not_expressed > 0);
	assert_int_equal(table.n_malformed, 0);
	assert_cfa(&table, CODE + 1, UNWIND_SP, 1);
	assert_cfa(&table, CODE + 67100, UNWIND_BAD, 0);
	unwind_table_free(&table);
}

static void signal_frames(void **state)
{
	static const uint8_t absolute = 0, usual[] = {USUAL};
	struct elf_draft *draft = draft_new();
	size_t cie = draft_cie(draft, "zRS", &absolute, 1, usual, sizeof(usual));
	struct unwind_table table;

	(void)state;
	draft_fde(draft, cie, true, CODE, 0x10, NULL, 0);
	assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
	assert_cfa(&table, CODE, UNWIND_SIGNAL, 0);
	assert_int_equal(unwind_table_find(&table, CODE)->ra_words, 0);
	unwind_table_free(&table);
}

/* Augmentations that are understood, with their data, and that are not. */
static void augmentations(void **state)
{
	static const uint8_t usual[] = {USUAL};
	static const struct {
		const char *letters;
		uint8_t size, data[24];
		bool usable;
	} rows[] = {
	    {"z", 0, {0}, true},
	    {"zR", 1, {0}, true},
	    {"zR", 1, {0x10 | 4}, false}, /* relative to its own place: elsewhere */
	    {"zR", 1, {0x80}, false},     /* indirect */
	    {"zR", 1, {0x05}, false},     /* no such format */
	    {"zR", 1, {0xff}, false},     /* omitted */
	    {"zR", 0, {0}, false},        /* cut */
	    {"zPLR", 12, {0x9b, 1, 2, 3, 4, 0x1b, 0}, true},
	    {"zPLR", 12, {0, 1, 2, 3, 4, 5, 6, 7, 8, 0x1b, 0}, true},
	    {"zPLR", 4, {0x9b, 1, 2, 3}, false},
	    {"zPR", 2, {0x0d, 1}, false},
	    {"zRB", 1, {0}, true},
	    {"zRG", 1, {0}, true},
	    {"zRx", 3, {0, 1, 2}, true},
	    {"x", 0, {0}, false},
	    {"eh", 8, {0}, false}, /* its pointer stands elsewhere: what follows is garbage */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct elf_draft *draft = draft_new();
		size_t cie = draft_cie(draft, rows[i].letters, rows[i].data, rows[i].size, usual, sizeof(usual));
		struct unwind_table table;
		int err;

		draft_fde(draft, cie, rows[i].letters[0] == 'z', CODE, 0x10, NULL, 0);
		err = draft_build(draft, ALL, &table);
		if (err != (rows[i].usable ? 0 : -ENODATA))
			fail_msg("row %zu: %d", i, err);
		if (!err)
			assert_cfa(&table, CODE, UNWIND_SP, 8);
		unwind_table_free(&table);
	}
}

static void versions_of_entries(void **state)
{
	static const struct {
		uint8_t size, bytes[16]; /* from the version on */
		bool usable;
	} rows[] = {
	    {5, {1, 0, 1, 0x78, 16}, true},        {6, {3, 0, 1, 0x78, 0x90, 0}, true}, /* the column as LEB128 */
	    {7, {4, 0, 8, 0, 1, 0x78, 16}, true},  {15, {1, 'e', 'h', 0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0x78, 16}, true},
	    {7, {4, 0, 4, 0, 1, 0x78, 16}, false}, /* addresses of 4 bytes */
	    {7, {4, 0, 8, 2, 1, 0x78, 16}, false}, /* segments */
	    {5, {2, 0, 1, 0x78, 16}, false},       {5, {5, 0, 1, 0x78, 16}, false},
	    {5, {1, 0, 1, 0x78, 30}, false}, /* of another machine */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct elf_draft *draft = draft_new();
		struct bytes *body = calloc(1, sizeof(*body));
		struct unwind_table table;
		int err;

		append_number(body, 0, 4);
		append(body, rows[i].bytes, rows[i].size);
		append(body, (const uint8_t[]){USUAL}, 5);
		draft_entry(draft, body);
		free(body);
		FDE(draft, 0, CODE, 0x10, 0);
		err = draft_build(draft, ALL, &table);
		if (err != (rows[i].usable ? 0 : -ENODATA))
			fail_msg("row %zu: %d", i, err);
		if (!err)
			assert_cfa(&table, CODE, UNWIND_SP, 8);
		unwind_table_free(&table);
	}
}

static void without_section_headers(void **state)
{
	struct elf_draft *draft = draft_new();
	struct unwind_table table;
	size_t cie;

	(void)state;
	draft->no_sections = true;
	cie = CIE(draft, USUAL);
	FDE(draft, cie, CODE, 0x10, 0);
	append_number(&draft->frame, 0, 4); /* the end; what follows is something else */
	append_number(&draft->frame, UINT64_MAX, 8);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_malformed, 0);
	assert_cfa(&table, CODE, UNWIND_SP, 8);
	unwind_table_free(&table);
}

static void zero_lengths_and_lengths_of_64_bits(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL), place;
	struct unwind_table table;

	(void)state;
	append_number(&draft->frame, 0, 4);
	append_number(&draft->frame, UINT32_MAX, 4);
	append_number(&draft->frame, 20, 8);
	place = draft->frame.n;
	append_number(&draft->frame, place - cie, 4);
	append_number(&draft->frame, CODE + 0x20, 8);
	append_number(&draft->frame, 0x10, 8);
	FDE(draft, cie, CODE, 0x10, 0);
	append_number(&draft->frame, 0xfffffff0, 4); /* beyond the end */
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.n_fdes, 2);
	assert_int_equal(table.n_malformed, 1);
	assert_cfa(&table, CODE + 0x2f, UNWIND_SP, 8);
	unwind_table_free(&table);
}

static void debug_frame_alone(void **state)
{
	struct elf_draft *draft = draft_new();
	struct unwind_table table;
	size_t cie;

	(void)state;
	draft->section = ".debug_frame";
	cie = CIE(draft, USUAL);
	FDE(draft, cie, CODE, 0x10, OFFSET_IS(16));
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_cfa(&table, CODE, UNWIND_SP, 16);
	unwind_table_free(&table);
}

enum packing { ZLIB, ZSTD, OLD_ZLIB };

/* Replaces the section by its packed form, which claims to unpack to `claimed` bytes. */
static void pack(struct elf_draft *draft, enum packing how, uint64_t claimed)
{
	Elf64_Chdr header = {.ch_type = how == ZSTD ? 2 : ELFCOMPRESS_ZLIB, .ch_size = claimed, .ch_addralign = 1};
	uint64_t big_endian = htobe64(claimed);
	uint8_t packed[1024];
	uLongf n = sizeof(packed);

	if (how == ZSTD)
		n = ZSTD_compress(packed, n, draft->frame.at, draft->frame.n, 3);
	else
		compress(packed, &n, draft->frame.at, draft->frame.n);
	draft->frame.n = 0;
	if (how == OLD_ZLIB) {
		draft->section = ".zdebug_frame";
		append(&draft->frame, "ZLIB", 4);
		append(&draft->frame, &big_endian, 8);
	} else {
		draft->section_flags = SHF_COMPRESSED;
		append(&draft->frame, &header, sizeof(header));
	}
	append(&draft->frame, packed, n);
}

static void packed_sections(void **state)
{
	(void)state;
	for (int how = ZLIB; how <= OLD_ZLIB; how++) {
		for (int damage = 0; damage < 5; damage++) {
			static const int results[] = {0, -ENODATA, -ENODATA, -EFBIG, -ENODATA};
			struct elf_draft *draft = draft_new();
			struct unwind_table table;
			size_t cie;

			draft->section = ".debug_frame";
			cie = CIE(draft, USUAL);
			FDE(draft, cie, CODE, 0x10, OFFSET_IS(16));
			pack(draft, how, damage == 1 ? 8 : damage == 3 ? UINT64_MAX : damage == 4 ? 0 : draft->frame.n);
			if (damage == 2)
				draft->frame.n -= 8;
			assert_int_equal(draft_build(draft, ALL, &table), results[damage]);
			if (!damage)
				assert_cfa(&table, CODE, UNWIND_SP, 16);
			unwind_table_free(&table);
		}
	}
}

static void several_segments(void **state)
{
	static const uint64_t places[] = {0x700000, CODE + (1ULL << 32) - CODE_SIZE, CODE + (1ULL << 32),
	                                  0x7f0000000000};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct elf_draft *draft = draft_new();
		size_t cie = CIE(draft, USUAL);
		struct unwind_table table;
		bool near = i < 2;

		draft->second_code = places[i];
		draft->code[0x110] = 0xff;
		draft->code[0x111] = 0xd0;
		FDE(draft, cie, CODE + 0x100, 0x40, OFFSET_IS(16));
		FDE(draft, cie, places[i] + 0x100, 0x40, OFFSET_IS(24));
		FDE(draft, cie, places[i] + CODE_SIZE - 1, 1, OFFSET_IS(32)); /* 4 GiB, in the second place */
		FDE(draft, cie, places[i] + CODE_SIZE, 0x40, 0);              /* not in the file */
		assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
		assert_int_equal(table.n_fdes, i == 0 ? 3 : i == 1 ? 2 : 1);
		assert_int_equal(table.n_malformed, 4 - table.n_fdes);
		assert_cfa(&table, CODE + 0x111, UNWIND_SP, 16);
		assert_cfa(&table, places[i] + 0x111, near ? UNWIND_SP : UNWIND_BAD, near ? 24 : 0);
		assert_cfa(&table, places[i] + 0x140, UNWIND_BAD, 0);
		assert_true(table.n_pages <= 0x10000);
		unwind_table_free(&table);
	}
}

static void the_vdso(void **state)
{
	const uint8_t *image = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	struct unwind_table table;

	(void)state;
	if (!image)
		skip();
	assert_int_equal(unwind_table_build_image(image, 4096, ALL, &table), 0);
	assert_true(table.n_fdes > 2);
	assert_int_equal(table.n_malformed, 0);
	unwind_table_free(&table);
	assert_int_equal(unwind_table_build_image(image, 63, ALL, &table), -ENOEXEC);
}

static void the_test_itself(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct unwind_table all, calls;

	(void)state;
	assert_int_equal(unwind_table_build(fd, UNWIND_ALL_CODE, &all), 0);
	assert_int_equal(unwind_table_build(fd, UNWIND_CALL_SITES, &calls), 0);
	assert_true(all.n_fdes > 10 && all.n_rows > calls.n_rows && calls.n_rows > 10);
	assert_int_equal(all.n_malformed, 0);
	assert_int_equal(all.n_not_expressed, 0);
	unwind_table_free(&all);
	unwind_table_free(&calls);
	close(fd);
}

static void no_elf_file(void **state)
{
	struct unwind_table table;
	int fd = memfd_create("text", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	assert_int_equal(write(fd, "some text", 9), 9);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	close(fd);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -EBADF);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	close(fd);
	unwind_table_free(&table);
}

static void nothing_to_tell(void **state)
{
	struct elf_draft *draft = draft_new();
	struct unwind_table table;

	(void)state;
	CIE(draft, USUAL);
	assert_int_equal(draft_build(draft, ALL, &table), -ENODATA);
	assert_int_equal(draft_build(draft_new(), ALL, &table), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_of_a_function),
	    cmocka_unit_test(padding_and_gaps),
	    cmocka_unit_test(entries_out_of_order),
	    cmocka_unit_test(entries_that_overlap),
	    cmocka_unit_test(entries_elsewhere),
	    cmocka_unit_test(pages_repeat_the_rule_in_force),
	    cmocka_unit_test(page_without_room),
	    cmocka_unit_test(too_many_rules),
	    cmocka_unit_test(signal_frames),
	    cmocka_unit_test(augmentations),
	    cmocka_unit_test(versions_of_entries),
	    cmocka_unit_test(without_section_headers),
	    cmocka_unit_test(zero_lengths_and_lengths_of_64_bits),
	    cmocka_unit_test(debug_frame_alone),
	    cmocka_unit_test(packed_sections),
	    cmocka_unit_test(several_segments),
	    cmocka_unit_test(the_vdso),
	    cmocka_unit_test(the_test_itself),
	    cmocka_unit_test(no_elf_file),
	    cmocka_unit_test(nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
