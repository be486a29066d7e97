// SPDX-License-Identifier: GPL-2.0-or-later
/* JIT code by /tmp/perf-PID.map, which anybody may have written. */
#include "unit/symbolize_fixture.h"

#include <sys/stat.h>
#include "symbolize/perf_map.h"

static struct perf_map parse(const char *text)
{
	struct perf_map map;
	size_t n = strlen(text);
	char *copy = malloc(n + 1);

	assert_non_null(copy);
	memcpy(copy, text, n + 1);
	assert_int_equal(perf_map_parse(&map, copy, n), 0);
	return map;
}

static void assert_name(const struct perf_map *map, uint64_t address, const char *name)
{
	const struct perf_symbol *symbol = perf_map_find(map, address);

	if (!name) {
		assert_null(symbol);
		return;
	}
	assert_non_null(symbol);
	assert_string_equal(symbol->name, name);
}

static void takes_lines(void **state)
{
	struct perf_map map = parse("1000 10 one\n"
	                            "0x1010 0x20 two words:1\n"
	                            "zz 10 bad\n"
	                            "1100 0 empty\n"
	                            "1200 10\n"
	                            "1300\n"
	                            "\n"
	                            "ffffffffffffffff 10 beyond\n"
	                            "fffffffffffffffffffffff 10 beyond\n"
	                            "1400 10 unfinished");

	(void)state;
	assert_name(&map, 0xfff, NULL);
	assert_name(&map, 0x1000, "one");
	assert_name(&map, 0x100f, "one");
	assert_name(&map, 0x1010, "two words:1");
	assert_int_equal(perf_map_find(&map, 0x102f)->start, 0x1010);
	assert_name(&map, 0x1030, NULL);
	assert_name(&map, 0x1100, NULL);
	assert_name(&map, 0x1200, NULL);
	assert_name(&map, 0x1400, NULL);
	assert_name(&map, UINT64_MAX, NULL);
	perf_map_clear(&map);
	map = parse("");
	assert_name(&map, 0, NULL);
	perf_map_clear(&map);
}

/* Against the plain definition: the last line that holds the address. */
static void later_lines_hold(void **state)
{
	enum { LINES = 300, ADDRESSES = 1000 };
	unsigned int starts[LINES], sizes[LINES];
	char text[LINES * 40] = "";
	struct perf_map map;
	size_t n = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < LINES; i++) {
		starts[i] = (unsigned int)rand() % ADDRESSES;
		sizes[i] = 1 + (unsigned int)rand() % 50;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%x %x f%d\n", starts[i], sizes[i], i);
	}
	map = parse(text);
	for (unsigned int address = 0; address < ADDRESSES + 60; address++) {
		char name[16] = "";

		for (int i = 0; i < LINES; i++) {
			if (address >= starts[i] && address < starts[i] + sizes[i])
				snprintf(name, sizeof(name), "f%d", i);
		}
		assert_name(&map, address, name[0] ? name : NULL);
	}
	perf_map_clear(&map);
}

/* A process with JIT code, whose root directory is a scratch one. */
struct fixture {
	char *root, path[256];
	struct module_view view;
	struct module module;
	struct mapping mapping;
	struct process process;
	struct symbolizer *symbolizer;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->root = make_directory();
	run_in(fixture->root, "mkdir tmp");
	snprintf(fixture->path, sizeof(fixture->path), "%s/tmp/perf-7.map", fixture->root);
	fixture->view = (struct module_view){
	    .root_fd = open(fixture->root, O_PATH | O_DIRECTORY | O_CLOEXEC), .pid_inside = 7, .owner = getuid()};
	fixture->module = (struct module){.path = (char *)"[anon]", .name = "[anon]", .fd = -1, .view = &fixture->view};
	fixture->mapping = (struct mapping){.start = 0x10000, .end = 0x20000, .module = &fixture->module};
	fixture->process = (struct process){.pid = 1234, .mappings = &fixture->mapping, .n_mappings = 1};
	fixture->symbolizer = symbolizer_new();
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	symbolizer_free(fixture->symbolizer);
	close(fixture->view.root_fd);
	remove_directory(fixture->root);
	free(fixture);
	return 0;
}

/* The function and offset at an address; NULL: none. */
static void assert_frame(struct fixture *fixture, uint64_t address, const char *function, uint64_t offset)
{
	struct stack stack = symbolize(fixture->symbolizer, &fixture->process, KIND_HEAP, &address, 1);

	assert_int_equal(stack.n_frames, 1);
	assert_string_equal(stack.frames[0].module, fixture->module.name);
	assert_int_equal(stack.frames[0].has_offset, function != NULL);
	if (function) {
		assert_non_null(stack.frames[0].function);
		assert_string_equal(stack.frames[0].function, function);
		assert_int_equal(stack.frames[0].offset, offset);
	} else {
		assert_null(stack.frames[0].function);
	}
	free(stack.frames);
}

static void names_made_code(void **state)
{
	struct fixture *fixture = *state;

	assert_frame(fixture, 0x10005, NULL, 0);
	write_file(fixture->root, "tmp/perf-7.map", "10000 20 LazyCompile:~leak /app.js:3\n");
	assert_frame(fixture, 0x10005, "LazyCompile:~leak /app.js:3", 5);
	assert_frame(fixture, 0x10020, "LazyCompile:~leak /app.js:3", 0x20); /* its last instruction is a call */
	assert_frame(fixture, 0x10025, NULL, 0);
	/* It grows while the process runs. */
	run_in(fixture->root, "printf '10020 20 more\\033[31m\\n' >>tmp/perf-7.map");
	assert_frame(fixture, 0x10025, "more?[31m", 5);
	/* What was known stays when it is gone. */
	run_in(fixture->root, "rm tmp/perf-7.map");
	assert_frame(fixture, 0x10005, "LazyCompile:~leak /app.js:3", 5);
	assert_frame(fixture, 0x10045, NULL, 0);
}

/* A mapped file that is no ELF file (a memfd, as some JIT compilers use). */
static void names_code_in_other_files(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->root, "tmp/perf-7.map", "10000 20 made\n");
	fixture->module.name = fixture->module.path = (char *)"memfd:doublemapper";
	fixture->module.fd = open(fixture->path, O_RDONLY | O_CLOEXEC);
	fixture->module.inode = 3;
	assert_frame(fixture, 0x10005, "made", 5);
	/* Not what the kernel mapped. */
	fixture->module.path = (char *)"[vsyscall]";
	assert_frame(fixture, 0x10005, NULL, 0);
	close(fixture->module.fd);
}

static void trusts_only_the_owner(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->root, "tmp/perf-7.map", "10000 20 made\n");
	if (!chown(fixture->path, 12345, 12345)) {
		assert_frame(fixture, 0x10005, NULL, 0);
		fixture->view.owner = 12345;
		assert_frame(fixture, 0x10005, "made", 5);
		assert_int_equal(chown(fixture->path, 0, 0), 0);
		run_in(fixture->root, "echo 10020 20 roots >>tmp/perf-7.map");
		assert_frame(fixture, 0x10025, "roots", 5);
	}
}

static void opens_no_other_file(void **state)
{
	static const char *const instead[] = {
	    "mv perf-7.map other && ln -s other perf-7.map", /* a link */
	    "rm perf-7.map && ln other perf-7.map",          /* another name of a file */
	    "rm perf-7.map && mkfifo perf-7.map",            /* waits for ever */
	    "rm perf-7.map && mkdir perf-7.map",
	};
	struct fixture *fixture = *state;
	char directory[300];

	snprintf(directory, sizeof(directory), "%s/tmp", fixture->root);
	write_file(directory, "perf-7.map", "10000 20 made\n");
	for (size_t i = 0; i < sizeof(instead) / sizeof(instead[0]); i++) {
		run_in(directory, "%s", instead[i]);
		assert_frame(fixture, 0x10005, NULL, 0);
	}
	fixture->module.view = NULL;
	assert_frame(fixture, 0x10005, NULL, 0);
}

/* Only so much of it is read: the end. */
static void reads_the_end_of_a_huge_one(void **state)
{
	struct fixture *fixture = *state;

	run_in(fixture->root, "printf '10000 10 first\\n' >tmp/perf-7.map && truncate -s 2G tmp/perf-7.map && "
	                      "printf '\\n10020 20 last\\n' >>tmp/perf-7.map");
	assert_frame(fixture, 0x10025, "last", 5);
	assert_frame(fixture, 0x10005, NULL, 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_lines),
	    cmocka_unit_test(later_lines_hold),
	    WITH_FIXTURE(names_made_code),
	    WITH_FIXTURE(names_code_in_other_files),
	    WITH_FIXTURE(trusts_only_the_owner),
	    WITH_FIXTURE(opens_no_other_file),
	    WITH_FIXTURE(reads_the_end_of_a_huge_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
