// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_US 1000

static void clock_format(char text[CLOCK_SIZE], const char *format, uint64_t unix_ns, bool utc)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
	struct tm parts;

	if (!(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) ||
	    !strftime(text, CLOCK_SIZE, format, &parts))
		text[0] = '\0';
}

void clock_time(char text[CLOCK_SIZE], uint64_t unix_ns, bool utc)
{
	clock_format(text, "%H:%M:%S", unix_ns, utc);
}

void clock_date(char text[CLOCK_SIZE], uint64_t unix_ns, bool utc)
{
	clock_format(text, "%Y-%m-%d %H:%M:%S", unix_ns, utc);
}

void clock_rfc3339(char text[CLOCK_SIZE], uint64_t unix_ns)
{
	size_t length;

	clock_format(text, "%Y-%m-%dT%H:%M:%S", unix_ns, true);
	length = strlen(text);
	snprintf(text + length, CLOCK_SIZE - length, ".%06uZ", (unsigned int)(unix_ns % NS_PER_SECOND / NS_PER_US));
}
