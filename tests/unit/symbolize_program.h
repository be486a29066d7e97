/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that runs and prints where it was called from; the symbolizer must say the same. */
#ifndef MEMTRACE_TESTS_SYMBOLIZE_PROGRAM_H
#define MEMTRACE_TESTS_SYMBOLIZE_PROGRAM_H

#include "unit/symbolize_fixture.h"

#include <inttypes.h>
#include <limits.h>

/*
 * #line fixes what is to be found. `last` ends in a call that does not return, so that the
 * return address is that of the next function, or of none.
 */
static const char program_source[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "#ifdef __cplusplus\n"
    "#define INLINE inline __attribute__((always_inline))\n"
    "namespace leaky {\n"
    "#else\n"
    "#define INLINE static inline __attribute__((always_inline))\n"
    "#endif\n"
    "#define APART __attribute__((noinline))\n"
    "void print_maps(void);\n"
    "extern volatile int zero;\n"
    "APART void where(const char *name) {\n"
    "  printf(\"at %s %p\\n\", name, __builtin_return_address(0));\n"
    "}\n"
    "APART __attribute__((noreturn)) void die(const char *name) {\n"
    "  printf(\"at %s %p\\n\", name, __builtin_return_address(0));\n"
    "  print_maps(); fflush(stdout); _Exit(0);\n"
    "}\n"
    "#line 100\n"
    "INLINE void inner(void) { where(\"deep\"); zero++; }\n"
    "#line 200\n"
    "INLINE void middle(int n) { if (n > zero) { int copy = n; inner(); zero += copy; } }\n"
    "#line 300\n"
    "APART void outer(int n) { zero++;\n"
    "  middle(n);\n"
    "  zero++; }\n"
    "#line 400\n"
    "APART void plain(void) {\n"
    "  where(\"plain\");\n"
    "  zero++; }\n"
    "#line 500\n"
    "APART void last(void) {\n"
    "  die(\"last\"); }\n"
    "APART void after_last(void) { zero--; }\n"
    "volatile int zero;\n"
    "#line 600\n"
    "void print_maps(void) {\n"
    "  char line[512]; FILE *maps = fopen(\"/proc/self/maps\", \"r\");\n"
    "  while (fgets(line, sizeof line, maps)) if (strstr(line, \"r-xp\")) fputs(line, stdout);\n"
    "}\n"
    "#ifdef __cplusplus\n"
    "}\n"
    "using namespace leaky;\n"
    "#endif\n"
    "int main(void) { outer(5); plain(); zero = 0; last(); }\n";

struct expected_frame {
	const char *c_name, *cpp_name;
	unsigned int line;
	bool inlined;
};

static const struct expected_place {
	const char *name;
	struct expected_frame frames[4];
} expected_places[] = {
    {"deep",
     {{"inner", "leaky::inner()", 100, true},
      {"middle", "leaky::middle(int)", 200, true},
      {"outer", "leaky::outer(int)", 301, false}}},
    {"plain", {{"plain", "leaky::plain()", 401, false}}},
    {"last", {{"last", "leaky::last()", 501, false}}},
};

#define N_PLACES (sizeof(expected_places) / sizeof(expected_places[0]))

/* A program that ran: where it was mapped and what it printed. */
struct ran_program {
	struct mapped_file file;
	uint64_t addresses[N_PLACES];
};

static inline void take_mapping(struct mapped_file *file, const char *line)
{
	struct mapping mapping = {.module = &file->module};
	char path[256];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %255s", &mapping.start, &mapping.end,
	           &mapping.offset, path) != 4)
		return;
	if (strcmp(path, file->path))
		return;
	assert_true(file->process.n_mappings < FIXTURE_MAPPINGS_MAX);
	file->mappings[file->process.n_mappings++] = mapping;
}

static inline void run_program(struct ran_program *program, const char *directory, const char *name)
{
	struct mapped_file *file = &program->file;
	char line[512], place[32];
	uint64_t address;
	FILE *output;

	map_file(file, directory, name, 0);
	file->process.n_mappings = 0;
	output = popen(file->path, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output)) {
		if (sscanf(line, "at %31s %" SCNx64, place, &address) != 2) {
			take_mapping(file, line);
			continue;
		}
		for (size_t i = 0; i < N_PLACES; i++) {
			if (!strcmp(place, expected_places[i].name))
				program->addresses[i] = address;
		}
	}
	assert_int_equal(pclose(output), 0);
	assert_true(file->process.n_mappings > 0);
}

static inline void check_place(const struct stack *stack, const struct expected_place *expected, bool cpp,
                               const char *file)
{
	for (size_t i = 0; i < 4 && expected->frames[i].c_name; i++) {
		const struct expected_frame *wanted = &expected->frames[i];
		const struct frame *frame = &stack->frames[i];

		assert_true(i < stack->n_frames);
		assert_non_null(frame->function);
		assert_string_equal(frame->function, cpp ? wanted->cpp_name : wanted->c_name);
		assert_non_null(frame->file);
		assert_string_equal(frame->file, file);
		assert_int_equal(frame->line, wanted->line);
		assert_int_equal(frame->inlined, wanted->inlined);
		assert_int_equal(frame->has_offset, !wanted->inlined);
		assert_int_equal(frame->address, stack->addresses[0]);
	}
}

static inline void check_program(const char *directory, const char *name, bool cpp, const char *file)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct ran_program program = {0};

	run_program(&program, directory, name);
	for (size_t i = 0; i < N_PLACES; i++) {
		struct stack stack = symbolize(symbolizer, &program.file.process, KIND_HEAP, &program.addresses[i], 1);

		check_place(&stack, &expected_places[i], cpp, file);
		assert_string_equal(stack.frames[0].module, name);
		free(stack.frames);
	}
	symbolizer_free(symbolizer);
	unmap_file(&program.file);
}

#endif
