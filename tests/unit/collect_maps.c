// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of /proc/PID/maps, good and hostile, and the file itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/maps.h"

static const struct {
	const char *line;
	struct maps_row row;
} lines[] = {
    {"55d0c0a00000-55d0c0a21000 r-xp 00002000 fe:01 131154                     /usr/bin/cat\n",
     {0x55d0c0a00000, 0x55d0c0a21000, 0x2000, 0, 131154, true, false, true, false, "/usr/bin/cat"}},
    {"7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n",
     {0x7f0000000000, 0x7f0000001000, 0, 0, 0, true, true, false, false, ""}},
    {"7f0000000000-7f0000001000 rwxs 00000000 00:00 0\n",
     {0x7f0000000000, 0x7f0000001000, 0, 0, 0, true, true, true, true, ""}},
    {"7ffd1c5f2000-7ffd1c5f4000 r-xp 00000000 00:00 0                          [vdso]\n",
     {0x7ffd1c5f2000, 0x7ffd1c5f4000, 0, 0, 0, true, false, true, false, "[vdso]"}},
    {"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
     {0xffffffffff600000, 0xffffffffff601000, 0, 0, 0, false, false, true, false, "[vsyscall]"}},
    {"1000-2000 ---p 00000000 00:00 0 [anon: a name]\n",
     {0x1000, 0x2000, 0, 0, 0, false, false, false, false, "[anon: a name]"}},
    /* Names of all kinds. */
    {"1000-2000 r-xp 0 fe:01 7 /tmp/a b  c\n", {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/a b  c"}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/ends with a space \n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/ends with a space "}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/two\\012lines\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/two\\012lines"}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/\033[31m\377\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/\033[31m\377"}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/1000-2000 r-xp 0 0:0 9 /x\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/1000-2000 r-xp 0 0:0 9 /x"}},
    {"1000-2000 r-xp 0 fe:01 7 /lib/gone.so (deleted)\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/lib/gone.so"}},
    {"1000-2000 rw-s 0 00:05 7 /memfd:x (deleted) (deleted)\n",
     {0x1000, 0x2000, 0, 0, 7, true, true, false, true, "/memfd:x (deleted)"}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/(deleted)\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/(deleted)"}},
    {"1000-2000 r-xp 0 fe:01 7 /tmp/x (deleted)y\n",
     {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/x (deleted)y"}},
    /* A last line without its end. */
    {"1000-2000 r-xp 0 fe:01 7 /tmp/x", {0x1000, 0x2000, 0, 0, 7, true, false, true, false, "/tmp/x"}},
    {"1000-2000 r-xp 0 fe:01 7", {0x1000, 0x2000, 0, 0, 7, true, false, true, false, ""}},
    /* Large numbers. */
    {"0-ffffffffffffffff r-xp ffffffffffffffff fe:01 18446744073709551615 /x\n",
     {0, UINT64_MAX, UINT64_MAX, 0, UINT64_MAX, true, false, true, false, "/x"}},
};

static void parses_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct maps_row *wanted = &lines[i].row;
		char *line = strdup(lines[i].line);
		struct maps_row row;

		assert_true(maps_parse(line, &row));
		assert_int_equal(row.start, wanted->start);
		assert_int_equal(row.end, wanted->end);
		assert_int_equal(row.offset, wanted->offset);
		assert_int_equal(row.inode, wanted->inode);
		assert_int_equal(row.readable, wanted->readable);
		assert_int_equal(row.writable, wanted->writable);
		assert_int_equal(row.executable, wanted->executable);
		assert_int_equal(row.shared, wanted->shared);
		assert_string_equal(row.name, wanted->name);
		free(line);
	}
}

static void parses_devices(void **state)
{
	char line[] = "1000-2000 r-xp 0 103:fffff 7 /x\n";
	struct maps_row row;

	(void)state;
	assert_true(maps_parse(line, &row));
	assert_int_equal(major(row.device), 0x103);
	assert_int_equal(minor(row.device), 0xfffff);
}

static void rejects_what_is_no_line(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    "/usr/bin/cat",
	    "1000",
	    "1000-",
	    "1000-2000",
	    "1000-2000 r-xp",
	    "1000-2000 r-xp 0 fe:01",
	    "1000-2000 r-xp 0 fe:01 \n",
	    "1000-2000 r-xp 0 fe01 7 /x\n",
	    "1000 2000 r-xp 0 fe:01 7 /x\n",
	    "xyz-2000 r-xp 0 fe:01 7 /x\n",
	    "1000-2000 r-xpp 0 fe:01 7 /x\n",
	    /* Nothing, and the wrong way round; both ends beyond 64 bits. */
	    "1000-1000 r-xp 0 fe:01 7 /x\n",
	    "2000-1000 r-xp 0 fe:01 7 /x\n",
	    "fffffffffffffffff-1ffffffffffffffff r-xp 0 fe:01 7 /x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *line = strdup(bad[i]);
		struct maps_row row;

		assert_false(maps_parse(line, &row));
		free(line);
	}
}

struct search {
	uint64_t address;
	struct maps_row row;
	char name[4096];
	size_t rows;
	int answer; /* from then on */
};

static int look(void *context, const struct maps_row *row)
{
	struct search *search = context;

	search->rows++;
	if (search->address < row->start || search->address >= row->end)
		return 0;
	search->row = *row;
	strncpy(search->name, row->name, sizeof(search->name) - 1);
	return search->answer;
}

static void reads_its_own(void **state)
{
	struct search search = {.address = (uintptr_t)maps_parse};
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	size_t rows;

	(void)state;
	assert_true(n > 0);
	program[n] = 0;
	assert_int_equal(maps_read(getpid(), look, &search), 0);
	assert_string_equal(search.name, program);
	assert_true(search.row.executable && search.row.inode);
	rows = search.rows;
	/* What the function returns ends it, and is handed on. */
	search.rows = 0;
	search.answer = 7;
	assert_int_equal(maps_read(getpid(), look, &search), 7);
	assert_true(search.rows < rows);
	search.answer = -ENOMEM;
	assert_int_equal(maps_read(getpid(), look, &search), -ENOMEM);
}

static void reads_a_name_with_a_newline(void **state)
{
	char path[] = "/tmp/memtrace-\n0-9 r-xp 0 0:0 1 XXXXXX";
	struct search search = {0};
	int fd = mkstemp(path);
	void *mapped;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	search.address = (uintptr_t)mapped;
	assert_int_equal(maps_read(getpid(), look, &search), 0);
	assert_memory_equal(search.name, "/tmp/memtrace-\\0120-9 r-xp", 26);
	unlink(path);
	assert_int_equal(maps_read(getpid(), look, &search), 0);
	assert_null(strstr(search.name, "(deleted)"));
	munmap(mapped, 4096);
	close(fd);
}

static void says_that_there_is_no_such_process(void **state)
{
	struct search search = {0};

	(void)state;
	assert_int_equal(maps_read(0x7ffffffe, look, &search), -ENOENT);
	assert_int_equal(search.rows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_lines),
	    cmocka_unit_test(parses_devices),
	    cmocka_unit_test(rejects_what_is_no_line),
	    cmocka_unit_test(reads_its_own),
	    cmocka_unit_test(reads_a_name_with_a_newline),
	    cmocka_unit_test(says_that_there_is_no_such_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
