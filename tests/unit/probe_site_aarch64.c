/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of aarch64's code the prober reads: single instructions, and the C library of Debian's arm64. Runs on such a
 * machine, or emulated (tests/integration/cross_arm64.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "probe/decode.h"
#include "probe/resolve.h"
#include "probe/resolve_internal.h"
#include "probe/site.h"
#include "unit/probe_library.h"

#define ADDRESS 0x400000
#define LIBC "/lib/aarch64-linux-gnu/libc.so.6"
#define LIBSTDCXX "/usr/lib/aarch64-linux-gnu/libstdc++.so.6"

#define PACIASP 0xd503233f
#define BTI_C 0xd503245f
#define STP_FP_LR 0xa9bf7bfd /* stp x29, x30, [sp, #-16]! */
#define STR_X0_X1 0xf9000020 /* str x0, [x1] */
#define RET 0xd65f03c0
#define SVC 0xd4000001
#define B_BACK 0x17ffffff /* to the instruction before */

struct walk {
	struct decoder decoder;
	size_t at;
};

/* Decodes this one instruction. */
static void walk_begin(struct walk *walk, uint32_t word)
{
	walk->at = 0;
	assert_int_equal(decoder_open(&walk->decoder), 0);
	assert_true(decoder_next(&walk->decoder, (const uint8_t *)&word, sizeof(word), ADDRESS, &walk->at));
	assert_int_equal(walk->at, 4);
}

static void sites_are_entries(void **state)
{
	static const struct {
		uint32_t code[2];
		bool emulated;
	} rows[] = {
	    {{STP_FP_LR, RET}, false}, {{PACIASP, STP_FP_LR}, false}, {{BTI_C, STP_FP_LR}, false},
	    {{RET, RET}, true},        {{0x14000002, RET}, true}, /* b */
	    {{0x90000010, RET}, true},                            /* adrp x16 */
	    {{0xb4000040, RET}, true},                            /* cbz x0 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site site;

		assert_int_equal(
		    site_choose((const uint8_t *)rows[i].code, sizeof(rows[i].code), ADDRESS, 7, true, &site), 0);
		assert_int_equal(site.offset, 0);
		assert_int_equal(site.pushed_words, 0);
		assert_int_equal(site.emulated, rows[i].emulated);
		for (size_t a = 0; a < SITE_ARGUMENTS; a++)
			assert_int_equal(site.argument[a], a);
		assert_true(strlen(site.instruction) > 1);
	}
}

static void nothing_to_decode(void **state)
{
	const uint32_t undefined = 0;
	struct site site;

	(void)state;
	assert_int_equal(site_choose((const uint8_t *)&undefined, 4, ADDRESS, 0, false, &site), -EINVAL);
	assert_int_equal(site_choose((const uint8_t *)&undefined, 3, ADDRESS, 0, false, &site), -EINVAL);
	assert_int_equal(site_choose((const uint8_t *)&undefined, 0, ADDRESS, 0, false, &site), -EINVAL);
}

enum { JUMPS = 1, CALLS = 2, RETURNS = 4, SYSTEM_CALL = 8, LEAVES = 16, STORES = 32 };

static void kinds_of_instructions(void **state)
{
	static const struct {
		uint32_t word;
		int kinds;
		uint64_t target;
	} rows[] = {
	    {0x14000002, JUMPS | LEAVES, ADDRESS + 8},
	    {B_BACK, JUMPS | LEAVES, ADDRESS - 4},
	    {0x54000040, JUMPS | LEAVES, ADDRESS + 8}, /* b.eq */
	    {0xb4000040, JUMPS | LEAVES, ADDRESS + 8}, /* cbz x0 */
	    {0x36000040, JUMPS | LEAVES, ADDRESS + 8}, /* tbz w0, #0 */
	    {0xd61f0220, LEAVES, 0},                   /* br x17 */
	    {0x94000002, CALLS | LEAVES, ADDRESS + 8}, /* bl */
	    {0xd63f0000, CALLS | LEAVES, 0},           /* blr x0 */
	    {RET, RETURNS | LEAVES, 0},
	    {SVC, SYSTEM_CALL | LEAVES, 0},
	    {0xd4200000, LEAVES, 0}, /* brk #0 */
	    {0x8b010000, 0, 0},      /* add x0, x0, x1 */
	    {0xf9400020, 0, 0},      /* ldr x0, [x1] */
	    {0xa9400420, 0, 0},      /* ldp x0, x1, [x1] */
	    {0x3dc00020, 0, 0},      /* ldr q0, [x1] */
	    {0x58000040, 0, 0},      /* ldr x0, literal */
	    {0xc85ffc20, 0, 0},      /* ldaxr x0, [x1] */
	    {STP_FP_LR, 0, 0},       /* on the stack */
	    {0xf90003e0, 0, 0},      /* str x0, [sp] */
	    {STR_X0_X1, STORES, 0},
	    {0xa9000420, STORES, 0}, /* stp x0, x1, [x1] */
	    {0x39000020, STORES, 0}, /* strb w0, [x1] */
	    {0x3d800020, STORES, 0}, /* str q0, [x1] */
	    {0xc802fc20, STORES, 0}, /* stlxr w2, x0, [x1] */
	    {0xf8200020, STORES, 0}, /* ldadd x0, x0, [x1] */
	    {0x4c007000, STORES, 0}, /* st1 {v0.16b}, [x0] */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct walk walk;
		uint64_t target = 0;
		int kinds = 0;

		walk_begin(&walk, rows[i].word);
		kinds |= decoder_jump(&walk.decoder, &target) ? JUMPS : 0;
		kinds |= decoder_calls(&walk.decoder) ? CALLS : 0;
		kinds |= decoder_returns(&walk.decoder) ? RETURNS : 0;
		kinds |= decoder_system_call(&walk.decoder) ? SYSTEM_CALL : 0;
		kinds |= decoder_leaves(&walk.decoder) ? LEAVES : 0;
		kinds |= decoder_stores(&walk.decoder) ? STORES : 0;
		decoder_call(&walk.decoder, &target);
		if (kinds != rows[i].kinds)
			print_message("%08x: %d instead of %d\n", rows[i].word, kinds, rows[i].kinds);
		assert_int_equal(kinds, rows[i].kinds);
		assert_int_equal(target, rows[i].target);
		decoder_close(&walk.decoder);
	}
}

static void direct_calls(void **state)
{
	/* bl forwards, something else, bl backwards, half of one */
	static const uint32_t words[] = {0x94000004, RET, 0x97ffffff, 0x94000001};
	const uint8_t *bytes = (const uint8_t *)words;
	uint64_t target;
	size_t at = 0;

	(void)state;
	assert_true(decode_find_call(bytes, 15, ADDRESS, &at, &target));
	assert_int_equal(at, 0);
	assert_int_equal(target, ADDRESS + 16);
	at = 4;
	assert_true(decode_find_call(bytes, 15, ADDRESS, &at, &target));
	assert_int_equal(at, 8);
	assert_int_equal(target, ADDRESS + 4);
	at = 12;
	assert_false(decode_find_call(bytes, 15, ADDRESS, &at, &target));
	at = 0;
	assert_false(decode_find_call(bytes, 3, ADDRESS, &at, &target));
}

static void stubs(void **state)
{
	/* bti c; adrp x16, +0x1000; ldr x17, [x16, #0x18] */
	static const uint32_t words[] = {BTI_C, 0xb0000010, 0xf9400e11};
	const uint8_t *bytes = (const uint8_t *)words;
	uint64_t slot = 0;

	(void)state;
	assert_true(decode_stub(bytes, 12, ADDRESS + 0x340, &slot));
	assert_int_equal(slot, ADDRESS + 0x1018);
	assert_true(decode_stub(bytes + 4, 8, ADDRESS + 0x344, &slot));
	assert_int_equal(slot, ADDRESS + 0x1018);
	assert_false(decode_stub(bytes, 11, ADDRESS, &slot));
	assert_false(decode_stub(bytes + 8, 4, ADDRESS, &slot));
}

static const struct probe_point *point_named(const struct probe_point *points, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(points[i].name, name))
			return &points[i];
	return NULL;
}

static void points_of_glibc(void **state)
{
	static const char *const names[] = {"malloc", "free", "calloc", "realloc", "aligned_alloc", "posix_memalign"};
	struct elf_file *file = library_open(LIBC);
	struct probe_point *points;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_true(resolve_is_allocator(file));
	assert_int_equal(resolve_points(file, false, &points, &n), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!point_named(points, n, names[i]))
			fail_msg("no %s", names[i]);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(points[i].site_file_offset, points[i].symbol.file_offset);
	free(points);
	elf_file_free(file);
}

/* A system call in a function that saves nothing: the return address is in its register. */
static void wrappers_of_glibc(void **state)
{
	struct elf_file *file = library_open(LIBC);
	struct wrapper_return *returns;
	size_t n, in_register = 0, saved = 0;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(resolve_wrappers(file, &returns, &n), 0);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct elf_cfi *cfi = &returns[i].cfi;
		const uint8_t *code;
		uint32_t word;

		assert_int_equal(elf_file_code(file, returns[i].address - 4, 4, &code), 4);
		memcpy(&word, code, sizeof(word));
		if (cfi->ra_cfa_offset) {
			assert_true(cfi->cfa_sp_offset >= 16 && cfi->ra_cfa_offset >= -cfi->cfa_sp_offset);
			saved++;
		} else {
			assert_int_equal(word, SVC);
			in_register++;
		}
	}
	assert_true(in_register > 0);
	assert_true(saved > 0);
	free(returns);
	elf_file_free(file);
}

static void take_call(void *context, uint64_t return_address)
{
	(void)return_address;
	++*(size_t *)context;
}

static void calls_of_free(void **state)
{
	struct elf_file *file = library_open(LIBC);
	struct elf_symbol symbol;
	size_t n = 0;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(elf_file_symbol(file, "free", &symbol), 0);
	elf_file_direct_calls(file, symbol.value, take_call, &n);
	assert_true(n > 0);
	elf_file_free(file);
}

static void libstdcxx_wraps_malloc(void **state)
{
	struct elf_file *file = library_open(LIBSTDCXX);

	(void)state;
	if (!file)
		skip();
	assert_true(resolve_new_wraps_malloc(file));
	elf_file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sites_are_entries),
	    cmocka_unit_test(nothing_to_decode),
	    cmocka_unit_test(kinds_of_instructions),
	    cmocka_unit_test(direct_calls),
	    cmocka_unit_test(stubs),
	    cmocka_unit_test(points_of_glibc),
	    cmocka_unit_test(wrappers_of_glibc),
	    cmocka_unit_test(calls_of_free),
	    cmocka_unit_test(libstdcxx_wraps_malloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
