// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are mapped executable: found once, opened even when they are deleted or replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/modules.h"

struct search {
	struct modules *modules;
	uint64_t address;
	struct module *module;
	size_t rows;
};

static int look(void *context, const struct maps_row *row)
{
	struct search *search = context;

	if (search->address < row->start || search->address >= row->end)
		return 0;
	search->module = modules_get(search->modules, getpid(), row);
	return 1;
}

static struct module *module_at(struct modules *modules, const void *address)
{
	struct search search = {.modules = modules, .address = (uintptr_t)address};

	assert_int_equal(maps_read(getpid(), look, &search), 1);
	assert_non_null(search.module);
	return search.module;
}

/* A file with this text, mapped executable. */
static void *map_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w+");
	void *mapped;

	assert_non_null(file);
	fputs(text, file);
	fflush(file);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file), 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	fclose(file);
	return mapped;
}

static void assert_text(const struct module *module, const char *text)
{
	char buffer[64] = "";

	assert_true(module->fd >= 0);
	assert_true(pread(module->fd, buffer, sizeof(buffer) - 1, 0) >= 0);
	assert_string_equal(buffer, text);
}

static void knows_a_file_once(void **state)
{
	struct modules *modules = modules_new();
	struct module *own = module_at(modules, (void *)(uintptr_t)modules_new),
	              *libc = module_at(modules, (void *)(uintptr_t)mmap);
	static int data = 1;
	struct stat status;

	(void)state;
	/* Another mapping of the file. */
	assert_ptr_equal(module_at(modules, &data), own);
	assert_string_equal(own->name, "collect_modules");
	assert_int_equal(own->path[0], '/');
	assert_true(own->fd >= 0 && !fstat(own->fd, &status) && status.st_ino == own->inode);
	assert_ptr_not_equal(own, libc);
	assert_true(libc->build_id_size >= 8 && libc->build_id_size <= BUILD_ID_MAX);
	modules_free(modules);
	modules_free(NULL);
}

static void reads_what_was_deleted_or_replaced(void **state)
{
	char directory[] = "/tmp/memtrace-modules-XXXXXX", path[64];
	struct modules *modules = modules_new();
	struct module *first, *second;
	void *one, *two;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/lib a.so", directory);
	one = map_text(path, "one");
	unlink(path);
	two = map_text(path, "two");
	first = module_at(modules, one);
	second = module_at(modules, two);
	unlink(path);
	rmdir(directory);
	assert_ptr_not_equal(first, second);
	assert_string_equal(first->path, path);
	assert_string_equal(first->name, "lib a.so");
	assert_string_equal(second->path, path);
	assert_text(second, "two");
	/* Only through map_files, which may not be allowed; then rather nothing than the other file. */
	if (first->fd >= 0)
		assert_text(first, "one");
	assert_int_equal(first->build_id_size, 0);
	munmap(one, 4096);
	munmap(two, 4096);
	modules_free(modules);
}

static void does_not_open_another_file(void **state)
{
	struct maps_row row = {.start = 0x10000, .end = 0x20000, .executable = true, .inode = 1, .name = "/bin/sh"};
	char fifo[] = "/tmp/memtrace-fifo-XXXXXX", *name;
	struct modules *modules = modules_new();
	struct stat status;

	(void)state;
	/* Of that name, but not that inode. */
	assert_int_equal(modules_get(modules, getpid(), &row)->fd, -1);
	assert_true(modules_get(modules, getpid(), &row)->replaced);
	/* What would wait for ever, or is no file. */
	close(mkstemp(fifo));
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(stat(fifo, &status), 0);
	row.inode = status.st_ino;
	row.name = fifo;
	assert_int_equal(modules_get(modules, getpid(), &row)->fd, -1);
	unlink(fifo);
	assert_int_equal(stat("/tmp", &status), 0);
	row.inode = status.st_ino;
	row.name = "/tmp";
	assert_int_equal(modules_get(modules, getpid(), &row)->fd, -1);
	/* Longer than any path. */
	name = calloc(1, 20000);
	memset(name, 'a', 19999);
	name[0] = '/';
	row.inode = 77;
	row.name = name;
	assert_int_equal(modules_get(modules, getpid(), &row)->fd, -1);
	free(name);
	modules_free(modules);
}

static void names_what_is_no_file(void **state)
{
	struct maps_row anonymous = {.start = 0x10000, .end = 0x20000, .executable = true, .name = ""},
	                vdso = anonymous;
	struct modules *modules = modules_new();
	struct module *module = modules_get(modules, getpid(), &anonymous);

	(void)state;
	vdso.name = "[vdso]";
	assert_string_equal(module->path, "[anon]");
	assert_string_equal(module->name, "[anon]");
	assert_int_equal(module->fd, -1);
	assert_string_equal(modules_get(modules, getpid(), &vdso)->name, "[vdso]");
	anonymous.start = 0x30000;
	anonymous.end = 0x40000;
	assert_ptr_equal(modules_get(modules, getpid(), &anonymous), module);
	/* Enough of them for the table to grow; those handed out stay where they are. */
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "[anon:%d]", i);
		anonymous.name = name;
		assert_string_equal(modules_get(modules, getpid(), &anonymous)->name, name);
	}
	assert_string_equal(module->name, "[anon]");
	modules_free(modules);
}

/* The vdso's image becomes a file, one for all processes that have the same. */
static void copies_the_vdso(void **state)
{
	uintptr_t address = getauxval(AT_SYSINFO_EHDR);
	struct maps_row row = {.executable = true, .name = "[vdso]"};
	struct modules *modules = modules_new();
	struct module *module;
	char magic[4];
	pid_t child;

	(void)state;
	if (!address)
		skip();
	module = module_at(modules, (void *)address);
	assert_string_equal(module->name, "[vdso]");
	assert_true(module->fd >= 0);
	assert_true(module->build_id_size >= 8);
	assert_int_equal(pread(module->fd, magic, 4, 0), 4);
	assert_memory_equal(magic, "\177ELF", 4);
	assert_int_equal(pwrite(module->fd, magic, 4, 0), -1);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		pause();
		_exit(0);
	}
	row.start = address;
	row.end = address + 4096;
	assert_ptr_not_equal(modules_get(modules, child, &row), module); /* not all of it */
	assert_ptr_equal(module_at(modules, (void *)address), module);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* A process that cannot be read. */
	assert_int_equal(modules_get(modules, child, &row)->fd, -1);
	modules_free(modules);
}

/* How this process sees files. */
static void knows_the_view(void **state)
{
	struct maps_row row = {.start = 0x10000, .end = 0x20000, .executable = true, .name = ""};
	struct modules *modules = modules_new();
	const struct module *own = module_at(modules, (void *)(uintptr_t)modules_new),
	                    *anonymous = modules_get(modules, getpid(), &row), *other;
	struct stat root, seen;

	(void)state;
	assert_non_null(own->view);
	assert_ptr_equal(own->view, anonymous->view);
	assert_int_equal(own->view->owner, geteuid());
	assert_int_equal(own->view->pid_inside, getpid());
	assert_int_equal(stat("/", &root), 0);
	assert_int_equal(fstat(own->view->root_fd, &seen), 0);
	assert_int_equal(seen.st_ino, root.st_ino);
	/* Code that is in no file is each process's own; the root directory is the same. */
	other = modules_get(modules, getppid(), &row);
	assert_ptr_not_equal(other, anonymous);
	assert_int_equal(other->view->pid_inside, getppid());
	modules_free(modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_a_file_once),
	    cmocka_unit_test(reads_what_was_deleted_or_replaced),
	    cmocka_unit_test(does_not_open_another_file),
	    cmocka_unit_test(names_what_is_no_file),
	    cmocka_unit_test(copies_the_vdso),
	    cmocka_unit_test(knows_the_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
