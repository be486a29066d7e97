// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/wildcard.h"

#include <stddef.h>

bool wildcard_match(const char *pattern, const char *name, bool question_mark)
{
	/* Where to go on when it fits no more: the last '*' then stands for one character more. */
	const char *behind_star = NULL, *retry = NULL;

	while (*name) {
		if (*pattern == '*') {
			behind_star = ++pattern;
			retry = name;
		} else if (*pattern == *name || (question_mark && *pattern == '?')) {
			pattern++;
			name++;
		} else if (behind_star) {
			pattern = behind_star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
