/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows are left for return addresses: those that can be in force at a call's last byte. */
#include "unit/unwind_fixture.h"

#define ADVANCE(n) (0x40 + (n))
#define OFFSET_IS(n) 0x0e, n
#define ROWS 8
#define ROW_BYTES 16

/*
 * A function of eight rows of 16 bytes whose CFA is rsp + 16, + 24, ..., at `start` of the code
 * segment; the given bytes stand at an offset in it. What is left of the rows, as bits.
 */
static unsigned int rows_kept(uint16_t machine, uint64_t start, int64_t place, const uint8_t *code, size_t size)
{
	struct elf_draft *draft = draft_new();
	uint8_t program[ROWS * 4], n = 0;
	struct unwind_table table;
	unsigned int kept = 0;
	size_t cie;

	draft->machine = machine;
	if (machine == EM_AARCH64)
		memset(draft->code, 0, sizeof(draft->code));
	memcpy(draft->code + start + place, code, size);
	for (uint8_t i = 0; i < ROWS; i++) {
		program[n++] = 0x0e;
		program[n++] = 16 + 8 * i;
		program[n++] = ADVANCE(machine == EM_AARCH64 ? ROW_BYTES / 4 : ROW_BYTES);
	}
	if (machine == EM_AARCH64)
		cie = CIE(draft, 0x0c, 31, 0);
	else
		cie = CIE(draft, USUAL);
	draft_fde(draft, cie, false, CODE + start, ROWS * ROW_BYTES, program, n);
	assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
	for (size_t i = 0; i < table.n_rows; i++) {
		const struct unwind_rule *rule = &table.rules[UNWIND_ROW_RULE(table.rows[i])];

		if (rule->cfa == UNWIND_SP)
			kept |= 1U << (rule->cfa_offset - 16) / 8;
	}
	assert_int_equal(table.n_all_rows, ROWS + 1);
	unwind_table_free(&table);
	return kept;
}

#define KEPT_AT(start, place, ...) \
	rows_kept(EM_X86_64, start, place, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define KEPT(place, ...) KEPT_AT(0x1000, place, __VA_ARGS__)
#define KEPT_ARM(place, ...) \
	rows_kept(EM_AARCH64, 0x1000, place, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void direct_calls(void **state)
{
	(void)state;
	assert_int_equal(KEPT(0, 0x90), 0);
	assert_int_equal(KEPT(0, 0xe8, 0, 0, 0, 0), 1 << 0);
	assert_int_equal(KEPT(3 * 16 + 5, 0xe8, 0, 0xff, 0xff, 0xff), 1 << 3);
	/* Outside of the segment, below and above. */
	assert_int_equal(KEPT(0, 0xe8, 0, 0, 0xff, 0xff, 0xc0), 0);
	assert_int_equal(KEPT(0, 0xe8, 0, 0, 4, 0), 0);
	/* The last byte counts. */
	assert_int_equal(KEPT(16 - 5, 0xe8, 0, 0, 0, 0), 1 << 0);
	assert_int_equal(KEPT(16 - 4, 0xe8, 0, 0, 0, 0), 1 << 1);
	assert_int_equal(KEPT(16 - 1, 0xe8, 0, 0, 0, 0), 1 << 1);
	/* The function's last instruction, which does not return. */
	assert_int_equal(KEPT(ROWS * 16 - 5, 0xe8, 0, 0, 0, 0), 1 << 7);
	/* Not the function's any more, and not yet. */
	assert_int_equal(KEPT(ROWS * 16 - 4, 0xe8, 0, 0, 0, 0), 0);
	assert_int_equal(KEPT(-5, 0xe8, 0, 0, 0, 0), 0);
	assert_int_equal(KEPT(-4, 0xe8, 0, 0, 0, 0), 1 << 0);
}

static void indirect_calls(void **state)
{
	static const struct {
		uint8_t length, bytes[4];
		bool is_call;
	} rows[] = {
	    {2, {0xff, 0xd0}, true},             /* rax */
	    {2, {0xff, 0x10}, true},             /* (%rax) */
	    {3, {0xff, 0x14, 0x24}, true},       /* (%rsp) */
	    {7, {0xff, 0x14, 0xc5}, true},       /* 0(,%rax,8) */
	    {6, {0xff, 0x15}, true},             /* 0(%rip) */
	    {3, {0xff, 0x50, 0x08}, true},       /* 8(%rax) */
	    {4, {0xff, 0x54, 0x24, 0x08}, true}, /* 8(%rsp) */
	    {6, {0xff, 0x90}, true},             /* 0(%rax) */
	    {7, {0xff, 0x94, 0x24}, true},       /* 0(%rsp) */
	    {7, {0xff, 0x94, 0xc5}, true},       /* 0(%rbp,%rax,8) */
	    {2, {0x0f, 0x05}, true},             /* syscall */
	    {2, {0xff, 0xe0}, false},            /* jmp */
	    {2, {0xff, 0xf0}, false},            /* push */
	    {2, {0xff, 0xc0}, false},            /* inc */
	    {2, {0x0f, 0x0b}, false},            /* ud2 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[7] = {0};
		unsigned int first, second;

		memcpy(bytes, rows[i].bytes, sizeof(rows[i].bytes));
		/* Ends with the third row; then a byte later, in the fourth. */
		first = rows_kept(EM_X86_64, 0x1000, 48 - rows[i].length, bytes, rows[i].length);
		second = rows_kept(EM_X86_64, 0x1000, 49 - rows[i].length, bytes, rows[i].length);
		if (first != (rows[i].is_call ? 1U << 2 : 0) || second != (rows[i].is_call ? 1U << 3 : 0))
			fail_msg("row %zu: kept %#x and %#x", i, first, second);
	}
}

/* At both ends of the segment, and where one window over the code ends and the next begins. */
static void ends_of_the_code(void **state)
{
	(void)state;
	assert_int_equal(KEPT_AT(0, 0, 0xff, 0xd0), 1 << 0);
	assert_int_equal(KEPT_AT(0, 14, 0xff, 0x10), 1 << 0);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 2, 0xff, 0xd0), 1 << 7);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 5, 0xe8, 0, 0, 0, 0xff), 0);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 5, 0xe8, 0, 0, 0xff, 0xff), 1 << 7);
	/* Cut by the segment's end. */
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 1, 0xff), 0);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 2, 0xff, 0x14), 0);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 4, 0xe8, 0, 0, 0), 0);
	assert_int_equal(KEPT_AT(CODE_SIZE - ROWS * 16, ROWS * 16 - 5, 0xff, 0x15, 0, 0, 0), 0);
}

static void calls_of_aarch64(void **state)
{
	(void)state;
	assert_int_equal(KEPT_ARM(0, 0), 0);
	assert_int_equal(KEPT_ARM(0, 1, 0, 0, 0x94), 1 << 0);           /* bl */
	assert_int_equal(KEPT_ARM(28, 0xff, 0xff, 0xff, 0x97), 1 << 1); /* bl back */
	assert_int_equal(KEPT_ARM(28, 0, 0, 0, 0x96), 0);               /* out of the segment */
	assert_int_equal(KEPT_ARM(32, 0, 0, 0, 0x14), 0);               /* b */
	assert_int_equal(KEPT_ARM(32, 0x60, 0x02, 0x3f, 0xd6), 1 << 2); /* blr x19 */
	assert_int_equal(KEPT_ARM(32, 0x7f, 0x0a, 0x3f, 0xd6), 1 << 2); /* blraaz x19 */
	assert_int_equal(KEPT_ARM(32, 0x61, 0x0a, 0x3f, 0xd7), 1 << 2); /* blraa x19, x1 */
	assert_int_equal(KEPT_ARM(32, 0x60, 0x02, 0x1f, 0xd6), 0);      /* br */
	assert_int_equal(KEPT_ARM(32, 0xc0, 0x03, 0x5f, 0xd6), 0);      /* ret */
	assert_int_equal(KEPT_ARM(124, 0x01, 0, 0, 0xd4), 1 << 7);      /* svc */
	assert_int_equal(KEPT_ARM(124, 0x02, 0, 0, 0xd4), 0);           /* hvc */
}

/* Rows that end the stack, are a signal frame or a gap stay, whatever their code. */
static void rows_that_always_stay(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	draft->code[0x42] = 0xff;
	draft->code[0x43] = 0xd0;
	FDE(draft, cie, CODE, 0x20, OFFSET_IS(16), ADVANCE(0x10), OFFSET_IS(24), 0x07, 16);
	FDE(draft, cie, CODE + 0x40, 0x10, OFFSET_IS(32));
	FDE(draft, cie, CODE + 0x50, 0x10, OFFSET_IS(40));
	FDE(draft, cie, CODE + 0x100, 0x10, OFFSET_IS(48));
	assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
	assert_cfa(&table, CODE, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x10, UNWIND_END, 0);
	assert_cfa(&table, CODE + 0x20, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x40, UNWIND_SP, 32);
	assert_cfa(&table, CODE + 0x60, UNWIND_BAD, 0);
	assert_int_equal(table.n_rows, 5);
	assert_int_equal(table.n_rules, 3);
	unwind_table_free(&table);
}

/* A table of gaps alone is a table. */
static void no_calls_at_all(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + 0x8000, 0x8000, OFFSET_IS(16));
	assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
	assert_cfa(&table, CODE + 0x8000, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x10000, UNWIND_BAD, 0);
	assert_int_equal(table.n_pages, 1);
	unwind_table_free(&table);
}

/* The same rule before and after one that cannot follow a call: one row. */
static void equal_rows_merge(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	draft->code[4] = draft->code[0x24] = 0xff;
	draft->code[5] = draft->code[0x25] = 0xd0;
	FDE(draft, cie, CODE, 0x30, ADVANCE(0x10), OFFSET_IS(16), ADVANCE(0x10), OFFSET_IS(8));
	assert_int_equal(draft_build(draft, UNWIND_CALL_SITES, &table), 0);
	assert_int_equal(table.n_all_rows, 4);
	assert_int_equal(table.n_rows, 2);
	assert_cfa(&table, CODE + 0x2f, UNWIND_SP, 8);
	unwind_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(direct_calls),          cmocka_unit_test(indirect_calls),
	    cmocka_unit_test(ends_of_the_code),      cmocka_unit_test(calls_of_aarch64),
	    cmocka_unit_test(rows_that_always_stay), cmocka_unit_test(no_calls_at_all),
	    cmocka_unit_test(equal_rows_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
