// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debug information that is not in the program: each way in which it can be somewhere else, found in
 * the target's root directory, and each way in which it can be the wrong one, not used.
 */
#include "unit/symbolize_root.h"

enum { DEEP, PLAIN };

static struct stack symbolize_place(const struct fixture *fixture, struct symbolizer *symbolizer,
                                    struct ran_program *program, size_t place)
{
	program->file.module.path = (char *)"/bin/app";
	program->file.module.name = "app";
	program->file.module.view = &fixture->view;
	return symbolize(symbolizer, &program->file.process, KIND_HEAP, &program->addresses[place], 1);
}

/* All is known: functions, files, lines, what is inlined. */
static void check_found(const struct fixture *fixture, bool cpp)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct ran_program program = {0};

	run_program(&program, fixture->bin, "app");
	for (size_t i = 0; i < N_PLACES; i++) {
		struct stack stack = symbolize_place(fixture, symbolizer, &program, i);

		check_place(&stack, &expected_places[i], cpp, cpp ? "app.cpp" : "app.c");
		free(stack.frames);
	}
	symbolizer_free(symbolizer);
	unmap_file(&program.file);
}

/* Only this function is known, or none. */
static void check_function_only(const struct fixture *fixture, const char *function)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct ran_program program = {0};
	struct stack stack;

	run_program(&program, fixture->bin, "app");
	stack = symbolize_place(fixture, symbolizer, &program, PLAIN);
	assert_int_equal(stack.n_frames, 1);
	assert_null(stack.frames[0].file);
	if (function)
		assert_string_equal(stack.frames[0].function, function);
	else
		assert_null(stack.frames[0].function);
	free(stack.frames);
	symbolizer_free(symbolizer);
	unmap_file(&program.file);
}

static void test_build_id(void **state)
{
	const struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		compile(fixture, i ? "gcc -no-pie" : "gcc");
		split_debug_file(fixture);
		install_by_id(fixture);
		check_found(fixture, false);
	}
	/* Of another build under that name. */
	run_in(fixture->root,
	       "id=" ID_OF("bin/app") " && cd usr/lib/debug/.build-id && "
	                              "objcopy --remove-section .note.gnu.build-id $id.debug && touch no-id");
	check_function_only(fixture, NULL);
	run_in(fixture->root, "gcc -O1 -g -Wl,--build-id=sha1 -o other src/app.c && id=" ID_OF(
	                          "bin/app") " && cp other usr/lib/debug/.build-id/$id.debug");
	check_function_only(fixture, NULL);
}

static void test_debuglink(void **state)
{
	static const char *const places[] = {"bin", "bin/.debug", "usr/lib/debug/bin"};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		compile(fixture, "gcc -Wl,--build-id=none");
		split_debug_file(fixture);
		run_in(fixture->root,
		       "mkdir -p %s && cd bin && objcopy --add-gnu-debuglink=app.debug app && "
		       "mv app.debug ../app.debug && mv ../app.debug ../%s/",
		       places[i], places[i]);
		check_found(fixture, false);
		/* One byte more: its checksum is another. */
		run_in(fixture->root, "echo >>%s/app.debug", places[i]);
		check_function_only(fixture, NULL);
		run_in(fixture->root, "rm %s/app.debug", places[i]);
	}
	/* A right checksum and a wrong build ID. */
	compile(fixture, "gcc");
	run_in(fixture->root, "cd bin && objcopy --only-keep-debug app app.debug && "
	                      "gcc -O2 -Wl,--build-id=0x0102030405060708 -o app ../src/app.c && strip -s app && "
	                      "objcopy --add-gnu-debuglink=app.debug app");
	check_function_only(fixture, NULL);
}

/* Names lead to what waits or lies outside of the root. */
static void test_hostile_names(void **state)
{
	const struct fixture *fixture = *state;

	compile(fixture, "gcc");
	split_debug_file(fixture);
	run_in(fixture->root, "cp bin/app.debug outside.debug && cp bin/app stripped");
	install_by_id(fixture);
	/* A link within the root, absolute as the target sees it. */
	run_in(fixture->root, "mv usr/lib/debug/.build-id/*/*.debug kept && "
	                      "ln -s /kept usr/lib/debug/.build-id/" ID_OF("bin/app") ".debug");
	check_found(fixture, false);
	/* Out of it: to the same file under its name outside. */
	run_in(fixture->root, "ln -sf $PWD/outside.debug usr/lib/debug/.build-id/" ID_OF("bin/app") ".debug");
	check_function_only(fixture, NULL);
	run_in(fixture->root,
	       "ln -sf ../../../../../../../../../../../..$PWD/outside.debug usr/lib/debug/.build-id/" ID_OF(
	           "bin/app") ".debug");
	check_function_only(fixture, NULL);
	run_in(fixture->root,
	       "rm usr/lib/debug/.build-id/*/* && mkfifo usr/lib/debug/.build-id/" ID_OF("bin/app") ".debug");
	check_function_only(fixture, NULL);
	run_in(fixture->root,
	       "rm usr/lib/debug/.build-id/*/* && mkdir usr/lib/debug/.build-id/" ID_OF("bin/app") ".debug");
	check_function_only(fixture, NULL);
	run_in(fixture->root,
	       "rmdir usr/lib/debug/.build-id/*/* && ln -s /proc/self/fd/0 usr/lib/debug/.build-id/" ID_OF(
	           "bin/app") ".debug");
	check_function_only(fixture, NULL);
}

/* As Fedora does: the symbols that .dynsym has not, packed in the program. */
static void test_mini_debuginfo(void **state)
{
	const struct fixture *fixture = *state;

	compile(fixture, "gcc -rdynamic");
	run_in(fixture->bin,
	       "cp app full && "
	       "objcopy -S --keep-symbol=plain --keep-symbol=outer --remove-section .comment full mini && "
	       "xz -k mini && gcc -O2 -o app ../src/app.c && "
	       "cp full app && strip -s app && objcopy --add-section .gnu_debugdata=mini.xz app");
	check_function_only(fixture, "plain");
	/* Without exported symbols it has all names from there; damaged it has none. */
	compile(fixture, "gcc");
	run_in(fixture->bin, "objcopy --only-keep-debug app mini && objcopy -g mini && xz -k mini && strip -s app && "
	                     "cp app bare && objcopy --add-section .gnu_debugdata=mini.xz app");
	check_function_only(fixture, "plain");
	run_in(fixture->bin,
	       "head -c 1000 mini.xz >cut.xz && cp bare app && objcopy --add-section .gnu_debugdata=cut.xz app");
	check_function_only(fixture, NULL);
}

/* What dwz moves to another file, of two programs. */
static void share_by_dwz(const struct fixture *fixture, const char *alternate)
{
	compile(fixture, "g++");
	run_in(fixture->bin,
	       "g++ -O1 -g -Wl,--build-id=sha1 -o second ../src/app.cpp && "
	       "dwz -m common.dwz -M %s app second 2>/dev/null && readelf -S app | grep -q debugaltlink",
	       alternate);
}

static void test_dwz(void **state)
{
	const struct fixture *fixture = *state;

	compile(fixture, "g++");
	run_in(fixture->bin, "dwz app");
	check_found(fixture, true);

	share_by_dwz(fixture, "common.dwz");
	check_found(fixture, true);
	/* As DWARF 5 has it: another section, and a checksum. */
	compile(fixture, "g++ -gdwarf-5");
	run_in(fixture->bin,
	       "g++ -O1 -g -gdwarf-5 -Wl,--build-id=sha1 -o second ../src/app.cpp && "
	       "dwz -5 -m common.dwz -M common.dwz app second 2>/dev/null && readelf -S app | grep -q debug_sup");
	check_found(fixture, true);
	share_by_dwz(fixture, "common.dwz");
	/* By its build ID, when it has been moved. */
	run_in(fixture->root, "id=" ID_OF("bin/common.dwz") " && mkdir -p usr/lib/debug/.build-id/${id%%/*} && "
	                                                    "mv bin/common.dwz usr/lib/debug/.build-id/$id.debug");
	check_found(fixture, true);
	/* By its name from the target's root, as Debian has it, with the program's debug file apart. */
	share_by_dwz(fixture, "/usr/lib/debug/.dwz/common.dwz");
	run_in(fixture->root, "mkdir -p usr/lib/debug/.dwz && mv bin/common.dwz usr/lib/debug/.dwz/");
	split_debug_file(fixture);
	install_by_id(fixture);
	check_found(fixture, true);
}

/* Another alternate file: what it would say is wrong. Names that are in it are missing then, and lines stay. */
static void test_dwz_wrong(void **state)
{
	const struct fixture *fixture = *state;
	struct symbolizer *symbolizer;
	struct ran_program program;

	for (int i = 0; i < 3; i++) {
		static const char *const instead[] = {"rm common.dwz", "rm common.dwz && mkfifo common.dwz",
		                                      "objcopy --remove-section .note.gnu.build-id common.dwz"};
		struct stack stack;

		share_by_dwz(fixture, "common.dwz");
		run_in(fixture->bin, "%s", instead[i]);
		symbolizer = symbolizer_new();
		memset(&program, 0, sizeof(program));
		run_program(&program, fixture->bin, "app");
		stack = symbolize_place(fixture, symbolizer, &program, PLAIN);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].function, "leaky::plain()");
		assert_int_equal(stack.frames[0].line, 401);
		free(stack.frames);
		symbolizer_free(symbolizer);
		unmap_file(&program.file);
	}
}

static void test_compressed(void **state)
{
	static const char *const formats[] = {"zlib", "zlib-gnu", "zstd"};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		compile(fixture, "gcc");
		run_in(fixture->bin,
		       "objcopy --compress-debug-sections=%s app && readelf -t app | grep -qE 'ZLIB|ZSTD|zdebug'",
		       formats[i]);
		check_found(fixture, false);
		split_debug_file(fixture);
		install_by_id(fixture);
		check_found(fixture, false);
	}
}

static const char *const split_compilers[] = {
    "gcc -gdwarf-4",
    "gcc -gdwarf-5",
    "clang -gdwarf-4",
    "clang -gdwarf-5",
    "g++ -gdwarf-4",
    "g++ -gdwarf-5",
    "clang++ -gdwarf-4",
    "clang++ -gdwarf-5",
    "gcc -gdwarf-5 -ffunction-sections",
    "g++ -gdwarf-4 -ffunction-sections -fdebug-types-section",
    "clang -gdwarf-5 -ffunction-sections",
};

#define N_SPLIT (sizeof(split_compilers) / sizeof(split_compilers[0]))

static void test_split(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < N_SPLIT; i++) {
		bool cpp = strstr(split_compilers[i], "++");
		char command[256];

		snprintf(command, sizeof(command), "%s -gsplit-dwarf", split_compilers[i]);
		compile(fixture, command);
		/* Where the compiler put it. */
		check_found(fixture, cpp);
		/* Next to the program, when it is not where it was compiled. */
		run_in(fixture->root, "mv src/*.dwo bin/ 2>/dev/null; mv src elsewhere");
		check_found(fixture, cpp);
		run_in(fixture->root, "mv elsewhere src");
	}
}

/* The unit of another compilation. Lines and symbols are in the program. */
static void test_split_wrong(void **state)
{
	const struct fixture *fixture = *state;

	for (int version = 4; version <= 5; version++) {
		struct symbolizer *symbolizer = symbolizer_new();
		struct ran_program program = {0};
		char command[64];
		struct stack stack;

		snprintf(command, sizeof(command), "gcc -gdwarf-%d -gsplit-dwarf", version);
		compile(fixture, command);
		run_in(fixture->root,
		       "rm -f bin/*.dwo src/*.dwo && cd src && gcc -O2 -g -gdwarf-%d -gsplit-dwarf "
		       "-Dinner=other -o ../bin/app app.c && (mv ../bin/*.dwo . 2>/dev/null; mkdir keep && mv *.dwo "
		       "keep/) && "
		       "gcc -O2 -g -gdwarf-%d -gsplit-dwarf -o ../bin/app app.c && (mv ../bin/*.dwo . 2>/dev/null; "
		       "for f in *.dwo; do cp keep/*.dwo $f; done; rm -rf keep)",
		       version, version);
		run_program(&program, fixture->bin, "app");
		stack = symbolize_place(fixture, symbolizer, &program, DEEP);
		assert_int_equal(stack.n_frames, 1);
		assert_string_equal(stack.frames[0].function, "outer");
		assert_int_equal(stack.frames[0].line, 100);
		free(stack.frames);
		symbolizer_free(symbolizer);
		unmap_file(&program.file);
	}
}

static void test_packaged(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < N_SPLIT; i++) {
		bool cpp = strstr(split_compilers[i], "++");
		const char *suffix = cpp ? "cpp" : "c";
		char command[256];

		/*
		 * binutils' dwp does not know DWARF 5. LLVM's, up to 19 at least, does not step over the values of
		 * DW_FORM_implicit_const, of which GCC has some before the unit's own abbreviation: in C it then
		 * loops for ever, in C++ it finds its way by chance.
		 */
		if (!strncmp(split_compilers[i], "gcc -gdwarf-5", strlen("gcc -gdwarf-5")))
			continue;
		snprintf(command, sizeof(command), "%s -gsplit-dwarf", split_compilers[i]);
		compile(fixture, command);
		/* Another unit stands first, so that nothing of the program's is at the beginning of its section. */
		run_in(fixture->root,
		       "mv bin/*.dwo src/ 2>/dev/null; cd src && echo 'int first(int n) { return n + 1; }' > "
		       "a_first.%s && "
		       "%s -O0 -gsplit-dwarf -c -o a_first.o a_first.%s && test -e a_first.dwo && "
		       "timeout 10 llvm-dwp *.dwo -o ../bin/app.dwp && rm *.dwo",
		       suffix, split_compilers[i], suffix);
		check_found(fixture, cpp);
	}
}

/* A library that prelink moved, and its debug file that it did not. */
static void test_prelinked(void **state)
{
	const struct fixture *fixture = *state;
	const uint64_t moved = 0x41000000;
	struct symbolizer *symbolizer = symbolizer_new();
	struct mapped_file file;
	struct stack stack;
	uint64_t address;
	char path[512];
	Elf64_Ehdr header;
	int fd;

	run_in(fixture->root, "cd src && gcc -O2 -g -shared -fPIC -Wl,--build-id=sha1 -o ../bin/app app.c");
	snprintf(path, sizeof(path), "%s/app", fixture->bin);
	address = symbol_address(path, "plain") + 12;
	split_debug_file(fixture);
	install_by_id(fixture);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (int i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + (size_t)i * sizeof(Elf64_Phdr));
		Elf64_Phdr segment;

		assert_int_equal(pread(fd, &segment, sizeof(segment), at), sizeof(segment));
		segment.p_vaddr += moved;
		assert_int_equal(pwrite(fd, &segment, sizeof(segment), at), sizeof(segment));
	}
	close(fd);
	map_file(&file, fixture->bin, "app", 0x7f0000000000);
	file.module.path = (char *)"/bin/app";
	file.module.view = &fixture->view;
	address += 0x7f0000000000 + moved;
	stack = symbolize(symbolizer, &file.process, KIND_HEAP, &address, 1);
	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].function, "plain");
	assert_int_equal(stack.frames[0].offset, 12);
	assert_int_equal(stack.frames[0].line, 401);
	free(stack.frames);
	unmap_file(&file);
	symbolizer_free(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FIXTURE(test_build_id),       WITH_FIXTURE(test_debuglink), WITH_FIXTURE(test_hostile_names),
	    WITH_FIXTURE(test_mini_debuginfo), WITH_FIXTURE(test_dwz),       WITH_FIXTURE(test_dwz_wrong),
	    WITH_FIXTURE(test_compressed),     WITH_FIXTURE(test_split),     WITH_FIXTURE(test_split_wrong),
	    WITH_FIXTURE(test_packaged),       WITH_FIXTURE(test_prelinked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
