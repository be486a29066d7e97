// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names from a debug file alone, of a program that is not at hand: what is found for its build ID says as much as the
 * program with it would, wherever it lies, and nothing where it is not known what of the program was mapped.
 */
#include "unit/symbolize_root.h"

#include "symbolize/debug_search.h"
#include "symbolize/elf_image.h"
#include "symbolize/module_files.h"

/* A program that ran, and of which only its build ID is known. */
static void run_and_remove(const struct fixture *fixture, struct ran_program *program)
{
	struct module *module = &program->file.module;
	const uint8_t *id;
	Elf *elf;

	memset(program, 0, sizeof(*program));
	run_program(program, fixture->bin, "app");
	elf = elf_begin(module->fd, ELF_C_READ, NULL);
	module->build_id_size = elf_build_id(elf, &id);
	assert_true(module->build_id_size > 0 && module->build_id_size <= BUILD_ID_MAX);
	memcpy(module->build_id, id, module->build_id_size);
	elf_end(elf);
	close(module->fd);
	module->fd = -1;
	module->path = (char *)"/bin/app";
	module->name = "app";
	run_in(fixture->root, "rm bin/app");
}

/* All names, or none. `directory`: below the root; NULL: the root is what the target saw. */
static void check(const struct fixture *fixture, struct ran_program *program, const char *directory, bool found)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct module *module = &program->file.module;
	struct module_files *files = NULL;
	char path[512];

	module->view = &fixture->view;
	if (directory) {
		snprintf(path, sizeof(path), "%s/%s", fixture->root, directory);
		assert_int_equal(module_files_open(module, 1, path, &files), 0);
	}
	for (size_t i = 0; i < N_PLACES; i++) {
		struct stack stack =
		    symbolize(symbolizer, &program->file.process, KIND_HEAP, &program->addresses[i], 1);

		assert_string_equal(stack.frames[0].module, "app");
		if (found) {
			check_place(&stack, &expected_places[i], false, "app.c");
		} else {
			assert_int_equal(stack.n_frames, 1);
			assert_null(stack.frames[0].function);
			assert_null(stack.frames[0].file);
		}
		free(stack.frames);
		/* What is given up is read again. */
		symbolizer_rest(symbolizer);
	}
	symbolizer_free(symbolizer);
	module_files_close(files);
	module->view = NULL;
}

static void test_places(void **state)
{
	static const char *const places[] = {"kept/deep/any-name", "kept/.build-id/%s.debug",
	                                     "kept/usr/lib/debug/.build-id/%s.debug"};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct ran_program program;
		char path[256];

		compile(fixture, "gcc");
		split_debug_file(fixture);
		snprintf(path, sizeof(path), places[i], "$id");
		run_in(fixture->root,
		       "rm -rf kept && id=" ID_OF("bin/app") " && mkdir -p $(dirname %s) && mv bin/app.debug %s", path,
		       path);
		run_and_remove(fixture, &program);
		check(fixture, &program, "kept", true);
		check(fixture, &program, "src", false);
		/* Another build of it, and one that says nothing of what it is. */
		run_in(fixture->root, "cp $(find kept -type f) right && "
		                      "gcc -O1 -g -Wl,--build-id=sha1 -o $(find kept -type f) src/app.c");
		check(fixture, &program, "kept", false);
		run_in(fixture->root, "objcopy --remove-section .note.gnu.build-id right $(find kept -type f)");
		check(fixture, &program, "kept", false);
	}
}

/* As linkers lay programs out, and as tools make debug files of them. */
static const struct layout {
	const char *compiler, *tool;
} layouts[] = {
    {"gcc", "cp app app.debug"},
    {"gcc", "llvm-objcopy --only-keep-debug app app.debug"},
    {"gcc -gsplit-dwarf", "objcopy --only-keep-debug --compress-debug-sections=zlib app app.debug"},
    {"gcc -no-pie", "objcopy --only-keep-debug app app.debug"},
    {"gcc -Wl,-z,noseparate-code", "objcopy --only-keep-debug app app.debug"},
    {"gcc -Wl,-z,max-page-size=0x200000", "objcopy --only-keep-debug app app.debug"},
    {"gcc -static-pie", "objcopy --only-keep-debug app app.debug"},
    {"gcc -fuse-ld=gold", "objcopy --only-keep-debug app app.debug"},
    {"clang -fuse-ld=lld", "objcopy --only-keep-debug app app.debug"},
    {"clang -fuse-ld=lld -no-pie -Wl,-z,separate-loadable-segments", "llvm-objcopy --only-keep-debug app app.debug"},
};

static void test_layouts(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct ran_program program;

		compile(fixture, layouts[i].compiler);
		run_in(fixture->bin, "%s", layouts[i].tool);
		install_by_id(fixture);
		run_and_remove(fixture, &program);
		check(fixture, &program, NULL, true);
	}
}

static void test_dwz(void **state)
{
	const struct fixture *fixture = *state;
	struct ran_program program;

	compile(fixture, "gcc");
	run_in(fixture->bin, "gcc -O1 -g -Wl,--build-id=sha1 -o second ../src/app.c && "
	                     "dwz -m common.dwz -M ../../.dwz/common.dwz app second 2>/dev/null && "
	                     "readelf -S app | grep -q debugaltlink");
	run_in(fixture->root, "mkdir -p usr/lib/debug/.dwz && mv bin/common.dwz usr/lib/debug/.dwz/");
	split_debug_file(fixture);
	install_by_id(fixture);
	run_and_remove(fixture, &program);
	check(fixture, &program, NULL, true);
}

/* Where the code lies is known by how much of it was mapped. */
static void test_mappings(void **state)
{
	const struct fixture *fixture = *state;
	struct ran_program program;
	struct process *process = &program.file.process;
	struct mapping *mappings = program.file.mappings, whole, other;

	/* Large enough for a piece without the places. */
	run_in(fixture->root,
	       "cd src && echo 'char more[] __attribute__((section(\".text\"))) = { [40000] = 1 };' >more.c && "
	       "gcc -O2 -g -Wl,--build-id=sha1 -o ../bin/app app.c more.c 2>/dev/null");
	split_debug_file(fixture);
	install_by_id(fixture);
	run_and_remove(fixture, &program);
	assert_int_equal(process->n_mappings, 1);
	whole = mappings[0];
	assert_true(whole.end - whole.start > 3 * PAGE_BYTES);
	check(fixture, &program, NULL, true);

	/* Divided, as by an mprotect(2). */
	process->n_mappings = 3;
	mappings[1] = mappings[2] = whole;
	mappings[0].end = mappings[1].start = whole.start + PAGE_BYTES;
	mappings[1].offset += PAGE_BYTES;
	mappings[1].end = mappings[2].start = whole.start + 2 * PAGE_BYTES;
	mappings[2].offset += 2 * PAGE_BYTES;
	check(fixture, &program, NULL, true);

	/* A gap in the file; one in memory; another file's piece; one that was there before. */
	mappings[2].offset += PAGE_BYTES;
	check(fixture, &program, NULL, false);
	mappings[2].offset -= PAGE_BYTES;
	mappings[1].end--;
	check(fixture, &program, NULL, false);
	mappings[1].end++;
	other = mappings[2];
	mappings[2].module = &(struct module){.path = (char *)"/other", .name = "other", .fd = -1};
	check(fixture, &program, NULL, false);
	mappings[2] = other;
	mappings[2].from = mappings[2].until = 1;
	check(fixture, &program, NULL, false);

	/* A part of it alone. */
	process->n_mappings = 1;
	mappings[0].end = whole.end - PAGE_BYTES;
	check(fixture, &program, NULL, false);
	mappings[0] = whole;
	check(fixture, &program, NULL, true);
}

/* A debug file that says of two places that code of that size is there: it may not be taken for one of them. */
static void test_two_segments(void **state)
{
	const struct elf_segment one = {.address = 0x401234, .end = 0x403234, .executable = true};
	struct elf_segment segments[] = {one, {.address = 0x500010, .end = 0x502011, .executable = true}};
	struct elf_image image = {.segments = segments, .n_segments = 2};
	uint64_t address;

	(void)state;
	for (uint64_t page_bytes = 4096; page_bytes <= 65536; page_bytes *= 4) {
		uint64_t first = one.address & ~(page_bytes - 1), end = (one.end + page_bytes - 1) & ~(page_bytes - 1);

		segments[1].executable = false;
		assert_true(elf_image_mapped_address(&image, 0, end - first, 0x77, &address));
		assert_int_equal(address, first + 0x77);
		assert_true(elf_image_mapped_address(&image, 0x9000, 0x9000 + end - first, 0x9077, &address));
		assert_int_equal(address, first + 0x77);
		assert_false(elf_image_mapped_address(&image, 0, end - first, end - first, &address));
		assert_false(elf_image_mapped_address(&image, 0x9000, 0x9000 + end - first, 0x8fff, &address));
		assert_false(elf_image_mapped_address(&image, 0, end - first - 1, 0x77, &address));
		assert_false(elf_image_mapped_address(&image, end - first, 0, 0x77, &address));
		segments[1].executable = true;
		assert_false(elf_image_mapped_address(&image, 0, end - first, 0x77, &address));
	}
	/* At the end of the address space, and none at all. */
	segments[0] = (struct elf_segment){.address = UINT64_MAX - 100, .end = UINT64_MAX, .executable = true};
	segments[1] = (struct elf_segment){.address = 0x1000, .end = 0x1000, .executable = true};
	assert_true(elf_image_mapped_address(&image, 0, 4096, 0, &address));
	assert_false(elf_image_mapped_address(&image, 0, UINT64_MAX, 0, &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FIXTURE(test_places),   WITH_FIXTURE(test_layouts),          WITH_FIXTURE(test_dwz),
	    WITH_FIXTURE(test_mappings), cmocka_unit_test(test_two_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
