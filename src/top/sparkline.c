// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/sparkline.h"

#include <stdio.h>
#include <string.h>

/* U+2581 to U+2588 */
#define LEVELS 8

static int level_of(uint64_t value, uint64_t least, uint64_t greatest)
{
	double share = greatest > least ? (double)(value - least) / (double)(greatest - least) : 0;

	return (int)(share * (LEVELS - 1) + 0.5);
}

void sparkline_write(char text[SPARKLINE_SIZE], const uint64_t *values, size_t n, size_t width)
{
	uint64_t least = UINT64_MAX, greatest = 0;
	char *end = text;

	if (width > SPARKLINE_MAX)
		width = SPARKLINE_MAX;
	if (n > width) {
		values += n - width;
		n = width;
	}
	for (size_t i = 0; i < n; i++) {
		least = values[i] < least ? values[i] : least;
		greatest = values[i] > greatest ? values[i] : greatest;
	}
	memset(text, ' ', width - n);
	end += width - n;
	for (size_t i = 0; i < n; i++)
		end += sprintf(end, "\xe2\x96%c", 0x81 + level_of(values[i], least, greatest));
	*end = '\0';
}
