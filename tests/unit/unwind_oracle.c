// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of some of the machine's own programs against libdw and Capstone; `make unwind-oracle` takes all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>

#include "unwind/compare.h"

#define FILES_MAX 40
#define FILE_MAX_BYTES (3 * 1024 * 1024)

static bool is_small(const char *path)
{
	struct stat status;

	return !stat(path, &status) && status.st_size <= FILE_MAX_BYTES;
}

/* Compares files that match a pattern, FILES_MAX at most. Returns how many rows there were. */
static size_t compare_all(const char *pattern, size_t *calls)
{
	size_t rows = 0, n = 0;
	glob_t found = {0};

	if (glob(pattern, GLOB_BRACE, NULL, &found)) {
		globfree(&found);
		return 0;
	}
	for (size_t i = 0; i < found.gl_pathc && n < FILES_MAX; i++) {
		struct comparison result;
		int err;

		if (!is_small(found.gl_pathv[i]))
			continue;
		err = compare_file(found.gl_pathv[i], stderr, NULL, &result);
		if (err == -ENOEXEC || err == -ENODATA)
			continue; /* a script */
		if (err)
			fail_msg("%s: %s", found.gl_pathv[i], strerror(-err));
		assert_int_equal(result.differences, 0);
		assert_int_equal(result.calls_differ, 0);
		rows += result.rows;
		*calls += result.calls;
		n++;
	}
	globfree(&found);
	return rows;
}

static void programs_and_libraries(void **state)
{
	size_t calls = 0;

	(void)state;
	assert_true(
	    compare_all("/lib/*-linux-gnu/{ld-linux*,libc.so.6,libm.so.6,libgcc_s.so.1,libstdc++.so.6,libcrypto.so.?}",
	                &calls) > 10000);
	assert_true(compare_all("/usr/bin/{b,g,p}*", &calls) > 10000);
	assert_true(calls > 10000);
}

/* Debian's arm64 packages, if tests/unwind/fetch-arm64 has put them there. */
static void arm64(void **state)
{
	const char *folder = getenv("MEMTRACE_ARM64");
	char pattern[4096];
	size_t calls = 0;

	(void)state;
	snprintf(
	    pattern, sizeof(pattern),
	    "%s/{bin/bash,lib/aarch64-linux-gnu/ld-*,lib/aarch64-linux-gnu/libc.so.6,usr/lib/aarch64-linux-gnu/lib*}",
	    folder ? folder : "build/arm64");
	if (compare_all(pattern, &calls) == 0) {
		print_message("no arm64 programs: tests/unwind/fetch-arm64 fetches them\n");
		skip();
	}
	assert_true(calls > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(programs_and_libraries),
	    cmocka_unit_test(arm64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
