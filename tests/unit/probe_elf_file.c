/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF reading: real files, files without sections, truncated, shrinking and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "probe/resolve.h"
#include "unit/probe_library.h"

/* Small, an allocator, and part of the C library's own package. */
#define SMALL LIBRARIES "libc_malloc_debug.so.0"
#define MUTATIONS 2000

/* libelf 0.188 loses the data of a section whose header is damaged; that is not ours to fix. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libelf.so";
}

struct bytes {
	uint8_t *data;
	size_t size;
};

static struct bytes read_whole(const char *path)
{
	struct bytes bytes = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size > 0) {
		bytes.data = malloc((size_t)size);
		assert_int_equal(pread(fd, bytes.data, (size_t)size, 0), size);
		bytes.size = (size_t)size;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

static int memory_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static int open_bytes(const uint8_t *data, size_t size, struct elf_file **file)
{
	char error[128] = "";
	int fd = memory_file(data, size);
	int err = elf_file_open(fd, file, error, sizeof(error));

	close(fd);
	assert_int_equal(err != 0, error[0] != '\0');
	return err;
}

static void count_call(void *context, uint64_t return_address)
{
	(void)return_address;
	++*(size_t *)context;
}

static bool count_function(void *context, const struct elf_symbol *symbol)
{
	(void)symbol;
	return ++*(size_t *)context < 100000;
}

/* Everything that can be asked of a file. */
static void ask_everything(const struct elf_file *file)
{
	struct address_range *ranges;
	struct wrapper_return *returns;
	struct probe_point *points;
	struct elf_symbol symbol;
	struct elf_cfi cfi;
	const uint8_t *code;
	char name[64];
	uint8_t id[20];
	int64_t delta;
	size_t n, calls = 0;

	elf_file_is_program(file);
	elf_file_is_dynamic(file);
	elf_file_is_go(file);
	elf_file_soname(file);
	elf_file_has_symtab(file);
	elf_file_build_id(file, id, sizeof(id));
	elf_file_code_delta(file, 0x1000, &delta);
	elf_file_code(file, UINT64_MAX - 1, 64, &code);
	elf_file_stub_name(file, 0x1030, name, sizeof(name));
	elf_file_each_function(file, count_function, &calls);
	if (!elf_file_symbol(file, "malloc", &symbol)) {
		elf_file_direct_calls(file, symbol.value, count_call, &calls);
		elf_file_cfi(file, symbol.value, &cfi);
	}
	if (!resolve_points(file, true, &points, &n))
		free(points);
	if (!resolve_flush_ranges(file, &ranges, &n))
		free(ranges);
	if (!resolve_wrappers(file, &returns, &n))
		free(returns);
}

static void a_shared_library(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct elf_symbol allocate, other;
	const uint8_t *code;
	int64_t delta;
	uint8_t id[20];

	(void)state;
	if (!file)
		skip();
	assert_string_equal(elf_file_soname(file), "libc.so.6");
	assert_false(elf_file_is_program(file));
	assert_true(elf_file_is_dynamic(file));
	assert_false(elf_file_is_go(file));
	assert_int_equal(elf_file_symbol(file, "malloc", &allocate), 0);
	assert_true(allocate.size_bytes > 16);
	assert_int_equal(elf_file_code_delta(file, allocate.file_offset & ~0xfffULL, &delta), 0);
	assert_int_equal(allocate.file_offset + delta, allocate.value);
	assert_int_equal(elf_file_code(file, allocate.value, 16, &code), 16);
	assert_int_equal(elf_file_symbol(file, "__libc_malloc", &other), 0);
	assert_int_equal(other.value, allocate.value);
	/* Only an old version is left of it; a resolver is no function; data is none; neither is what is not there. */
	assert_int_equal(elf_file_symbol(file, "cfree", &other), 0);
	assert_int_equal(elf_file_symbol(file, "strlen", &other), -ENOENT);
	assert_int_equal(elf_file_symbol(file, "environ", &other), -ENOENT);
	assert_int_equal(elf_file_symbol(file, "mallo", &other), -ENOENT);
	assert_int_equal(elf_file_symbol(file, "", &other), -ENOENT);
	assert_true(elf_file_build_id(file, id, sizeof(id)) > 0);
	assert_int_equal(elf_file_build_id(file, id, 4), 0);
	elf_file_free(file);
}

static void the_default_version_is_preferred(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct elf_symbol symbol;

	(void)state;
	if (!file)
		skip();
	if (!library_is(file, "glibc", "93ac61ec5a8eb1396f9fbd350e3169a558528a40")) {
		elf_file_free(file);
		skip();
	}
	/* pthread_cond_wait@@GLIBC_2.3.2, not @GLIBC_2.2.5; posix_spawn@@GLIBC_2.15, not @GLIBC_2.2.5 */
	assert_int_equal(elf_file_symbol(file, "pthread_cond_wait", &symbol), 0);
	assert_int_equal(symbol.value, 0x883f0);
	assert_int_equal(elf_file_symbol(file, "posix_spawn", &symbol), 0);
	assert_int_equal(symbol.value, 0xf6a80);
	elf_file_free(file);
}

static void this_program(void **state)
{
	struct elf_file *file = library_open("/proc/self/exe");
	struct elf_symbol symbol;
	const uint8_t *code;

	(void)state;
	assert_non_null(file);
	assert_true(elf_file_is_program(file));
	assert_true(elf_file_is_dynamic(file));
	assert_true(elf_file_has_symtab(file));
	/* A static function stands in .symtab alone. */
	assert_int_equal(elf_file_symbol(file, "this_program", &symbol), 0);
	assert_true(elf_file_code(file, symbol.value, 16, &code) == 16);
	assert_memory_equal(code, (const uint8_t *)(uintptr_t)this_program, 4);
	elf_file_free(file);
}

/* Without section headers PT_DYNAMIC must lead to the same symbols. */
static void without_section_headers(void **state)
{
	struct bytes bytes = read_whole(LIBRARIES "libc.so.6");
	struct elf_file *with, *without;
	struct elf_symbol a, b;
	size_t n_with = 0, n_without = 0;
	Elf64_Ehdr header;

	(void)state;
	if (!bytes.data)
		skip();
	assert_int_equal(open_bytes(bytes.data, bytes.size, &with), 0);
	memcpy(&header, bytes.data, sizeof(header));
	header.e_shoff = header.e_shnum = header.e_shstrndx = 0;
	memcpy(bytes.data, &header, sizeof(header));
	assert_int_equal(open_bytes(bytes.data, bytes.size, &without), 0);
	elf_file_each_function(with, count_function, &n_with);
	elf_file_each_function(without, count_function, &n_without);
	assert_true(n_with > 2000);
	assert_int_equal(n_with, n_without);
	assert_int_equal(elf_file_symbol(with, "malloc", &a), 0);
	assert_int_equal(elf_file_symbol(without, "malloc", &b), 0);
	assert_int_equal(a.value, b.value);
	assert_int_equal(elf_file_symbol(without, "cfree", &b), 0);
	elf_file_free(with);
	elf_file_free(without);
	free(bytes.data);
}

static void stubs_lead_to_names(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libstdc++.so.6");
	struct elf_symbol symbol;
	char name[64];

	(void)state;
	if (!file)
		skip();
	assert_int_equal(elf_file_symbol(file, "_Znwm", &symbol), 0);
	assert_int_equal(elf_file_stub_name(file, symbol.value, name, sizeof(name)), -ENOENT);
	if (library_is(file, "libstdc++", "289ee39f8c07bd4fa48102dfeeb7e6f9c76158b4")) {
		assert_int_equal(elf_file_stub_name(file, 0x99df0, name, sizeof(name)), 0);
		assert_string_equal(name, "malloc");
		assert_int_equal(elf_file_stub_name(file, 0x99df0, name, 4), -ENOENT);
	}
	elf_file_free(file);
}

struct call {
	uint64_t found[16];
	size_t n;
};

static void take_call(void *context, uint64_t return_address)
{
	struct call *calls = context;

	if (calls->n < 16)
		calls->found[calls->n] = return_address;
	calls->n++;
}

static void direct_calls(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct call calls = {.n = 0};
	struct elf_symbol symbol;
	const uint8_t *code;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(elf_file_symbol(file, "free", &symbol), 0);
	elf_file_direct_calls(file, symbol.value, take_call, &calls);
	assert_true(calls.n > 0);
	for (size_t i = 0; i < calls.n && i < 16; i++) {
		assert_int_equal(elf_file_code(file, calls.found[i] - 5, 5, &code), 5);
		assert_int_equal(code[0], 0xe8);
	}
	if (library_is(file, "glibc", "93ac61ec5a8eb1396f9fbd350e3169a558528a40"))
		assert_int_equal(calls.n, 3);
	elf_file_free(file);
}

static void call_frames(void **state)
{
	struct elf_file *file = library_open(LIBRARIES "libc.so.6");
	struct elf_symbol symbol;
	struct elf_cfi cfi;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(elf_file_symbol(file, "malloc", &symbol), 0);
	assert_int_equal(elf_file_cfi(file, symbol.value, &cfi), 0);
	assert_int_equal(cfi.cfa_sp_offset, 8);
	assert_int_equal(cfi.rbp_cfa_offset, 0);
	assert_int_equal(elf_file_cfi(file, 1, &cfi), -ENOENT);
	elf_file_free(file);
}

static void what_is_no_elf_file(void **state)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = {0};
	struct elf_file *file;
	char error[128];
	int pipes[2];

	(void)state;
	assert_int_equal(open_bytes(header, 0, &file), -ENOEXEC);
	assert_int_equal(open_bytes(header, sizeof(header), &file), -ENOEXEC);
	assert_int_equal(open_bytes((const uint8_t *)"#!/bin/sh\n", 10, &file), -ENOEXEC);
	assert_int_equal(elf_file_open(-1, &file, error, sizeof(error)), -EBADF);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(elf_file_open(pipes[0], &file, error, sizeof(error)), -ENOEXEC);
	close(pipes[0]);
	close(pipes[1]);
}

static void another_machine_or_class(void **state)
{
	struct bytes bytes = read_whole(SMALL);
	struct elf_file *file;

	(void)state;
	if (!bytes.data)
		skip();
	bytes.data[EI_CLASS] = ELFCLASS32;
	assert_int_equal(open_bytes(bytes.data, bytes.size, &file), -ENOEXEC);
	bytes.data[EI_CLASS] = ELFCLASS64;
	bytes.data[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(open_bytes(bytes.data, bytes.size, &file), -ENOEXEC);
	bytes.data[EI_DATA] = ELFDATA2LSB;
	bytes.data[18] ^= 1; /* e_machine */
	assert_int_equal(open_bytes(bytes.data, bytes.size, &file), -ENOEXEC);
	free(bytes.data);
}

static void truncated_files(void **state)
{
	struct bytes bytes = read_whole(SMALL);
	struct elf_file *file;

	(void)state;
	if (!bytes.data)
		skip();
	for (size_t size = 0; size < bytes.size; size += size < 1024 ? 7 : 499) {
		if (open_bytes(bytes.data, size, &file))
			continue;
		ask_everything(file);
		elf_file_free(file);
	}
	free(bytes.data);
}

/* A mapping of such a file would end in SIGBUS. */
static void a_file_that_shrinks(void **state)
{
	struct bytes bytes = read_whole(SMALL);
	struct elf_file *file;
	char error[128];
	int fd;

	(void)state;
	if (!bytes.data)
		skip();
	for (size_t size = 0; size < bytes.size; size += 8192) {
		fd = memory_file(bytes.data, bytes.size);
		assert_int_equal(elf_file_open(fd, &file, error, sizeof(error)), 0);
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		close(fd);
		ask_everything(file);
		elf_file_free(file);
	}
	free(bytes.data);
}

/* xorshift64: the same damage in every run. */
static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* Where damage hurts: half of it goes to the headers and tables at the file's start and end. */
static size_t place_of_damage(uint64_t *random, size_t size)
{
	uint64_t where = next_random(random);

	switch (next_random(random) % 4) {
	case 0:
		return where % 1024;
	case 1:
		return size - 1 - where % 2048;
	default:
		return where % size;
	}
}

static void damaged_files(void **state)
{
	struct bytes bytes = read_whole(SMALL);
	uint8_t *damaged = malloc(bytes.size ? bytes.size : 1);
	uint64_t random = 88172645463325252u;
	size_t opened = 0;

	(void)state;
	if (!bytes.data) {
		free(damaged);
		skip();
	}
	for (int i = 0; i < MUTATIONS; i++) {
		struct elf_file *file;

		memcpy(damaged, bytes.data, bytes.size);
		for (uint64_t n = 1 + next_random(&random) % 8; n; n--)
			damaged[place_of_damage(&random, bytes.size)] ^= (uint8_t)(1u << next_random(&random) % 8);
		if (open_bytes(damaged, bytes.size, &file))
			continue;
		ask_everything(file);
		elf_file_free(file);
		opened++;
	}
	print_message("%zu of %d damaged files could be opened\n", opened, MUTATIONS);
	assert_true(opened > MUTATIONS / 4);
	free(damaged);
	free(bytes.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shared_library),
	    cmocka_unit_test(the_default_version_is_preferred),
	    cmocka_unit_test(this_program),
	    cmocka_unit_test(without_section_headers),
	    cmocka_unit_test(stubs_lead_to_names),
	    cmocka_unit_test(direct_calls),
	    cmocka_unit_test(call_frames),
	    cmocka_unit_test(what_is_no_elf_file),
	    cmocka_unit_test(another_machine_or_class),
	    cmocka_unit_test(truncated_files),
	    cmocka_unit_test(a_file_that_shrinks),
	    cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
