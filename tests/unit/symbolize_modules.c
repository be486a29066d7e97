// SPDX-License-Identifier: GPL-2.0-or-later
/* What modules are known by, what cannot be read, trimming in real libraries, damaged files. */
#include "unit/symbolize_fixture.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "collect/modules.h"

static const char source[] = "#include <stdlib.h>\n"
                             "void *volatile kept;\n"
                             "static inline __attribute__((always_inline)) void grow(int n) { kept = malloc(n); }\n"
                             "__attribute__((noinline)) void leak(int n) { grow(n); kept = 0; }\n"
                             "__attribute__((noinline)) void *sbrk(long n) { kept = malloc(n); return kept; }\n"
                             "int main(int n, char **v) { leak(n); return v == sbrk(n); }\n";

/* A program with every kind of debug section, mapped at its own addresses. */
struct fixture {
	char *directory;
	struct mapped_file file;
	uint64_t leak_start;
	uint64_t leak; /* a return address in it, in what was inlined */
	uint64_t sbrk; /* a return address in it */
};

static uint64_t find_inlined(const struct process *process, uint64_t function)
{
	struct symbolizer *symbolizer = symbolizer_new();
	size_t n_frames = 1;

	for (int i = 0; i < 64 && n_frames == 1; i++) {
		uint64_t address = ++function;
		struct stack stack = symbolize(symbolizer, process, KIND_HEAP, &address, 1);

		n_frames = stack.n_frames;
		free(stack.frames);
	}
	symbolizer_free(symbolizer);
	return function;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->directory = make_directory();
	write_file(fixture->directory, "app.c", source);
	run_in(fixture->directory, "gcc -O2 -g -no-pie -fno-builtin -o app app.c");
	map_file(&fixture->file, fixture->directory, "app", 0);
	fixture->leak_start = symbol_address(fixture->file.path, "leak");
	fixture->leak = find_inlined(&fixture->file.process, fixture->leak_start);
	fixture->sbrk = symbol_address(fixture->file.path, "sbrk") + 5;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unmap_file(&fixture->file);
	remove_directory(fixture->directory);
	free(fixture);
	return 0;
}

static void test_nothing_to_read(void **state)
{
	struct fixture *fixture = *state;
	struct module vdso = {.path = (char *)"[vdso]", .name = "[vdso]", .fd = -1};
	struct mapping mapping = {.start = 0x1000, .end = 0x2000, .module = &vdso};
	struct process process = {.mappings = &mapping, .n_mappings = 1};
	struct symbolizer *symbolizer = symbolizer_new();
	/* In the vdso; at its end, where the byte before still counts; at its start; nowhere. */
	uint64_t addresses[] = {0x1234, 0x2000, 0x1000, 0, UINT64_MAX};
	static const char *const names[] = {"[vdso]", "[vdso]", "[unknown]", "[unknown]", "[unknown]"};
	struct stack stack = symbolize(symbolizer, &process, KIND_HEAP, addresses, 5);

	assert_int_equal(stack.n_frames, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(stack.frames[i].module, names[i]);
		assert_int_equal(stack.frames[i].address, addresses[i]);
		assert_null(stack.frames[i].function);
		assert_null(stack.frames[i].build_id);
		assert_false(stack.frames[i].has_offset);
	}
	/* A second time replaces the frames; no addresses, no frames. */
	stack.n_addresses = 0;
	assert_int_equal(symbolizer_stack(symbolizer, &process, &stack), 0);
	assert_int_equal(stack.n_frames, 0);
	free(stack.frames);
	symbolizer_free(symbolizer);
	symbolizer_free(NULL);
	(void)fixture;
}

static void test_inlined_and_offset(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	struct stack stack = symbolize(symbolizer, &fixture->file.process, KIND_HEAP, &fixture->leak, 1);

	assert_int_equal(stack.n_frames, 2);
	assert_string_equal(stack.frames[0].function, "grow");
	assert_true(stack.frames[0].inlined);
	assert_int_equal(stack.frames[0].line, 3);
	assert_string_equal(stack.frames[1].function, "leak");
	assert_int_equal(stack.frames[1].offset, fixture->leak - fixture->leak_start);
	assert_int_equal(stack.frames[1].line, 4);
	assert_string_equal(stack.frames[1].file, "app.c");
	free(stack.frames);
	symbolizer_free(symbolizer);
}

/* The file is read at the first address; its descriptor may be another file's by the second. */
static void test_file_is_read_once(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	struct mapped_file copy = fixture->file;
	struct module same, other;
	uint64_t addresses[] = {fixture->leak, fixture->sbrk};
	struct stack first, second, third;

	copy.module.fd = dup(fixture->file.module.fd);
	for (size_t i = 0; i < copy.process.n_mappings; i++)
		copy.mappings[i].module = &copy.module;
	copy.process.mappings = copy.mappings;
	memcpy(copy.module.build_id, "\x01\xab\xff", 3);
	copy.module.build_id_size = 3;

	lseek(copy.module.fd, 17, SEEK_SET);
	first = symbolize(symbolizer, &copy.process, KIND_HEAP, addresses, 1);
	assert_string_equal(first.frames[0].function, "grow");
	assert_string_equal(first.frames[0].build_id, "01abff");
	assert_int_equal(lseek(copy.module.fd, 0, SEEK_CUR), 17);
	close(copy.module.fd);

	/* The same build ID under another name. */
	same = copy.module;
	same.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	same.name = "copy";
	for (size_t i = 0; i < copy.process.n_mappings; i++)
		copy.mappings[i].module = &same;
	second = symbolize(symbolizer, &copy.process, KIND_HEAP, addresses, 2);
	assert_int_equal(second.n_frames, 3);
	assert_string_equal(second.frames[0].module, "copy");
	assert_string_equal(second.frames[2].function, "sbrk");
	assert_int_equal(second.frames[2].line, 5);
	assert_ptr_equal(first.frames[0].function, second.frames[0].function);
	assert_string_equal(first.frames[0].module, "app");

	/* Without it, device and inode; /dev/null is not that file. */
	other = same;
	other.build_id_size = 0;
	for (size_t i = 0; i < copy.process.n_mappings; i++)
		copy.mappings[i].module = &other;
	third = symbolize(symbolizer, &copy.process, KIND_HEAP, addresses, 1);
	assert_int_equal(third.n_frames, 1);
	assert_null(third.frames[0].function);
	free(first.frames);
	free(second.frames);
	free(third.frames);
	close(same.fd);
	symbolizer_free(symbolizer);
}

/* What the file of that name says now would be wrong. */
static void test_replaced(void **state)
{
	struct module module = {
	    .path = (char *)"/lib/libfoo.so", .name = "libfoo.so", .fd = -1, .inode = 7, .replaced = true};
	struct mapping mapping = {.start = 0x1000, .end = 0x2000, .module = &module};
	struct process process = {.mappings = &mapping, .n_mappings = 1};
	struct symbolizer *symbolizer = symbolizer_new();
	uint64_t address = 0x1234;
	struct stack stack = symbolize(symbolizer, &process, KIND_HEAP, &address, 1);

	(void)state;
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].module, "[libfoo.so: replaced]");
	assert_null(stack.frames[0].function);
	free(stack.frames);
	symbolizer_free(symbolizer);
}

struct found_vdso {
	struct modules *modules;
	struct mapping mapping;
};

static int find_vdso(void *context, const struct maps_row *row)
{
	struct found_vdso *found = context;

	if (strcmp(row->name, "[vdso]"))
		return 0;
	found->mapping = (struct mapping){.start = row->start,
	                                  .end = row->end,
	                                  .offset = row->offset,
	                                  .module = modules_get(found->modules, getpid(), row)};
	return 1;
}

static void test_vdso(void **state)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct found_vdso vdso = {.modules = modules_new()};
	struct process process = {.mappings = &vdso.mapping, .n_mappings = 1};
	bool found = false;
	int rows;

	(void)state;
	rows = maps_read(getpid(), find_vdso, &vdso);
	for (uint64_t address = vdso.mapping.start; rows == 1 && address < vdso.mapping.end; address += 16) {
		struct stack stack = symbolize(symbolizer, &process, KIND_HEAP, &address, 1);

		found |= stack.frames[0].function && !strcmp(stack.frames[0].function, "clock_gettime") &&
		         !strcmp(stack.frames[0].module, "[vdso]") && stack.frames[0].build_id;
		free(stack.frames);
	}
	symbolizer_free(symbolizer);
	modules_free(vdso.modules);
	if (rows != 1)
		skip();
	assert_true(found);
}

/* A deleted file is read through its descriptor. */
static void test_deleted_file(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	struct stack stack;

	assert_int_equal(unlink(fixture->file.path), 0);
	stack = symbolize(symbolizer, &fixture->file.process, KIND_HEAP, &fixture->leak, 1);
	assert_string_equal(stack.frames[0].function, "grow");
	free(stack.frames);
	symbolizer_free(symbolizer);
}

static void test_address_outside_segments(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	struct stack stack;

	fixture->file.mappings[0].offset = 1ull << 40;
	stack = symbolize(symbolizer, &fixture->file.process, KIND_HEAP, &fixture->leak, 1);
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].module, "app");
	assert_null(stack.frames[0].function);
	free(stack.frames);
	symbolizer_free(symbolizer);
}

/* A program's own sbrk is its own as long as it does not carry the C library in it. */
static void test_trim_by_module(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	uint64_t addresses[] = {fixture->sbrk, fixture->leak};
	struct mapped_file library;
	struct stack stack = symbolize(symbolizer, &fixture->file.process, KIND_BRK, addresses, 2);

	assert_string_equal(stack.frames[0].function, "sbrk");
	free(stack.frames);

	run_in(fixture->directory,
	       "gcc -O2 -g -static -no-pie -nostdlib -fno-builtin -DSTATIC -x c -o static - <<'EOF'\n"
	       "void *sbrk(long n) { return (void *)n; }\n"
	       "int caller(void) { return 0; }\n"
	       "void _start(void) { for (;;) caller(); }\n"
	       "EOF\n");
	map_file(&library, fixture->directory, "static", 0);
	addresses[0] = symbol_address(library.path, "sbrk") + 1;
	addresses[1] = symbol_address(library.path, "caller") + 1;
	stack = symbolize(symbolizer, &library.process, KIND_BRK, addresses, 2);
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].function, "caller");
	free(stack.frames);
	stack = symbolize(symbolizer, &library.process, KIND_HEAP, addresses, 2);
	assert_int_equal(stack.n_frames, 2);
	free(stack.frames);
	/* Never to nothing. */
	stack = symbolize(symbolizer, &library.process, KIND_MMAP, addresses, 1);
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].function, "sbrk");
	free(stack.frames);
	unmap_file(&library);
	symbolizer_free(symbolizer);
}

/* The return address one byte into a function of a library in this process, as that library's file has it. */
static uint64_t library_address(struct mapped_file *file, const char *library, const char *symbol)
{
	void *handle = dlopen(library, RTLD_LAZY);
	char *slash;
	Dl_info info;
	void *function;

	assert_non_null(handle);
	function = dlsym(handle, symbol);
	assert_true(function && dladdr(function, &info));
	slash = strrchr(info.dli_fname, '/');
	assert_non_null(slash);
	if (!file->process.n_mappings) {
		*slash = '\0';
		map_file(file, info.dli_fname, slash + 1, (uint64_t)(uintptr_t)info.dli_fbase);
		*slash = '/';
	}
	dlclose(handle);
	return (uint64_t)(uintptr_t)function + 1;
}

static void test_trim_in_libraries(void **state)
{
	static const char *const mapping_functions[] = {"mmap", "mmap64", "sbrk", "__sbrk", "brk", "mremap", "syscall"};
	static const char *const new_functions[] = {"_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamSt11align_val_t"};
	struct symbolizer *symbolizer = symbolizer_new();
	struct mapped_file libc = {0}, libstdcxx = {0};
	uint64_t addresses[2];
	struct stack stack;

	(void)state;
	addresses[1] = library_address(&libc, "libc.so.6", "puts");
	for (size_t i = 0; i < sizeof(mapping_functions) / sizeof(mapping_functions[0]); i++) {
		addresses[0] = library_address(&libc, "libc.so.6", mapping_functions[i]);
		stack = symbolize(symbolizer, &libc.process, KIND_MMAP, addresses, 2);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].function, "puts");
		free(stack.frames);
	}
	addresses[1] = library_address(&libstdcxx, "libstdc++.so.6", "_ZSt9terminatev");
	for (size_t i = 0; i < sizeof(new_functions) / sizeof(new_functions[0]); i++) {
		addresses[0] = library_address(&libstdcxx, "libstdc++.so.6", new_functions[i]);
		stack = symbolize(symbolizer, &libstdcxx.process, KIND_HEAP, addresses, 2);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].function, "std::terminate()");
		free(stack.frames);
	}
	unmap_file(&libc);
	unmap_file(&libstdcxx);
	symbolizer_free(symbolizer);
}

/* Symbolizes with a file of these bytes instead; only that it ends in order counts. */
static void try_bytes(const struct fixture *fixture, const uint8_t *bytes, size_t n)
{
	struct symbolizer *symbolizer = symbolizer_new();
	uint64_t addresses[] = {fixture->leak, fixture->sbrk, fixture->sbrk + 100};
	struct mapped_file damaged = fixture->file;
	struct stack stack;

	damaged.module.fd = memfd_create("damaged", MFD_CLOEXEC);
	assert_int_equal(write(damaged.module.fd, bytes, n), n);
	for (size_t i = 0; i < damaged.process.n_mappings; i++)
		damaged.mappings[i].module = &damaged.module;
	damaged.process.mappings = damaged.mappings;
	stack = symbolize(symbolizer, &damaged.process, KIND_HEAP, addresses, 3);
	assert_true(stack.n_frames >= 3);
	free(stack.frames);
	close(damaged.module.fd);
	symbolizer_free(symbolizer);
}

static void test_damaged_files(void **state)
{
	const struct fixture *fixture = *state;
	struct stat status;
	uint8_t *whole, *damaged;
	size_t n;

	assert_int_equal(fstat(fixture->file.module.fd, &status), 0);
	n = (size_t)status.st_size;
	whole = malloc(n);
	damaged = malloc(n);
	assert_true(whole && damaged);
	assert_int_equal(pread(fixture->file.module.fd, whole, n, 0), n);
	for (size_t i = 0; i < 200; i++)
		try_bytes(fixture, whole, n * i / 200);
	srand(1);
	for (size_t i = 0; i < 400; i++) {
		memcpy(damaged, whole, n);
		for (int j = 0; j < 16; j++)
			damaged[(size_t)rand() % n] = (uint8_t)rand();
		/* Every other time in the section headers, which stand at the end. */
		for (int j = 0; i % 2 && j < 4; j++)
			damaged[n - 1 - (size_t)rand() % 2048] = (uint8_t)rand();
		try_bytes(fixture, damaged, n);
	}
	free(whole);
	free(damaged);
}

/* A sparse file may claim sections larger than the machine's memory: names and lines are not worth that. */
static void test_sparse_file(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	const uint64_t huge = 2ull << 40;
	Elf64_Ehdr header;
	struct stack stack;
	int fd;

	run_in(fixture->directory, "cp app sparse && truncate -s 4T sparse");
	unmap_file(&fixture->file);
	map_file(&fixture->file, fixture->directory, "sparse", 0);
	fd = open(fixture->file.path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (uint64_t i = 1; i < header.e_shnum; i++) {
		uint64_t at = header.e_shoff + i * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size);

		assert_int_equal(pwrite(fd, &huge, sizeof(huge), (off_t)at), sizeof(huge));
	}
	close(fd);
	stack = symbolize(symbolizer, &fixture->file.process, KIND_HEAP, &fixture->leak, 1);
	assert_int_equal(stack.n_frames, 1);
	assert_null(stack.frames[0].function);
	free(stack.frames);
	symbolizer_free(symbolizer);
}

/* A file that names another one for dwz's part of its debug information must not have it opened: it is the target's. */
static void test_alternate_file_is_not_opened(void **state)
{
	struct fixture *fixture = *state;
	struct symbolizer *symbolizer = symbolizer_new();
	struct stack stack;

	run_in(fixture->directory, "mkfifo fifo && printf '%%s/fifo\\0aaaaaaaaaaaaaaaaaaaa' $PWD > link && "
	                           "objcopy --add-section .gnu_debugaltlink=link app linked");
	unmap_file(&fixture->file);
	map_file(&fixture->file, fixture->directory, "linked", 0);
	stack = symbolize(symbolizer, &fixture->file.process, KIND_HEAP, &fixture->leak, 1);
	assert_int_equal(stack.n_frames, 2);
	assert_string_equal(stack.frames[0].function, "grow");
	assert_string_equal(stack.frames[1].function, "leak");
	free(stack.frames);
	symbolizer_free(symbolizer);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FIXTURE(test_nothing_to_read),
	    WITH_FIXTURE(test_inlined_and_offset),
	    WITH_FIXTURE(test_file_is_read_once),
	    WITH_FIXTURE(test_deleted_file),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_vdso),
	    WITH_FIXTURE(test_address_outside_segments),
	    WITH_FIXTURE(test_trim_by_module),
	    cmocka_unit_test(test_trim_in_libraries),
	    WITH_FIXTURE(test_damaged_files),
	    WITH_FIXTURE(test_sparse_file),
	    WITH_FIXTURE(test_alternate_file_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
