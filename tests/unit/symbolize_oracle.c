// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses sampled from large programs, with all that is inlined there, against binutils'
 * addr2line. It names functions of internal linkage in another way, so a small share may differ.
 */
#include "unit/symbolize_fixture.h"

#include <inttypes.h>

#define SAMPLES 500
#define FRAMES_MAX 64

static const char cpp_source[] =
    "#include <algorithm>\n"
    "#include <iostream>\n"
    "#include <map>\n"
    "#include <memory>\n"
    "#include <regex>\n"
    "#include <string>\n"
    "#include <vector>\n"
    "namespace leaky {\n"
    "struct Foo { int bar(int); std::map<std::string, std::vector<std::shared_ptr<int>>> m; };\n"
    "int Foo::bar(int n) { for (int i = 0; i < n; i++) m[std::to_string(i)].push_back(std::make_shared<int>(i));\n"
    "  return m.size(); }\n"
    "}\n"
    "int main(int c, char **v) { std::regex r(\"a(b|c)*d\"); std::smatch s; std::string t = v[0]; leaky::Foo f;\n"
    "  int x = f.bar(c * 10); std::vector<std::string> w(v, v + c);\n"
    "  std::sort(w.begin(), w.end(), [](auto &a, auto &b) { return a.size() < b.size(); });\n"
    "  std::cout << std::regex_search(t, s, r) << x << w[0]; }\n";

/* One level of an address, as the oracle says. */
struct level {
	char function[4096];
	char file[4096];
	unsigned int line;
};

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Return addresses of calls: what stacks are made of. Returns how many. */
static size_t sample_calls(const char *path, uint64_t *addresses, size_t max)
{
	char command[1024], line[64];
	size_t seen = 0, n = 0;
	FILE *pipe;

	snprintf(command, sizeof(command),
	         "objdump -d --no-show-raw-insn -j .text '%s' | awk 'after && $1 ~ /:$/ { print \"0x\" $1 } { after = "
	         "$2 ~ /^(call|bl)/ }'",
	         path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	srand(3);
	while (fgets(line, sizeof(line), pipe)) {
		size_t at = n < max ? n++ : (size_t)rand() % (seen + 1);

		if (at < max)
			addresses[at] = strtoull(line, NULL, 16);
		seen++;
	}
	pclose(pipe);
	qsort(addresses, n, sizeof(*addresses), compare_addresses);
	return n;
}

static FILE *start_oracle(const char *directory, const char *path, const uint64_t *addresses, size_t n)
{
	char command[2048], name[512];
	FILE *list;

	snprintf(name, sizeof(name), "%s/addresses", directory);
	list = fopen(name, "w");
	assert_non_null(list);
	for (size_t i = 0; i < n; i++)
		fprintf(list, "%#" PRIx64 "\n", addresses[i] - 1);
	fclose(list);
	snprintf(command, sizeof(command), "addr2line -a -i -f -C -e '%s' < '%s'", path, name);
	return popen(command, "r");
}

/* Reads levels up to the next address's line. `line` is the one read last. Returns how many. */
static size_t read_levels(FILE *oracle, char *line, size_t size, struct level *levels)
{
	size_t n = 0;

	while (fgets(line, (int)size, oracle) && strncmp(line, "0x", 2)) {
		struct level *level = &levels[n];
		char *colon;

		assert_true(n < FRAMES_MAX);
		snprintf(level->function, sizeof(level->function), "%.*s", (int)strcspn(line, "\n"), line);
		assert_non_null(fgets(line, (int)size, oracle));
		colon = strrchr(line, ':');
		assert_non_null(colon);
		level->line = (unsigned int)strtoul(colon + 1, NULL, 10);
		*colon = '\0';
		snprintf(level->file, sizeof(level->file), "%s", strrchr(line, '/') ? strrchr(line, '/') + 1 : line);
		n++;
	}
	return n;
}

static const char *base_name(const char *file)
{
	if (!file)
		return "??";
	return strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
}

/*
 * The oracle keeps clone suffixes, as "f.cold" and "f() [clone .cold]". Where debug information has
 * only a plain name (functions with internal linkage), it takes one from the symbol table.
 */
static bool same_function(const char *ours, const char *theirs, bool inlined)
{
	size_t n;

	if (!ours)
		return !strcmp(theirs, "??");
	n = strlen(ours);
	if (!strncmp(ours, theirs, n) && (!theirs[n] || theirs[n] == '.' || theirs[n] == ' '))
		return true;
	return inlined ? !strchr(ours, '(') : strchr(ours, '(') && !strchr(theirs, '(');
}

/* The first level that differs, or n when all agree. */
static size_t first_difference(const struct stack *stack, const struct level *levels, size_t n)
{
	for (size_t i = 0; i < n && i < stack->n_frames; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->line != levels[i].line || (frame->line && strcmp(base_name(frame->file), levels[i].file)) ||
		    !same_function(frame->function, levels[i].function, frame->inlined))
			return i;
	}
	return n == stack->n_frames ? n : 0;
}

static void print_difference(const struct stack *stack, const struct level *levels, size_t n, size_t at)
{
	print_message("%#" PRIx64 ", level %zu of %zu: %.60s %s:%u; oracle, of %zu: %.60s %s:%u\n", stack->addresses[0],
	              at, stack->n_frames, stack->frames[at].function, base_name(stack->frames[at].file),
	              stack->frames[at].line, n, levels[at].function, levels[at].file, levels[at].line);
}

static void check_against_oracle(struct mapped_file *file, char *scratch)
{
	struct symbolizer *symbolizer = symbolizer_new();
	struct level *levels = calloc(FRAMES_MAX, sizeof(*levels));
	uint64_t addresses[SAMPLES];
	size_t n = sample_calls(file->path, addresses, SAMPLES), n_agreed = 0, n_inlined = 0;
	FILE *oracle = start_oracle(scratch, file->path, addresses, n);
	char line[4096] = "";

	assert_true(oracle && levels && n > 100);
	assert_non_null(fgets(line, sizeof(line), oracle));
	for (size_t i = 0; i < n; i++) {
		size_t n_levels = read_levels(oracle, line, sizeof(line), levels);
		struct stack stack = symbolize(symbolizer, &file->process, KIND_HEAP, &addresses[i], 1);
		size_t difference = first_difference(&stack, levels, n_levels);

		n_agreed += difference == n_levels;
		n_inlined += stack.n_frames > 1;
		if (difference < n_levels)
			print_difference(&stack, levels, n_levels, difference);
		free(stack.frames);
	}
	pclose(oracle);
	print_message("%zu of %zu agree, %zu with inlined calls\n", n_agreed, n, n_inlined);
	assert_true(n_agreed * 100 >= n * 97);
	free(levels);
	symbolizer_free(symbolizer);
}

static void check_compiled(const char *command)
{
	char *directory = make_directory();
	struct mapped_file file;

	write_file(directory, "big.cpp", cpp_source);
	run_in(directory, "%s -o big big.cpp", command);
	map_file(&file, directory, "big", 0);
	check_against_oracle(&file, directory);
	unmap_file(&file);
	remove_directory(directory);
}

static void test_gxx(void **state)
{
	(void)state;
	check_compiled("g++ -O2 -g");
}

static void test_clangxx(void **state)
{
	(void)state;
	check_compiled("clang++ -O2 -g -gdwarf-4");
}

static void test_this_program(void **state)
{
	char *directory = make_directory(), path[256], *slash;
	struct mapped_file file;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	(void)state;
	assert_true(n > 0);
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	map_file(&file, path, slash + 1, 0);
	check_against_oracle(&file, directory);
	unmap_file(&file);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gxx),
	    cmocka_unit_test(test_clangxx),
	    cmocka_unit_test(test_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
