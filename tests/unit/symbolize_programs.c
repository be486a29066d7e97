// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs of several compilers, DWARF versions and kinds of linking, which run and print
 * where they were called from; the symbolizer must say the same.
 */
#include "unit/symbolize_program.h"

static const char *const linkings[] = {"-pie -fPIE", "-no-pie -fno-pie", "-static", "-static-pie -fPIE"};

static void check_compiler(const char *compiler, bool cpp)
{
	const char *source = cpp ? "app.cpp" : "app.c";
	char *directory = make_directory();

	write_file(directory, source, program_source);
	for (int version = 2; version <= 5; version++) {
		/* Every linking with one version is enough: neither knows of the other. */
		size_t n = version == 5 ? sizeof(linkings) / sizeof(linkings[0]) : 1;

		for (size_t i = 0; i < n; i++) {
			run_in(directory, "%s -O2 -g -gdwarf-%d %s -o app %s", compiler, version, linkings[i], source);
			check_program(directory, "app", cpp, source);
		}
	}
	remove_directory(directory);
}

static void test_gcc(void **state)
{
	(void)state;
	check_compiler("gcc", false);
}

static void test_gxx(void **state)
{
	(void)state;
	check_compiler("g++", true);
}

static void test_clang(void **state)
{
	(void)state;
	check_compiler("clang", false);
}

static void test_clangxx(void **state)
{
	(void)state;
	check_compiler("clang++", true);
}

/* Other ways in which debug information is laid out. */
static void test_layouts(void **state)
{
	static const char *const options[] = {
	    "-gz=zlib",
	    "-ffunction-sections -Wl,--gc-sections",
	    "-flto",
	    "-fdebug-types-section",
	    "-Wl,-z,noseparate-code",
	    "-Wl,--build-id=none",
	    "-Wl,--build-id=sha1",
	};
	char *directory = make_directory();

	(void)state;
	write_file(directory, "app.c", program_source);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		run_in(directory, "gcc -O2 -g %s -o app app.c", options[i]);
		check_program(directory, "app", false, "app.c");
	}
	remove_directory(directory);
}

/* File names are as the line table has them. */
static void test_file_names(void **state)
{
	char *directory = make_directory(), path[512];

	(void)state;
	run_in(directory, "mkdir -p src build");
	write_file(directory, "src/app.c", program_source);
	for (int version = 4; version <= 5; version++) {
		run_in(directory, "gcc -O2 -g -gdwarf-%d -o app src/app.c", version);
		check_program(directory, "app", false, "src/app.c");
		run_in(directory, "cd build && clang -O2 -g -gdwarf-%d -o ../app ../src/app.c", version);
		check_program(directory, "app", false, "../src/app.c");
		snprintf(path, sizeof(path), "%s/src/app.c", directory);
		run_in(directory, "cd build && gcc -O2 -g -gdwarf-%d -o ../app %s", version, path);
		check_program(directory, "app", false, path);
	}
	remove_directory(directory);
}

/* What is left to say as a program loses its debug information, then its symbols. */
static void test_stripped(void **state)
{
	struct symbolizer *symbolizer = symbolizer_new();
	char *directory = make_directory();
	const size_t plain = 1;

	(void)state;
	write_file(directory, "app.c", program_source);
	run_in(directory, "gcc -O2 -g -rdynamic -o app app.c && strip -g -o no-debug app && strip -o dynamic app");
	run_in(directory, "gcc -O2 -o app app.c && strip -o none app");
	for (int i = 0; i < 3; i++) {
		static const char *const stripped[] = {"no-debug", "dynamic", "none"};
		struct ran_program program = {0};
		struct stack stack;

		run_program(&program, directory, stripped[i]);
		stack = symbolize(symbolizer, &program.file.process, KIND_HEAP, &program.addresses[plain], 1);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].module, stripped[i]);
		assert_null(stack.frames[0].file);
		assert_int_equal(stack.frames[0].line, 0);
		assert_int_equal(stack.frames[0].has_offset, i < 2);
		if (i < 2)
			assert_string_equal(stack.frames[0].function, "plain");
		else
			assert_null(stack.frames[0].function);
		free(stack.frames);
		unmap_file(&program.file);
	}
	symbolizer_free(symbolizer);
	remove_directory(directory);
}

/* Split DWARF: the functions are in another file, which is not looked for; lines and symbols are here. */
static void test_split(void **state)
{
	struct symbolizer *symbolizer = symbolizer_new();
	char *directory = make_directory();
	const size_t plain = 1;

	(void)state;
	write_file(directory, "app.c", program_source);
	for (int version = 4; version <= 5; version++) {
		struct ran_program program = {0};
		struct stack stack;

		run_in(directory, "rm -f *.dwo && gcc -O2 -g -gdwarf-%d -gsplit-dwarf -o app app.c", version);
		/* Whoever opens that file now waits for ever. */
		run_in(directory, "for f in *.dwo; do rm $f && mkfifo $f || exit 1; done");
		run_program(&program, directory, "app");
		stack = symbolize(symbolizer, &program.file.process, KIND_HEAP, &program.addresses[plain], 1);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].function, "plain");
		assert_string_equal(stack.frames[0].file, "app.c");
		assert_int_equal(stack.frames[0].line, 401);
		free(stack.frames);
		unmap_file(&program.file);
	}
	symbolizer_free(symbolizer);
	remove_directory(directory);
}

static const char nested_source[] = "int (*volatile kept)(int);\n"
                                    "#line 700\n"
                                    "__attribute__((noinline)) int outer(int n) {\n"
                                    "  __attribute__((noinline)) int nested(int m) { return n * m; }\n"
                                    "  kept = nested; return kept(n); }\n"
                                    "int main(int n, char **v) { return outer(n); }\n";

/* A function within a function (GCC's extension to C) is found where the outer ones do not have the address. */
static void test_nested(void **state)
{
	struct symbolizer *symbolizer = symbolizer_new();
	char *directory = make_directory();
	struct mapped_file file;
	struct stack stack;
	uint64_t address;

	(void)state;
	write_file(directory, "nested.c", nested_source);
	run_in(directory, "gcc -O1 -g -o nested nested.c 2>/dev/null");
	map_file(&file, directory, "nested", 0);
	address = symbol_address(file.path, "nested.0") + 2;
	run_in(directory, "objcopy --strip-symbol=nested.0 nested stripped");
	unmap_file(&file);
	map_file(&file, directory, "stripped", 0);
	stack = symbolize(symbolizer, &file.process, KIND_HEAP, &address, 1);
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].function, "nested");
	assert_int_equal(stack.frames[0].offset, 2);
	assert_int_equal(stack.frames[0].line, 701);
	free(stack.frames);
	unmap_file(&file);
	symbolizer_free(symbolizer);
	remove_directory(directory);
}

static const char assembler_source[] = ".text\n"
                                       ".globl sized, __alias, _alias, alias_weak, unsized_a, unsized_b\n"
                                       ".weak alias_weak\n"
                                       ".type sized,@function\n"
                                       ".type local_alias,@function\n"
                                       ".type __alias,@function\n"
                                       ".type _alias,@function\n"
                                       ".type alias_weak,@function\n"
                                       ".type unsized_a,@function\n"
                                       "sized: .fill 8, 1, 0x90\n"
                                       "label: .fill 8, 1, 0x90\n"
                                       ".size sized, 16\n"
                                       "gap: .fill 16, 1, 0x90\n"
                                       ".size gap, 8\n"
                                       "local_alias:\n"
                                       "__alias:\n"
                                       "_alias:\n"
                                       "alias_weak: .fill 16, 1, 0x90\n"
                                       ".size __alias, 16\n"
                                       "unsized_a: .fill 16, 1, 0x90\n"
                                       "unsized_b: .fill 16, 1, 0x90\n"
                                       ".section .text.z,\"ax\",@progbits\n"
                                       "other: .fill 16, 1, 0x90\n";

static const struct {
	const char *symbol;
	int64_t address; /* of a byte, from the symbol */
	const char *function;
	uint64_t offset; /* of the return address, one further */
} symbol_places[] = {
    {"sized", 0, "sized", 1},
    {"sized", 8, "sized", 9}, /* a label inside a function */
    {"sized", 15, "sized", 16},
    {"gap", 7, "gap", 8},
    {"gap", 8, NULL, 0}, /* past a sized symbol's end */
    {"gap", 15, NULL, 0},
    {"__alias", 3, "alias_weak", 4},
    {"unsized_a", 15, "unsized_a", 16},
    {"unsized_b", 0, "unsized_b", 1},
    {"unsized_b", 15, "unsized_b", 16},
    {"other", 2, "other", 3},
};

static void test_symbols(void **state)
{
	struct symbolizer *symbolizer = symbolizer_new();
	char *directory = make_directory();
	struct mapped_file file;
	const uint64_t bias = 0x7f0000000000;

	(void)state;
	write_file(directory, "asm.s", assembler_source);
	run_in(directory, "gcc -shared -nostdlib -o asm.so asm.s");
	map_file(&file, directory, "asm.so", bias);
	for (size_t i = 0; i < sizeof(symbol_places) / sizeof(symbol_places[0]); i++) {
		uint64_t address = symbol_address(file.path, symbol_places[i].symbol) + bias + 1;
		struct stack stack;

		address += (uint64_t)symbol_places[i].address;
		stack = symbolize(symbolizer, &file.process, KIND_HEAP, &address, 1);
		assert_int_equal(stack.n_frames, 1);
		if (symbol_places[i].function) {
			assert_non_null(stack.frames[0].function);
			assert_string_equal(stack.frames[0].function, symbol_places[i].function);
			assert_true(stack.frames[0].has_offset);
			assert_int_equal(stack.frames[0].offset, symbol_places[i].offset);
		} else {
			assert_null(stack.frames[0].function);
			assert_false(stack.frames[0].has_offset);
		}
		free(stack.frames);
	}
	unmap_file(&file);
	symbolizer_free(symbolizer);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gcc),      cmocka_unit_test(test_gxx),     cmocka_unit_test(test_clang),
	    cmocka_unit_test(test_clangxx),  cmocka_unit_test(test_layouts), cmocka_unit_test(test_file_names),
	    cmocka_unit_test(test_stripped), cmocka_unit_test(test_split),   cmocka_unit_test(test_symbols),
	    cmocka_unit_test(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
