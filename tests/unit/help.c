// SPDX-License-Identifier: GPL-2.0-or-later
/* The help and the man pages know every option of every command; tests/integration/completions.py has the
 * completions. Run from the top folder. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/option_rows.h"
#include "cli/options.h"
#include "report/renderer.h"

#define FILE_MAX (1 << 16)
#define LINE_MAX_COLUMNS 80

static char *read_file(const char *path)
{
	char *text = calloc(1, FILE_MAX);
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(text, 1, FILE_MAX - 1, in) > 0);
	fclose(in);
	return text;
}

static char *help(const char *command, int result)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(help_print(out, command), result);
	fclose(out);
	return text;
}

/* The words stand in the text, and what follows does not make them longer ones. */
static bool holds(const char *text, const char *words)
{
	size_t length = strlen(words);

	for (const char *found = text; (found = strstr(found, words)); found += length) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz-", found[length]) || !found[length])
			return true;
	}
	return false;
}

/* Its page: those of the first command and of help are in memtrace(1). */
static void page_of(char *path, size_t size, const struct command_row *command)
{
	if (command == &command_rows[0] || !strcmp(command->name, "help"))
		snprintf(path, size, "docs/man/memtrace.1");
	else
		snprintf(path, size, "docs/man/memtrace-%s.1", command->name);
}

/* The page, without what roff puts before dashes. */
static char *read_page(const char *path)
{
	char *text = read_file(path), *out = text;

	for (const char *in = text; *in; in++) {
		if (in[0] != '\\' || in[1] != '-')
			*out++ = *in;
	}
	*out = '\0';
	return text;
}

/* Two rows may have one name, for different commands. */
static bool takes(const struct command_row *command, const char *name)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->hidden && option_row_accepted(row, command->accept) && !strcmp(row->name, name))
			return true;
	}
	return false;
}

/* An option's paragraph begins with its letter and its name in bold: "\fB-a\fR, \fB--show-allocs\fR" */
static void check_option_in_page(const char *path, const char *page, const struct option_row *row,
                                 const struct command_row *command)
{
	char name[64], letter[16];
	bool wanted = takes(command, row->name);

	snprintf(name, sizeof(name), "\\fB--%s\\fR", row->name);
	if (!!strstr(page, name) != wanted)
		fail_msg("%s %s --%s", path, wanted ? "does not tell of" : "should not tell of", row->name);
	if (!wanted || !option_row_accepted(row, command->accept))
		return;
	for (size_t i = 0; row->choices && row->choices[i]; i++) {
		if (!holds(strstr(page, name), row->choices[i]))
			fail_msg("%s: --%s %s", path, row->name, row->choices[i]);
	}
	snprintf(letter, sizeof(letter), "\n\\fB-%c\\fR, ", row->letter);
	if (row->letter && !strstr(page, letter))
		fail_msg("%s does not tell of -%c", path, row->letter);
}

static void page_of_each_command_tells_its_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		char path[64], *page;

		if (!strcmp(command_rows[i].name, "help"))
			continue;
		page_of(path, sizeof(path), &command_rows[i]);
		page = read_page(path);
		for (size_t j = 0; j < n_option_rows; j++)
			check_option_in_page(path, page, &option_rows[j], &command_rows[i]);
		free(page);
	}
}

static void pages_stand_alone(void **state)
{
	static const char *const sections[] = {"NAME",     "SYNOPSIS",    "DESCRIPTION", "OPTIONS",
	                                       "EXAMPLES", "EXIT STATUS", "SEE ALSO"};
	char *overview = read_page("docs/man/memtrace.1");

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		char path[64], words[64], *page;

		page_of(path, sizeof(path), &command_rows[i]);
		page = read_page(path);
		for (size_t j = 0; j < sizeof(sections) / sizeof(sections[0]); j++) {
			snprintf(words, sizeof(words), "\n.SH %s\n", sections[j]);
			if (!strstr(page, words))
				fail_msg("%s has no %s", path, sections[j]);
		}
		snprintf(words, sizeof(words), "%s (1)", strrchr(path, '/') + 1);
		*strstr(words, ".1 (1)") = '\0';
		if (!holds(overview, words))
			fail_msg("docs/man/memtrace.1 does not name %s", words);
		free(page);
	}
	free(overview);
}

static void help_names_the_options_of_the_command(void **state)
{
	char words[64];

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		char *text = help(command_rows[i].name, 0);

		for (size_t j = 0; j < n_option_rows; j++) {
			snprintf(words, sizeof(words), "--%s", option_rows[j].name);
			if (holds(text, words) != takes(&command_rows[i], option_rows[j].name))
				fail_msg("help of %s: %s", command_rows[i].name, words);
		}
		free(text);
	}
}

/* "  memtrace leaks -p 1234 60      what is lost": the words before the remark, of which the first is the command. */
static size_t split_example(char *line, char **argv, size_t room)
{
	size_t n = 0;
	char *remark;

	assert_true(!strncmp(line, "  memtrace ", 11));
	line += 2;
	remark = strstr(line, "  ");
	if (remark)
		*remark = '\0';
	for (char *word; (word = strsep(&line, " ")) && n < room - 1;)
		argv[n++] = word;
	argv[n] = NULL;
	return n;
}

static void check_example(const struct command_row *command, char *line)
{
	char *argv[16], error[512];
	struct options options;
	size_t n = split_example(line, argv, sizeof(argv) / sizeof(argv[0]));
	bool named = command != &command_rows[0];
	int asked;

	assert_true(!named || (n > 1 ? !strcmp(argv[1], command->name) : false));
	asked = options_parse(&options, (int)n - named, argv + named, command->accept, error, sizeof(error));
	options_free(&options);
	/* A build may have been made without the page. */
	if (asked && !(html_renderer.missing() && strstr(error, html_renderer.missing())))
		fail_msg("example of %s: %s", command->name, error);
}

static void help_shows_examples_that_can_be_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		char *text = help(command_rows[i].name, 0), *examples = strstr(text, "\nExamples:\n"), *line;

		if (!examples)
			fail_msg("help of %s has no examples", command_rows[i].name);
		for (examples += strlen("\nExamples:\n"); (line = strsep(&examples, "\n")) && *line;)
			check_example(&command_rows[i], line);
		free(text);
	}
}

static void help_fits_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i <= n_command_rows; i++) {
		char *text = help(i < n_command_rows ? command_rows[i].name : NULL, 0);

		for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
			if (strlen(line) > LINE_MAX_COLUMNS)
				fail_msg("too long: %s", line);
		}
		free(text);
	}
}

static void short_help_names_every_command(void **state)
{
	char *text = help(NULL, 0);

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++)
		assert_true(holds(text, command_rows[i].name));
	free(text);
}

static void knows_no_other_command(void **state)
{
	char *text = help("nonsense", -ENOENT);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	assert_null(command_find(""));
}

static void returns_what_writing_failed_with(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_int_equal(help_print(full, NULL), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_of_each_command_tells_its_options),
	    cmocka_unit_test(pages_stand_alone),
	    cmocka_unit_test(help_names_the_options_of_the_command),
	    cmocka_unit_test(help_shows_examples_that_can_be_given),
	    cmocka_unit_test(help_fits_a_terminal),
	    cmocka_unit_test(short_help_names_every_command),
	    cmocka_unit_test(knows_no_other_command),
	    cmocka_unit_test(returns_what_writing_failed_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
