// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/wildcard.h"

static void whole_names(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches, with_question_mark;
	} rows[] = {
	    {"", "", true, true},          {"", "a", false, false},
	    {"a", "", false, false},       {"*", "", true, true},
	    {"*", "anything", true, true}, {"abc", "abc", true, true},
	    {"abc", "abcd", false, false}, {"abcd", "abc", false, false},
	    {"a*c", "abbbc", true, true},  {"a*c", "ac", true, true},
	    {"a*c", "abbb", false, false}, {"*a*b*", "xxaxxbxx", true, true},
	    {"*ab*", "aab", true, true},   {"*aab", "aaab", true, true},
	    {"**", "", true, true},        {"a**b", "ab", true, true},
	    {"a?c", "abc", false, true},   {"a?c", "ac", false, false},
	    {"a?c", "a?c", true, true},    {"operator*", "operator*", true, true},
	    {"*?", "", false, false},      {"*?", "x", false, true},
	    {"[a]", "a", false, false},    {"\\*", "*", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (wildcard_match(rows[i].pattern, rows[i].name, false) != rows[i].matches ||
		    wildcard_match(rows[i].pattern, rows[i].name, true) != rows[i].with_question_mark)
			fail_msg("%s against %s", rows[i].pattern, rows[i].name);
	}
}

/* Exponential ones would not end. */
static void many_stars(void **state)
{
	char pattern[201], *name = malloc(100001);

	(void)state;
	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[200] = '\0';
	memset(name, 'a', 100000);
	name[100000] = '\0';
	assert_true(wildcard_match(pattern, name, false));
	name[99999] = 'b';
	assert_false(wildcard_match(pattern, name, false));
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_names),
	    cmocka_unit_test(many_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
