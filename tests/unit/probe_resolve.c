/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is probed in real allocators, and where. The sites are those that were measured;
 * see "Where to put the probe" in docs/ARCHITECTURE.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "probe/resolve.h"
#include "unit/probe_library.h"

#define RAX 0
#define RSI 6
#define RDI 7

struct expected {
	const char *name;
	uint32_t offset;
	const char *mnemonic;
	uint8_t first; /* register of the lowest argument that is needed */
};

static const struct probe_point *find(const struct probe_point *points, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(points[i].name, name))
			return &points[i];
	return NULL;
}

static void check_invariants(const struct elf_file *file, const struct probe_point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct probe_point *point = &points[i];
		const uint8_t *code;

		assert_ptr_equal(catalog_find(point->name), point->row);
		assert_true(i == 0 || points[i - 1].symbol.value < point->symbol.value);
		assert_int_equal(point->site_file_offset, point->symbol.file_offset + point->site.offset);
		assert_true(elf_file_code(file, point->symbol.value + point->site.offset, 1, &code) == 1);
		assert_true(!catalog_wants_return(point->row) || point->site.pushed_words == 0);
		for (int a = 0; a < SITE_ARGUMENTS; a++)
			if (catalog_needed_arguments(point->row) & 1u << a)
				assert_in_range(point->site.argument[a], 0, 15);
	}
}

static void check_site(const struct probe_point *points, size_t n, const struct expected *expected)
{
	const struct probe_point *point = find(points, n, expected->name);
	uint32_t needed;

	assert_non_null(point);
	needed = catalog_needed_arguments(point->row);
	assert_int_equal(point->site.offset, expected->offset);
	assert_memory_equal(point->site.instruction, expected->mnemonic, strlen(expected->mnemonic));
	assert_true(point->site.emulated);
	assert_int_equal(point->site.argument[__builtin_ctz(needed)], expected->first);
}

/* absent: a name that must not be probed, or NULL. */
static void check_library(const char *path, const char *build_id, const struct expected *expected, size_t n_expected,
                          const char *absent)
{
	struct elf_file *file = library_open(path);
	struct probe_point *points;
	size_t n;

	if (!file)
		skip();
	assert_true(resolve_is_allocator(file));
	assert_int_equal(resolve_points(file, false, &points, &n), 0);
	assert_true(n > 4);
	check_invariants(file, points, n);
	assert_non_null(find(points, n, "malloc"));
	assert_non_null(find(points, n, "free"));
	for (size_t i = 0; library_is(file, path, build_id) && i < n_expected; i++)
		check_site(points, n, &expected[i]);
	if (absent && library_is(file, path, build_id))
		assert_null(find(points, n, absent));
	free(points);
	elf_file_free(file);
}

#define CHECK(path, build_id, absent, ...) \
	check_library(path, build_id, (const struct expected[]){__VA_ARGS__}, \
	              sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected), absent)

static void sites_of_glibc(void **state)
{
	(void)state;
	CHECK(LIBRARIES "libc.so.6", "93ac61ec5a8eb1396f9fbd350e3169a558528a40", "reallocarray",
	      {"malloc", 0, "push", RDI}, {"calloc", 0, "push", RDI}, {"realloc", 0, "push", RDI},
	      {"free", 3, "je", RDI}, {"posix_memalign", 7, "push", RDI}, {"aligned_alloc", 7, "je", RSI},
	      {"valloc", 7, "push", RDI});
}

static void sites_of_jemalloc(void **state)
{
	(void)state;
	CHECK(LIBRARIES "libjemalloc.so.2", "1d5163c246dc9cd2b4d339f2ac42efd95c6e0ae1", "_ZdlPv",
	      {"malloc", 7, "ja", RDI}, {"_Znwm", 7, "ja", RDI}, {"calloc", 0, "push", RDI},
	      {"realloc", 0, "push", RDI}, {"free", 0x30, "jne", RDI}, {"mallocx", 0, "push", RDI},
	      {"rallocx", 2, "jmp", RDI}, {"xallocx", 0, "push", RDI}, {"sdallocx", 10, "ja", RDI});
}

static void sites_of_tcmalloc(void **state)
{
	(void)state;
	CHECK(LIBRARIES "libtcmalloc_minimal.so.4", "39dfd4a5855703fa6c2469749282f75b18a1aa66", "tc_malloc",
	      {"malloc", 10, "jne", RDI}, {"free", 10, "jne", RDI}, {"_Znwm", 10, "jne", RDI},
	      {"tc_malloc_skip_new_handler", 0, "push", RDI});
}

static void sites_of_mimalloc(void **state)
{
	(void)state;
	CHECK(LIBRARIES "libmimalloc.so.2", "d07f4e7dc9a039fcbe7747f416476bd65cb48e8b", "memalign",
	      {"malloc", 0x15, "ja", RSI}, {"free", 6, "je", RDI}, {"calloc", 0x12, "je", RAX},
	      {"mi_heap_realloc", 2, "jmp", RSI}, {"mi_zalloc", 0x15, "ja", RSI});
}

static void sites_of_musl(void **state)
{
	(void)state;
	CHECK("/lib/ld-musl-x86_64.so.1", "54d00df44fce62f541ca62b56bdef5bf31ff077c", "memalign",
	      {"malloc", 0, "jmp", RDI}, {"free", 0, "jmp", RDI}, {"calloc", 0, "push", RDI});
}

static void libstdcxx_is_no_allocator(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libstdc++.so.6");
	struct probe_point *points;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_false(resolve_is_allocator(file));
	assert_int_equal(resolve_points(file, false, &points, &n), 0);
	assert_int_equal(n, 0);
	/* Unless it was named. */
	assert_int_equal(resolve_points(file, true, &points, &n), 0);
	assert_non_null(find(points, n, "_Znwm"));
	if (library_is(file, "libstdc++", "289ee39f8c07bd4fa48102dfeeb7e6f9c76158b4"))
		check_site(points, n, &(struct expected){"_Znwm", 12, "push", RDI});
	free(points);
	elf_file_free(file);
}

static void glibcs_loader_is_left_alone(void **state)
{
	struct elf_file *file = library_open("/lib64/ld-linux-x86-64.so.2");
	struct probe_point *points;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_false(resolve_is_allocator(file));
	assert_int_equal(resolve_points(file, true, &points, &n), 0);
	assert_int_equal(n, 0);
	elf_file_free(file);
}

static void a_library_without_allocator(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libm.so.6");
	struct address_range *ranges;
	struct wrapper_return *returns;
	struct probe_point *points;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(resolve_points(file, false, &points, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(resolve_points(file, true, &points, &n), 0);
	assert_int_equal(n, 0);
	free(points);
	assert_int_equal(resolve_flush_ranges(file, &ranges, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(resolve_wrappers(file, &returns, &n), 0);
	assert_int_equal(n, 0);
	elf_file_free(file);
}

static void flush_of_glibc(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct address_range *ranges;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(resolve_flush_ranges(file, &ranges, &n), 0);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		assert_true(ranges[i].low < ranges[i].high);
	if (library_is(file, "glibc", "93ac61ec5a8eb1396f9fbd350e3169a558528a40")) {
		assert_int_equal(n, 2);
		assert_int_equal(ranges[0].low, 0x99052);
		assert_int_equal(ranges[1].low, 0x99081);
	}
	free(ranges);
	elf_file_free(file);
}

static const struct wrapper_return *find_return(const struct wrapper_return *returns, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (returns[i].address == address)
			return &returns[i];
	return NULL;
}

static void wrappers_of_libstdcxx(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libstdc++.so.6");
	const struct wrapper_return *after_malloc;
	struct wrapper_return *returns;
	size_t n;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(resolve_wrappers(file, &returns, &n), 0);
	assert_true(n >= 4);
	for (size_t i = 1; i < n; i++)
		assert_true(returns[i - 1].address < returns[i].address);
	if (library_is(file, "libstdc++", "289ee39f8c07bd4fa48102dfeeb7e6f9c76158b4")) {
		after_malloc = find_return(returns, n, 0xa958c);
		assert_non_null(after_malloc);
		assert_int_equal(after_malloc->cfi.cfa_sp_offset, 16);
		assert_int_equal(after_malloc->cfi.fp_cfa_offset, 0);
		after_malloc = find_return(returns, n, 0xa9646);
		assert_non_null(after_malloc);
		assert_int_equal(after_malloc->cfi.cfa_sp_offset, 32);
		assert_int_equal(after_malloc->cfi.fp_cfa_offset, -16);
	}
	free(returns);
	elf_file_free(file);
}

static void wrappers_of_glibc(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct wrapper_return *returns;
	struct elf_symbol symbol;
	size_t n, inside = 0;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(resolve_wrappers(file, &returns, &n), 0);
	assert_int_equal(elf_file_symbol(file, "mmap", &symbol), 0);
	for (size_t i = 0; i < n; i++)
		if (returns[i].address - symbol.value <= symbol.size_bytes) {
			assert_true(returns[i].cfi.cfa_sp_offset >= 8);
			inside++;
		}
	assert_true(inside > 0);
	free(returns);
	elf_file_free(file);
}

/* This program has symbols of its own, but no allocator among them; it is linked with ASan's, though. */
static void a_program(void **state)
{
	struct elf_file *file = library_open("/proc/self/exe");

	(void)state;
	assert_non_null(file);
	assert_false(resolve_is_allocator(file));
	elf_file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sites_of_glibc),
	    cmocka_unit_test(sites_of_jemalloc),
	    cmocka_unit_test(sites_of_tcmalloc),
	    cmocka_unit_test(sites_of_mimalloc),
	    cmocka_unit_test(sites_of_musl),
	    cmocka_unit_test(libstdcxx_is_no_allocator),
	    cmocka_unit_test(glibcs_loader_is_left_alone),
	    cmocka_unit_test(a_library_without_allocator),
	    cmocka_unit_test(flush_of_glibc),
	    cmocka_unit_test(wrappers_of_libstdcxx),
	    cmocka_unit_test(wrappers_of_glibc),
	    cmocka_unit_test(a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
