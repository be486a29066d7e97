// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: demangling, clone suffixes, versions, what must not be printed; and trimming by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/demangle.h"
#include "symbolize/intervals.h"
#include "util/printable.h"
#include "symbolize/text_pool.h"
#include "symbolize/trim.h"

static const struct {
	const char *symbol, *shown;
} names[] = {
    {"main", "main"},
    {"", ""},
    {".", "."},
    {"@", "@"},
    {"_", "_"},
    {"_Z", "_Z"},
    {"_Zfoo", "_Zfoo"},
    {"malloc@@GLIBC_2.2.5", "malloc"},
    {"memcpy@GLIBC_2.14", "memcpy"},
    {"_ZN5leaky3Foo3barEi", "leaky::Foo::bar(int)"},
    {"_ZNK5leaky3Foo3bazERKS0_", "leaky::Foo::baz(leaky::Foo const&) const"},
    {"_ZN5leaky3Foo3barEi.constprop.0", "leaky::Foo::bar(int)"},
    {"_ZN5leaky3Foo3barEi.isra.0.cold", "leaky::Foo::bar(int)"},
    {"_ZN12_GLOBAL__N_16helperEv", "(anonymous namespace)::helper()"},
    {"_Znwm", "operator new(unsigned long)"},
    {"_ZN3FooC4Ei", "Foo::Foo(int)"},
    {"grow.part.0", "grow"},
    {"grow.part.3.constprop.12", "grow"},
    {"grow.cold", "grow"},
    {"grow.cold.1", "grow"},
    {"grow.lto_priv.0", "grow"},
    {"grow.lto_priv.0.lto_priv.1", "grow"},
    {"grow.localalias", "grow"},
    {"grow.llvm.1234567890123456789", "grow"},
    {"grow.__uniq.123.llvm.4", "grow"},
    {"grow.avx2.0", "grow.avx2.0"}, /* another implementation, no clone */
    {"main.part", "main.part"},     /* Go's function `part` of the package main */
    {"a.b", "a.b"},
    {".part.0", ".part.0"},
    {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
    {"_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE.llvm.77",
     "<alloc::string::String as core::fmt::Display>::fmt"},
    {"_RNvC6_123foo3bar", "123foo::bar"},
    {"_RNvMs_NtCs9ltgdHTiPiY_4core5sliceSh4sort", NULL},
    {"_RNvNtNtCs1234_7mycrate3foo3bar3baz", "mycrate::foo::bar::baz"},
    {"\x1b[31mred", "?[31mred"},
    {"a\nb\x7f", "a?b?"},
    {"caf\xc3\xa9", "caf\xc3\xa9"},
    {"bad\xc3(", "bad?("},
    {"over\xc0\xaf", "over??"},
    {"surrogate\xed\xa0\x80", "surrogate???"},
    {"c1\xc2\x9b", "c1??"},
    {"cut\xe2\x82", "cut??"},
    {"\xf0\x9f\xa6\x80", "\xf0\x9f\xa6\x80"},
};

static void test_demangle(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *shown = demangle(names[i].symbol);

		assert_non_null(shown);
		if (names[i].shown)
			assert_string_equal(shown, names[i].shown);
		free(shown);
	}
}

/* pair<int,int>, pair of two of these, pair of two of those…: the printed name doubles with each. */
static void test_demangle_exponential(void **state)
{
	char symbol[2048] = "_Z1fSt4pairIiiE";
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strlen(symbol);
	char *shown;

	(void)state;
	/* S_ is std::pair, S0_ the first pair<…> */
	for (int i = 0; i < 34; i++)
		n += (size_t)snprintf(symbol + n, sizeof(symbol) - n, "S_IS%c_S%c_E", digits[i], digits[i]);
	shown = demangle(symbol);
	assert_non_null(shown);
	assert_string_equal(shown, symbol);
	free(shown);
}

/* Deeper than libiberty's limit, and longer than any name shown. */
static void test_demangle_deep_and_long(void **state)
{
	size_t n = 1 << 20;
	char *symbol = malloc(n + 1), *shown;

	(void)state;
	assert_non_null(symbol);
	memset(symbol, 'P', n);
	memcpy(symbol, "_Z1f", 4);
	symbol[n] = '\0';
	shown = demangle(symbol);
	assert_non_null(shown);
	assert_int_equal(strlen(shown), PRINTABLE_MAX);
	free(shown);
	free(symbol);
}

static void test_text_pool_makes_once(void **state)
{
	struct text_pool *pool = text_pool_new(printable_copy);
	const char *first;
	char raw[] = "name";

	(void)state;
	assert_non_null(pool);
	first = text_pool_get(pool, raw);
	assert_string_equal(first, "name");
	raw[0] = 'N';
	assert_string_equal(text_pool_get(pool, raw), "Name");
	assert_ptr_equal(text_pool_get(pool, "name"), first);
	text_pool_free(pool);
	text_pool_free(NULL);
}

static void test_wrappers(void **state)
{
	(void)state;
	assert_int_equal(wrapper_of("operator new(unsigned long)", false), WRAPPER_NEW);
	assert_int_equal(wrapper_of("operator new[](unsigned long, std::nothrow_t const&)", false), WRAPPER_NEW);
	assert_int_equal(wrapper_of("operator new(unsigned long, std::align_val_t)", false), WRAPPER_NEW);
	assert_int_equal(wrapper_of("operator new", false), WRAPPER_NEW);
	assert_int_equal(wrapper_of("operator new(unsigned long, Arena&)", false), WRAPPER_NONE);
	assert_int_equal(wrapper_of("Foo::operator new(unsigned long)", false), WRAPPER_NONE);
	assert_int_equal(wrapper_of("operator newest()", false), WRAPPER_NONE);
	assert_int_equal(wrapper_of("mmap", true), WRAPPER_MAPPING);
	assert_int_equal(wrapper_of("__sbrk", true), WRAPPER_MAPPING);
	assert_int_equal(wrapper_of("mmap", false), WRAPPER_NONE);
	assert_int_equal(wrapper_of(NULL, true), WRAPPER_NONE);
	assert_true(is_libc("libc.so.6"));
	assert_true(is_libc("libc-2.31.so"));
	assert_true(is_libc("ld-musl-x86_64.so.1"));
	assert_false(is_libc("libcurl.so.4"));
	assert_false(is_libc("ld-linux-x86-64.so.2"));
}

static void test_trim_count(void **state)
{
	const enum wrapper N = WRAPPER_NEW, M = WRAPPER_MAPPING, O = WRAPPER_NONE;
	const struct frame plain[4] = {0};
	const struct frame inlined_first[3] = {{.inlined = true}};

	(void)state;
	assert_int_equal(trim_count(KIND_HEAP, plain, NULL, 0), 0);
	assert_int_equal(trim_count(KIND_HEAP, plain, (enum wrapper[]){O, N, O}, 3), 0);
	assert_int_equal(trim_count(KIND_HEAP, plain, (enum wrapper[]){N, N, O, N}, 4), 2);
	assert_int_equal(trim_count(KIND_HEAP, plain, (enum wrapper[]){N, N}, 2), 1);
	assert_int_equal(trim_count(KIND_HEAP, plain, (enum wrapper[]){M, O}, 2), 0);
	assert_int_equal(trim_count(KIND_MMAP, plain, (enum wrapper[]){M, M, O}, 3), 2);
	assert_int_equal(trim_count(KIND_BRK, plain, (enum wrapper[]){M, M}, 2), 1);
	/* What is inlined into libc's mmap goes with it, what is inlined into operator new stays. */
	assert_int_equal(trim_count(KIND_MMAP, inlined_first, (enum wrapper[]){O, M, O}, 3), 2);
	assert_int_equal(trim_count(KIND_HEAP, inlined_first, (enum wrapper[]){O, N, O}, 3), 0);
	assert_int_equal(trim_count(KIND_HEAP, inlined_first, (enum wrapper[]){N, O, O}, 3), 1);
}

/* Against a plain search over the ranges: the one that started last, the shorter of two, wins. */
static void test_intervals(void **state)
{
	struct intervals intervals = {0};
	uint64_t start[200], end[200];

	(void)state;
	srand(7);
	for (uint64_t i = 0; i < 200; i++) {
		start[i] = (uint64_t)rand() % 1000;
		end[i] = start[i] + (uint64_t)rand() % 100;
		assert_int_equal(intervals_add(&intervals, start[i], end[i], i), 0);
	}
	assert_int_equal(intervals_settle(&intervals), 0);
	for (uint64_t address = 0; address < 1200; address++) {
		const struct interval *found = intervals_find(&intervals, address);
		size_t best = SIZE_MAX;

		for (size_t i = 0; i < 200; i++) {
			if (address < start[i] || address >= end[i])
				continue;
			if (best == SIZE_MAX || start[i] > start[best] ||
			    (start[i] == start[best] && end[i] <= end[best]))
				best = i;
		}
		assert_true((found != NULL) == (best != SIZE_MAX));
		if (found)
			assert_int_equal(found->value, best);
	}
	intervals_clear(&intervals);
	assert_int_equal(intervals_settle(&intervals), 0);
	assert_null(intervals_find(&intervals, 0));
}

static void test_intervals_at_the_end_of_the_address_space(void **state)
{
	struct intervals intervals = {0};

	(void)state;
	assert_int_equal(intervals_add(&intervals, UINT64_MAX - 10, UINT64_MAX, 1), 0);
	assert_int_equal(intervals_add(&intervals, 5, 5, 2), 0);
	assert_int_equal(intervals_add(&intervals, 6, 5, 3), 0);
	assert_int_equal(intervals_settle(&intervals), 0);
	assert_int_equal(intervals.n, 1);
	assert_non_null(intervals_find(&intervals, UINT64_MAX - 1));
	assert_null(intervals_find(&intervals, UINT64_MAX));
	intervals_clear(&intervals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_demangle),
	    cmocka_unit_test(test_demangle_exponential),
	    cmocka_unit_test(test_demangle_deep_and_long),
	    cmocka_unit_test(test_text_pool_makes_once),
	    cmocka_unit_test(test_wrappers),
	    cmocka_unit_test(test_trim_count),
	    cmocka_unit_test(test_intervals),
	    cmocka_unit_test(test_intervals_at_the_end_of_the_address_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
