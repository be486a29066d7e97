// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/output.h"
#include "unit/sample_snapshot.h"

static char folder[] = "/tmp/memtrace-output-XXXXXX";
static struct snapshot *snapshot;

/* Renders less or more than fits, fails, or works. */
static size_t report_size = 5;
static int report_result;

static int fake_report(FILE *out, const struct snapshot *unused, const struct render_options *options)
{
	(void)unused;
	for (size_t i = 0; i < report_size; i++)
		fputc(options->colour ? 'C' : 'r', out);
	if (fflush(out))
		return -errno;
	return report_result;
}

static const struct renderer fake = {.name = "fake", .report = fake_report};

static int output(const char *path)
{
	static const struct render_options options = {.colour = true};

	return output_report(path, &fake, snapshot, &options);
}

static const char *in_folder(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void assert_file(const char *path, const char *text)
{
	char found[64] = "";
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	fread(found, 1, sizeof(found) - 1, in);
	fclose(in);
	assert_string_equal(found, text);
}

static void empty_folder(void)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(entries))) {
		if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
			remove(in_folder(entry->d_name));
	}
	closedir(entries);
}

static size_t count_files(void)
{
	DIR *entries = opendir(folder);
	size_t n = 0;

	while (readdir(entries))
		n++;
	closedir(entries);
	return n - 2;
}

static int begin(void **state)
{
	(void)state;
	report_size = 5;
	report_result = 0;
	snapshot = sample_new(1, 0, 1);
	return mkdtemp(strcpy(folder, "/tmp/memtrace-output-XXXXXX")) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	snapshot_free(snapshot);
	empty_folder();
	return rmdir(folder);
}

static void makes_a_new_file(void **state)
{
	struct stat status;
	mode_t mask = umask(027);

	(void)state;
	assert_int_equal(output(in_folder("new")), 0);
	umask(mask);
	assert_file(in_folder("new"), "rrrrr");
	assert_int_equal(stat(in_folder("new"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(count_files(), 1);
}

static void takes_a_bare_name(void **state)
{
	char *here = getcwd(NULL, 0);

	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(output("name"), 0);
	assert_int_equal(output("name"), 0);
	assert_int_equal(chdir(here), 0);
	free(here);
	assert_file(in_folder("name"), "rrrrr");
	assert_int_equal(count_files(), 1);
}

static void replaces_and_keeps_the_mode(void **state)
{
	struct stat before, after;

	(void)state;
	write_file(in_folder("old"), "an older report that is longer");
	assert_int_equal(chmod(in_folder("old"), 0604), 0);
	assert_int_equal(stat(in_folder("old"), &before), 0);
	assert_int_equal(output(in_folder("old")), 0);
	assert_file(in_folder("old"), "rrrrr");
	assert_int_equal(stat(in_folder("old"), &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_not_equal(after.st_ino, before.st_ino);
	assert_int_equal(count_files(), 1);
}

static void follows_a_link(void **state)
{
	struct stat status;

	(void)state;
	write_file(in_folder("target"), "old");
	assert_int_equal(symlink("target", in_folder("link")), 0);
	assert_int_equal(output(in_folder("link")), 0);
	assert_file(in_folder("target"), "rrrrr");
	assert_int_equal(lstat(in_folder("link"), &status), 0);
	assert_true(S_ISLNK(status.st_mode));
}

static void leaves_the_old_file_when_rendering_fails(void **state)
{
	(void)state;
	write_file(in_folder("old"), "old");
	report_result = -ENOMEM;
	assert_int_equal(output(in_folder("old")), -ENOMEM);
	assert_file(in_folder("old"), "old");
	assert_int_equal(output(in_folder("new")), -ENOMEM);
	assert_int_equal(count_files(), 1);
}

/* A limit on file sizes stands for a full disk: the write breaks off in the middle. */
static void leaves_the_old_file_when_writing_fails(void **state)
{
	struct rlimit old, small;

	(void)state;
	write_file(in_folder("old"), "old");
	report_size = 100000;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 8192;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(output(in_folder("old")), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_file(in_folder("old"), "old");
	assert_int_equal(count_files(), 1);
}

static void refuses_folders_and_missing_ones(void **state)
{
	(void)state;
	write_file(in_folder("file"), "");
	assert_int_equal(output(folder), -EISDIR);
	assert_int_equal(output(in_folder("none/report")), -ENOENT);
	assert_int_equal(output(in_folder("file/report")), -ENOTDIR);
	assert_int_equal(output(""), -ENOENT);
	assert_int_equal(count_files(), 1);
}

static void refuses_a_folder_not_writable(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(output(in_folder("new")), -EACCES);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(count_files(), 0);
}

static void steps_around_a_left_temporary(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), ".memtrace-%d-0.tmp", (int)getpid());
	write_file(in_folder(name), "left");
	assert_int_equal(output(in_folder("new")), 0);
	assert_file(in_folder("new"), "rrrrr");
	assert_file(in_folder(name), "left");
}

static void writes_directly_to_what_is_no_file(void **state)
{
	char found[8] = "";
	int fifo;

	(void)state;
	assert_int_equal(output("/dev/null"), 0);
	assert_int_equal(output("/dev/full"), -ENOSPC);
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	fifo = open(in_folder("fifo"), O_RDWR);
	assert_int_equal(output(in_folder("fifo")), 0);
	assert_int_equal(read(fifo, found, sizeof(found)), 5);
	assert_string_equal(found, "rrrrr");
	close(fifo);
	assert_int_equal(count_files(), 1);
}

/* Replacing the file behind standard output would cut off all who write to it. */
static void appends_to_standard_output(void **state)
{
	int saved = dup(STDOUT_FILENO), log, results[2];

	(void)state;
	fflush(stdout);
	write_file(in_folder("log"), "before ");
	log = open(in_folder("log"), O_WRONLY | O_APPEND);
	dup2(log, STDOUT_FILENO);
	results[0] = output("/dev/stdout");
	results[1] = output(NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(log);
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], 0);
	assert_file(in_folder("log"), "before rrrrrCCCCC");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(makes_a_new_file),
	    TEST(takes_a_bare_name),
	    TEST(replaces_and_keeps_the_mode),
	    TEST(follows_a_link),
	    TEST(leaves_the_old_file_when_rendering_fails),
	    TEST(leaves_the_old_file_when_writing_fails),
	    TEST(refuses_folders_and_missing_ones),
	    TEST(refuses_a_folder_not_writable),
	    TEST(steps_around_a_left_temporary),
	    TEST(writes_directly_to_what_is_no_file),
	    TEST(appends_to_standard_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
