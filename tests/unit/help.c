// SPDX-License-Identifier: GPL-2.0-or-later
/* The help, the man page and the completions know every option. Run from the top folder. */
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

/* "show-allocs" as roff writes it: "show\-allocs" */
static void to_roff(char *roff, const char *name)
{
	for (; *name; name++) {
		if (*name == '-')
			*roff++ = '\\';
		*roff++ = *name;
	}
	*roff = '\0';
}

/* Checks that a file names each option in its own way: `name_form` of names, `letter_form` (NULL: not at all) of
 * letters. */
static void check_file(const char *path, const char *name_form, const char *letter_form, bool roff)
{
	char *text = read_file(path), name[64], words[128];

	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (roff)
			to_roff(name, row->name);
		else
			snprintf(name, sizeof(name), "%s", row->name);
		snprintf(words, sizeof(words), name_form, name);
		if (holds(text, words) == row->hidden)
			fail_msg("%s %s '%s'", path, row->hidden ? "gives away" : "does not name", words);
		for (size_t j = 0; !row->hidden && row->choices && row->choices[j]; j++)
			assert_true(holds(text, row->choices[j]));
		if (!row->letter || !letter_form)
			continue;
		snprintf(words, sizeof(words), letter_form, row->letter);
		if (!holds(text, words))
			fail_msg("%s does not name '%s'", path, words);
	}
	free(text);
}

static void man_page_names_every_option(void **state)
{
	(void)state;
	check_file("docs/memtrace.1", "\\fB\\-\\-%s", "\n\\fB\\-%c", true);
}

static void completions_name_every_option(void **state)
{
	(void)state;
	check_file("scripts/completions/memtrace.bash", "--%s", NULL, false);
	check_file("scripts/completions/_memtrace", "--%s", "-%c", false);
	check_file("scripts/completions/memtrace.fish", "-l %s", "-s %c", false);
}

static void man_page_and_completions_name_every_command(void **state)
{
	static const char *const paths[] = {"docs/memtrace.1", "scripts/completions/memtrace.bash",
	                                    "scripts/completions/_memtrace", "scripts/completions/memtrace.fish"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char *text = read_file(paths[i]);

		/* The first command is the one without a word. */
		for (size_t j = 1; j < n_command_rows; j++) {
			if (!holds(text, command_rows[j].name))
				fail_msg("%s does not name the command %s", paths[i], command_rows[j].name);
		}
		free(text);
	}
}

static void help_names_the_options_of_the_command(void **state)
{
	char words[64];

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		char *text = help(command_rows[i].name, 0);

		for (size_t j = 0; j < n_option_rows; j++) {
			const struct option_row *row = &option_rows[j];
			bool wanted = !row->hidden && option_row_accepted(row, command_rows[i].accept);

			snprintf(words, sizeof(words), "--%s", row->name);
			if (holds(text, words) != wanted)
				fail_msg("help of %s: %s", command_rows[i].name, words);
		}
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
	    cmocka_unit_test(man_page_names_every_option),
	    cmocka_unit_test(completions_name_every_option),
	    cmocka_unit_test(man_page_and_completions_name_every_command),
	    cmocka_unit_test(help_names_the_options_of_the_command),
	    cmocka_unit_test(help_fits_a_terminal),
	    cmocka_unit_test(short_help_names_every_command),
	    cmocka_unit_test(knows_no_other_command),
	    cmocka_unit_test(returns_what_writing_failed_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
