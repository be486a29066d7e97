/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target's root directory, with a program in it and its debug information somewhere else. */
#ifndef MEMTRACE_TESTS_SYMBOLIZE_ROOT_H
#define MEMTRACE_TESTS_SYMBOLIZE_ROOT_H

#include "unit/symbolize_program.h"

#include <sys/stat.h>

/* A root directory with bin/app in it, and the way the target sees it. */
struct fixture {
	char *root;
	char bin[256];
	struct module_view view;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->root = make_directory();
	snprintf(fixture->bin, sizeof(fixture->bin), "%s/bin", fixture->root);
	run_in(fixture->root, "mkdir -p bin src usr/lib/debug/.build-id usr/lib/debug/bin");
	write_file(fixture->root, "src/app.c", program_source);
	write_file(fixture->root, "src/app.cpp", program_source);
	fixture->view.root_fd = open(fixture->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->view.root_fd >= 0);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->view.root_fd);
	remove_directory(fixture->root);
	free(fixture);
	return 0;
}

/* Compiles src/app.c to bin/app with a build ID. */
static inline void compile(const struct fixture *fixture, const char *command)
{
	run_in(fixture->root, "rm -rf src/*.dwo bin/* && cd src && %s -O2 -g -Wl,--build-id=sha1 -o ../bin/app %s",
	       command, strstr(command, "++") ? "app.cpp" : "app.c");
}

/* In shell: the path below .build-id of a file, without its suffix. */
#define ID_OF(file) "$(readelf -n " file " | sed -n 's/.*Build ID: \\(..\\)\\(.*\\)/\\1\\/\\2/p')"

static inline void split_debug_file(const struct fixture *fixture)
{
	run_in(fixture->root, "cd bin && objcopy --only-keep-debug app app.debug && strip -s app");
}

/* Moves bin/app.debug to where its build ID says. */
static inline void install_by_id(const struct fixture *fixture)
{
	run_in(fixture->root, "id=" ID_OF("bin/app") " && cd usr/lib/debug/.build-id && mkdir -p ${id%%/*} && "
	                                             "mv ../../../../bin/app.debug $id.debug");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
