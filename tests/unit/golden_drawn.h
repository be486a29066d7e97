/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the same in every report of the drawn forms stands in none of the golden files. Behind cmocka.h. */
#ifndef MEMTRACE_TESTS_GOLDEN_DRAWN_H
#define MEMTRACE_TESTS_GOLDEN_DRAWN_H

#include <stdio.h>
#include <string.h>

#include "report/html_data.h"
#include "report/renderer.h"

/* The data of --format html alone, which a build without the page has, too; the caller frees it. */
static inline char *drawn_data(const struct snapshot *snapshot, const struct render_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(html_data_write(out, snapshot, options), 0);
	fclose(out);
	return text;
}

/* Takes the insides of the style and the script out of an SVG file. */
static inline void drawn_strip(char *svg)
{
	static const char open[] = "<![CDATA[", close[] = "]]>";
	int taken = 0;

	for (char *at = strstr(svg, open); at; at = strstr(at + sizeof(open) - 1, open)) {
		char *inside = at + sizeof(open) - 1, *end = strstr(inside, close);

		assert_non_null(end);
		memmove(inside, end, strlen(end) + 1);
		taken++;
	}
	assert_int_equal(taken, 2);
}

#endif
