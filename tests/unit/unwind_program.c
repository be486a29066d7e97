/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every call frame instruction and the expressions that occur in them, well made and not. */
#include "unit/unwind_fixture.h"

#include <errno.h>

#define ADVANCE(n) (0x40 + (n))
#define OFFSET(r) (0x80 + (r))
#define RESTORE(r) (0xc0 + (r))
#define RBX 3
#define RBP 6
#define RSP 7
#define R10 10
#define R12 12
#define R15 15
#define RIP 16
#define BREG(r) (0x70 + (r))
#define DEREF 0x06
#define PLUS_UCONST 0x23

/* Programs begin at CODE, in an FDE of 256 bytes, after the usual CIE of x86-64. */
static struct unwind_table table;

static void run_on(uint16_t machine, const uint8_t *cie_program, size_t cie_size, const uint8_t *program, size_t size)
{
	struct elf_draft *draft = draft_new();
	size_t cie;

	unwind_table_free(&table);
	draft->machine = machine;
	cie = draft_cie(draft, "", NULL, 0, cie_program, cie_size);
	draft_fde(draft, cie, false, CODE, 0x100, program, size);
	assert_int_equal(draft_build(draft, UNWIND_ALL_CODE, &table), 0);
}

#define RUN(...) \
	run_on(EM_X86_64, (const uint8_t[]){USUAL}, 5, (const uint8_t[]){__VA_ARGS__}, \
	       sizeof((const uint8_t[]){__VA_ARGS__}))
/* aarch64: the CFA is sp, nothing is saved. */
#define RUN_ARM(...) \
	run_on(EM_AARCH64, (const uint8_t[]){0x0c, 31, 0}, 3, (const uint8_t[]){__VA_ARGS__}, \
	       sizeof((const uint8_t[]){__VA_ARGS__}))

static const struct unwind_rule *at(uint64_t offset)
{
	return unwind_table_find(&table, CODE + offset);
}

static void cfa_is(uint64_t offset, enum unwind_cfa cfa, int32_t bytes)
{
	assert_cfa(&table, CODE + offset, cfa, bytes);
}

static void advances(void **state)
{
	(void)state;
	RUN(ADVANCE(1), 0x0e, 16, 0x02, 2, 0x0e, 24, 0x03, 3, 0, 0x0e, 32, 0x04, 4, 0, 0, 0, 0x0e, 40, 0x1d, 5, 0, 0, 0,
	    0, 0, 0, 0, 0x0e, 48);
	cfa_is(0, UNWIND_SP, 8);
	cfa_is(1, UNWIND_SP, 16);
	cfa_is(2, UNWIND_SP, 16);
	cfa_is(3, UNWIND_SP, 24);
	cfa_is(6, UNWIND_SP, 32);
	cfa_is(10, UNWIND_SP, 40);
	cfa_is(15, UNWIND_SP, 48);
	cfa_is(255, UNWIND_SP, 48);
	cfa_is(256, UNWIND_BAD, 0);
	/* In the section's own encoding: an absolute address. */
	RUN(0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0x0e, 16);
	cfa_is(0x1f, UNWIND_SP, 8);
	cfa_is(0x20, UNWIND_SP, 16);
	assert_int_equal(table.n_malformed, 0);
	/* Beyond the end, with more to follow: rows end with the FDE. */
	RUN(0x02, 200, 0x0e, 16, 0x02, 200, 0x0e, 24, ADVANCE(1), 0x3f);
	cfa_is(255, UNWIND_SP, 16);
	cfa_is(256, UNWIND_BAD, 0);
	assert_int_equal(table.n_malformed, 0);
}

static void definitions_of_the_cfa(void **state)
{
	(void)state;
	RUN(0x0c, RBP, 16, ADVANCE(1), 0x0d, RSP, ADVANCE(1), 0x0e, 0x80, 1, ADVANCE(1), 0x12, RBP, 0x7e, ADVANCE(1),
	    0x13, 0x7d, ADVANCE(1), 0x0e, 0xff, 0xff, 0xff, 0xff, 7);
	cfa_is(0, UNWIND_FP, 16);
	cfa_is(1, UNWIND_SP, 16);
	cfa_is(2, UNWIND_SP, 128);
	cfa_is(3, UNWIND_FP, 16); /* -2 * -8 */
	cfa_is(4, UNWIND_FP, 24);
	cfa_is(5, UNWIND_FP, INT32_MAX);
	RUN(0x0e, 0x80, 0x80, 0x80, 0x80, 8); /* 2 GiB */
	cfa_is(0, UNWIND_BAD, 0);
	assert_int_equal(table.n_not_expressed, 1);
	RUN(0x0c, R12, 16, ADVANCE(1), 0x0d, R15, ADVANCE(1), 0x0d, RBX, ADVANCE(1), 0x0d, R10, ADVANCE(1), 0x0d, 0xff,
	    0x7f);
	cfa_is(0, UNWIND_REGISTER, 16);
	assert_int_equal(at(0)->second_offset, UNWIND_R12);
	assert_int_equal(at(1)->second_offset, UNWIND_R15);
	assert_int_equal(at(2)->second_offset, UNWIND_RBX);
	assert_int_equal(at(3)->second_offset, UNWIND_R10);
	cfa_is(4, UNWIND_BAD, 0);
	assert_int_equal(table.n_not_expressed, 1);
	assert_int_equal(table.n_malformed, 0);
}

static void frame_pointer(void **state)
{
	(void)state;
	RUN(OFFSET(RBP), 2, ADVANCE(1), RESTORE(RBP), ADVANCE(1), 0x05, RBP, 3, ADVANCE(1), 0x06, RBP, ADVANCE(1), 0x11,
	    RBP, 0x7f, ADVANCE(1), 0x08, RBP, ADVANCE(1), 0x07, RBP, ADVANCE(1), 0x2f, RBP, 4, ADVANCE(1), 0x09, RBP,
	    RBX, ADVANCE(1), 0x09, RBP, RBP, ADVANCE(1), 0x14, RBP, 2, ADVANCE(1), 0x15, RBP, 2, ADVANCE(1), 0x10, RBP,
	    2, BREG(RBP), 0x70, ADVANCE(1), 0x16, RBP, 2, BREG(RBP), 0x70, ADVANCE(1), 0x10, RBP, 2, BREG(RSP), 8);
	assert_int_equal(at(0)->fp, UNWIND_FP_AT_CFA);
	assert_int_equal(at(0)->fp_offset, -16);
	assert_int_equal(at(1)->fp, UNWIND_FP_SAME);
	assert_int_equal(at(1)->fp_offset, 0);
	assert_int_equal(at(2)->fp_offset, -24);
	assert_int_equal(at(3)->fp, UNWIND_FP_SAME);
	assert_int_equal(at(4)->fp_offset, 8);
	assert_int_equal(at(5)->fp, UNWIND_FP_SAME);
	assert_int_equal(at(6)->fp, UNWIND_FP_LOST);
	assert_int_equal(at(7)->fp, UNWIND_FP_AT_CFA);
	assert_int_equal(at(7)->fp_offset, 32);
	assert_int_equal(at(8)->fp, UNWIND_FP_LOST);
	assert_int_equal(at(9)->fp, UNWIND_FP_SAME);
	assert_int_equal(at(10)->fp, UNWIND_FP_LOST);
	assert_int_equal(at(11)->fp, UNWIND_FP_LOST);
	assert_int_equal(at(12)->fp, UNWIND_FP_AT_FP);
	assert_int_equal(at(12)->fp_offset, -16);
	assert_int_equal(at(13)->fp, UNWIND_FP_LOST);
	assert_int_equal(at(14)->fp, UNWIND_FP_LOST);
	assert_int_equal(table.n_malformed, 0);
}

static void saved_registers(void **state)
{
	(void)state;
	RUN(OFFSET(RBX), 2, OFFSET(R15), 6, ADVANCE(1), RESTORE(RBX), 0x07, R15, ADVANCE(1), 0x08, R15, OFFSET(R12), 0,
	    ADVANCE(1), OFFSET(R12), 0x80, 0x80, 2, OFFSET(0), 3, OFFSET(13), 0xff, 0xff, 1);
	assert_int_equal(at(0)->saved_words[UNWIND_RBX], -2);
	assert_int_equal(at(0)->saved_words[UNWIND_R15], -6);
	assert_int_equal(at(0)->saved_words[UNWIND_R13], 0);
	assert_int_equal(at(1)->saved_words[UNWIND_RBX], 0);
	assert_int_equal(at(1)->saved_words[UNWIND_R15], UNWIND_SAVED_LOST);
	assert_int_equal(at(2)->saved_words[UNWIND_R15], 0);
	assert_int_equal(at(2)->saved_words[UNWIND_R12], UNWIND_SAVED_LOST);
	assert_int_equal(at(3)->saved_words[UNWIND_R12], UNWIND_SAVED_LOST); /* -32768 words */
	assert_int_equal(at(3)->saved_words[UNWIND_R13], -32767);
}

static void return_address(void **state)
{
	(void)state;
	RUN(ADVANCE(1), 0x07, RIP, ADVANCE(1), RESTORE(RIP), ADVANCE(1), OFFSET(RIP), 2, ADVANCE(1), 0x09, RIP, 5,
	    ADVANCE(1), 0x08, RIP, ADVANCE(1), 0x06, RIP);
	cfa_is(0, UNWIND_SP, 8);
	cfa_is(1, UNWIND_END, 0);
	cfa_is(2, UNWIND_SP, 8);
	cfa_is(3, UNWIND_BAD, 0);
	cfa_is(4, UNWIND_BAD, 0);
	cfa_is(5, UNWIND_BAD, 0);
	cfa_is(6, UNWIND_SP, 8);
	assert_int_equal(table.n_not_expressed, 1); /* three, that are one row */
	assert_int_equal(at(1)->ra_words, 0);
	assert_int_equal(at(2)->ra_words, -1);
}

static void stack_pointer_that_is_not_the_cfa(void **state)
{
	(void)state;
	RUN(0x14, RSP, 0, ADVANCE(1), 0x14, RSP, 1, ADVANCE(1), 0x06, RSP, ADVANCE(1), 0x16, RSP, 2, BREG(RBP), 0);
	cfa_is(0, UNWIND_SP, 8);
	cfa_is(1, UNWIND_BAD, 0);
	cfa_is(2, UNWIND_SP, 8);
	cfa_is(3, UNWIND_BAD, 0);
}

static void remembered_states(void **state)
{
	uint8_t program[512], n = 0;

	(void)state;
	RUN(0x0a, ADVANCE(1), 0x0c, RBP, 16, OFFSET(RBP), 2, 0x0a, ADVANCE(1), 0x0e, 64, ADVANCE(1), 0x0b, ADVANCE(1),
	    0x0b);
	cfa_is(1, UNWIND_FP, 16);
	cfa_is(2, UNWIND_FP, 64);
	cfa_is(3, UNWIND_FP, 16);
	cfa_is(4, UNWIND_SP, 8);
	assert_int_equal(at(4)->fp, UNWIND_FP_SAME);
	/* As deep as it goes, and one deeper. */
	for (int i = 0; i < 64; i++)
		program[n++] = 0x0a;
	program[n++] = ADVANCE(1);
	program[n++] = 0x0e;
	program[n++] = 16;
	run_on(EM_X86_64, (const uint8_t[]){USUAL}, 5, program, n);
	cfa_is(1, UNWIND_SP, 16);
	assert_int_equal(table.n_malformed, 0);
	program[n++] = ADVANCE(1);
	program[n++] = 0x0a;
	run_on(EM_X86_64, (const uint8_t[]){USUAL}, 5, program, n);
	cfa_is(1, UNWIND_SP, 16);
	cfa_is(2, UNWIND_BAD, 0);
	assert_int_equal(table.n_malformed, 1);
}

#define EXPRESSION(...) 0x0f, sizeof((const uint8_t[]){__VA_ARGS__}), __VA_ARGS__

static void expressions_of_the_cfa(void **state)
{
	(void)state;
	RUN(EXPRESSION(BREG(RSP), 8), ADVANCE(1), EXPRESSION(BREG(RBP), 0x78, PLUS_UCONST, 24), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0xe8, 0, DEREF, PLUS_UCONST, 8), ADVANCE(1), EXPRESSION(BREG(RBP), 0x70, DEREF),
	    ADVANCE(1), EXPRESSION(BREG(RSP), 0, DEREF, 0x38, 0x22), ADVANCE(1),
	    EXPRESSION(0x92, RBX, 4, 0x08, 3, 0x1c), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x94, 8, PLUS_UCONST, 1, PLUS_UCONST, 2, 0x96), ADVANCE(1),
	    EXPRESSION(0x38, BREG(RSP), 0, 0x22));
	cfa_is(0, UNWIND_SP, 8);
	cfa_is(1, UNWIND_FP, 16);
	cfa_is(2, UNWIND_DEREF_SP, 104);
	assert_int_equal(at(2)->second_offset, 8);
	cfa_is(3, UNWIND_DEREF_FP, -16);
	assert_int_equal(at(3)->second_offset, 0);
	cfa_is(4, UNWIND_DEREF_SP, 0);
	assert_int_equal(at(4)->second_offset, 8);
	cfa_is(5, UNWIND_REGISTER, 1);
	assert_int_equal(at(5)->second_offset, UNWIND_RBX);
	cfa_is(6, UNWIND_DEREF_SP, 0);
	assert_int_equal(at(6)->second_offset, 3);
	cfa_is(7, UNWIND_SP, 8);
	assert_int_equal(table.n_not_expressed, 0);
}

static void register_after_an_expression(void **state)
{
	(void)state;
	RUN(0x0e, 56, EXPRESSION(BREG(RSP), 16, DEREF), ADVANCE(1), 0x0d, RBP, ADVANCE(1),
	    EXPRESSION(BREG(RSP), 16, DEREF), 0x0e, 64, ADVANCE(1), 0x0d, RSP);
	cfa_is(0, UNWIND_DEREF_SP, 16);
	cfa_is(1, UNWIND_FP, 56);
	assert_int_equal(at(1)->second_offset, 0);
	cfa_is(2, UNWIND_DEREF_SP, 16);
	cfa_is(3, UNWIND_SP, 64);
	assert_int_equal(table.n_malformed, 0);
}

static void expression_of_the_plt(void **state)
{
	(void)state;
	RUN(EXPRESSION(BREG(RSP), 8, BREG(RIP), 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22), ADVANCE(16),
	    EXPRESSION(BREG(RSP), 8, BREG(RIP), 0, 0x3f, 0x1a, 0x2f, 0x2a, 0x33, 0x24, 0x22));
	cfa_is(0, UNWIND_PLT, 11);
	cfa_is(16, UNWIND_BAD, 0);
}

/* None of these can be said; each must leave its row BAD, and the next one right. */
static void expressions_that_cannot_be_said(void **state)
{
	static const struct {
		uint8_t size, bytes[10];
	} rows[] = {
	    {0, {0}},
	    {1, {DEREF}},                                           /* of nothing */
	    {1, {0x22}},                                            /* of nothing */
	    {2, {PLUS_UCONST, 1}},                                  /* to nothing */
	    {1, {0x38}},                                            /* a constant */
	    {2, {0x38, DEREF}},                                     /* of a constant address */
	    {4, {BREG(RSP), 0, DEREF, DEREF}},                      /* twice */
	    {5, {BREG(RSP), 0, BREG(RBP), 0, 0x22}},                /* sum of registers */
	    {4, {0x38, BREG(RBP), 0, 0x1c}},                        /* constant less register */
	    {2, {BREG(RIP), 0}},                                    /* the return address */
	    {3, {BREG(RBX), 0, DEREF}},                             /* memory by such a register */
	    {4, {BREG(RSP), 0, 0x94, 4}},                           /* half a word */
	    {7, {BREG(RSP), 0, DEREF, PLUS_UCONST, 0x80, 0x80, 2}}, /* 32768 */
	    {6, {BREG(RSP), 0x80, 0x80, 0x80, 0x80, 8}},            /* 2 GiB */
	    {2, {BREG(RSP), 0x80}},                                 /* cut */
	    {2, {0x0c, 0}},                                         /* cut */
	    {1, {0x92}},                                            /* cut */
	    {5, {0x30, 0x30, 0x30, 0x30, 0x30}},                    /* too deep */
	    {1, {0x9c}},                                            /* the CFA itself */
	    {1, {0xff}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t program[32] = {0x0f, rows[i].size}, n = 2 + rows[i].size;

		memcpy(program + 2, rows[i].bytes, rows[i].size);
		memcpy(program + n, (const uint8_t[]){ADVANCE(1), USUAL_CFA}, 4);
		run_on(EM_X86_64, (const uint8_t[]){USUAL}, 5, program, n + 4);
		cfa_is(0, UNWIND_BAD, 0);
		cfa_is(1, UNWIND_SP, 8);
		assert_int_equal(table.n_not_expressed, 1);
		assert_int_equal(table.n_malformed, 0);
	}
}

static void constants_of_all_sizes(void **state)
{
	(void)state;
	RUN(EXPRESSION(BREG(RSP), 0, 0x09, 0xff, 0x22), ADVANCE(1), EXPRESSION(BREG(RSP), 0, 0x0a, 0, 1, 0x22),
	    ADVANCE(1), EXPRESSION(BREG(RSP), 0, 0x0b, 0xfe, 0xff, 0x22), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x0c, 0, 0, 1, 0, 0x22), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x0d, 0xfd, 0xff, 0xff, 0xff, 0x22), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x0e, 5, 0, 0, 0, 0, 0, 0, 0, 0x22), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x0f, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x22), ADVANCE(1),
	    EXPRESSION(BREG(RSP), 0, 0x10, 0x80, 1, 0x22), ADVANCE(1), EXPRESSION(BREG(RSP), 0, 0x11, 0x7f, 0x22));
	cfa_is(0, UNWIND_SP, -1);
	cfa_is(1, UNWIND_SP, 256);
	cfa_is(2, UNWIND_SP, -2);
	cfa_is(3, UNWIND_SP, 65536);
	cfa_is(4, UNWIND_SP, -3);
	cfa_is(5, UNWIND_SP, 5);
	cfa_is(6, UNWIND_SP, -5);
	cfa_is(7, UNWIND_SP, 128);
	cfa_is(8, UNWIND_SP, -1);
}

/* What was said before holds; from there on it is a gap. */
static void malformed_programs(void **state)
{
	static const struct {
		uint8_t size, bytes[12];
	} rows[] = {
	    {1, {0x17}},     /* no such opcode */
	    {1, {0x2d}},     /* of another machine */
	    {1, {0x3f}},     /* no such opcode */
	    {1, {0x0b}},     /* nothing remembered */
	    {2, {0x0f, 12}}, /* beyond the end */
	    {10, {0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
	    {3, {0x10, 6, 0x7f}},                /* beyond the end */
	    {1, {0x01}},                         /* cut */
	    {9, {0x01, 0, 0, 0, 0, 0, 0, 0, 0}}, /* before the code */
	    {9, {0x01, 1, 0, 1, 0, 0, 0, 0, 0}}, /* back */
	    {9, {0x1d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	    {1, {0x05}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t program[32] = {ADVANCE(4), 0x0e, 16, ADVANCE(4)}, n = 4;

		memcpy(program + n, rows[i].bytes, rows[i].size);
		n += rows[i].size;
		/* No padding, of which an operand might be taken. */
		while ((n + 20) % 4)
			program[n++] = 0x0f;
		run_on(EM_X86_64, (const uint8_t[]){USUAL}, 5, program, n);
		if (table.n_malformed != 1)
			fail_msg("row %zu was taken", i);
		cfa_is(0, UNWIND_SP, 8);
		cfa_is(4, UNWIND_SP, 16);
		cfa_is(7, UNWIND_SP, 16);
		cfa_is(8, UNWIND_BAD, 0);
		cfa_is(255, UNWIND_BAD, 0);
		assert_int_equal(table.n_not_expressed, 0);
	}
}

static void no_cfa_at_all(void **state)
{
	static const uint8_t none[] = {0x90, 1};
	static const uint8_t back[] = {0x0e, 8, ADVANCE(1), 0x0d, RSP};

	(void)state;
	run_on(EM_X86_64, none, sizeof(none), back, sizeof(back));
	cfa_is(0, UNWIND_BAD, 0);
	cfa_is(1, UNWIND_SP, 8);
	assert_int_equal(table.n_malformed, 0);
}

static void aarch64(void **state)
{
	(void)state;
	RUN_ARM(ADVANCE(1), 0x0e, 32, OFFSET(29), 4, OFFSET(30), 3, ADVANCE(1), 0x2d, 0x0c, 29, 32, ADVANCE(1), 0x2d,
	        0x2c, RESTORE(30), RESTORE(29), 0x0c, 31, 0, ADVANCE(1), 0x07, 30, ADVANCE(1), RESTORE(30), 0x0d, 19,
	        ADVANCE(1), 0x0d, 31, 0x09, 30, 15);
	cfa_is(0, UNWIND_SP, 0);
	assert_int_equal(at(0)->ra_words, 0);
	assert_int_equal(at(0)->fp, UNWIND_FP_SAME);
	cfa_is(3, UNWIND_SP, 0);
	cfa_is(4, UNWIND_SP, 32);
	assert_int_equal(at(4)->ra_words, -3);
	assert_int_equal(at(4)->fp, UNWIND_FP_AT_CFA);
	assert_int_equal(at(4)->fp_offset, -32);
	cfa_is(8, UNWIND_FP, 32);
	cfa_is(12, UNWIND_SP, 0);
	assert_int_equal(at(12)->ra_words, 0);
	cfa_is(16, UNWIND_END, 0);
	cfa_is(20, UNWIND_BAD, 0); /* by x19 */
	cfa_is(24, UNWIND_BAD, 0); /* return address in x15 */
	assert_int_equal(table.n_malformed, 0);
	/* Frames of 128 KiB and of 1 MiB, with the return address at their ends. */
	RUN_ARM(0x0e, 0x80, 0x80, 0x08, OFFSET(30), 0x80, 0x80, 0x01, ADVANCE(1), 0x0e, 0x80, 0x80, 0x40, OFFSET(30),
	        0x80, 0x80, 0x08);
	cfa_is(0, UNWIND_SP, 128 << 10);
	assert_int_equal(at(0)->ra_words, -(16 << 10));
	cfa_is(4, UNWIND_BAD, 0);
	assert_int_equal(table.n_not_expressed, 1);
}

static int free_table(void **state)
{
	(void)state;
	unwind_table_free(&table);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(advances),
	    cmocka_unit_test(definitions_of_the_cfa),
	    cmocka_unit_test(frame_pointer),
	    cmocka_unit_test(saved_registers),
	    cmocka_unit_test(return_address),
	    cmocka_unit_test(stack_pointer_that_is_not_the_cfa),
	    cmocka_unit_test(remembered_states),
	    cmocka_unit_test(expressions_of_the_cfa),
	    cmocka_unit_test(register_after_an_expression),
	    cmocka_unit_test(expression_of_the_plt),
	    cmocka_unit_test(expressions_that_cannot_be_said),
	    cmocka_unit_test(constants_of_all_sizes),
	    cmocka_unit_test(malformed_programs),
	    cmocka_unit_test(no_cfa_at_all),
	    cmocka_unit_test(aarch64),
	};

	return cmocka_run_group_tests(tests, NULL, free_table);
}
