// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/moment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "util/number.h"

#define NS_PER_SECOND 1000000000LL
#define SECONDS_PER_DAY 86400

/* "Z", "+01:00", "": to seconds east; false: none of these. */
static bool parse_zone(const char *text, const struct tm *local, time_t *seconds)
{
	const char *rest = text[0] == '+' || text[0] == '-' ? text + 1 : "";
	struct tm copy = *local, zone;

	if (!*text) {
		copy.tm_isdst = -1;
		*seconds = mktime(&copy);
		return *seconds != -1;
	}
	copy.tm_isdst = 0;
	*seconds = timegm(&copy);
	if (!strcmp(text, "Z"))
		return true;
	memset(&zone, 0, sizeof(zone));
	rest = strptime(rest, "%H:%M", &zone);
	if (!rest || *rest)
		return false;
	*seconds -= (text[0] == '-' ? -1 : 1) * (zone.tm_hour * 60 + zone.tm_min) * 60;
	return true;
}

/* A date with a time. */
static bool parse_date(const char *text, time_t *seconds)
{
	struct tm local;
	const char *rest;

	memset(&local, 0, sizeof(local));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &local);
	if (!rest)
		rest = strptime(text, "%Y-%m-%d %H:%M:%S", &local);
	if (!rest)
		rest = strptime(text, "%Y-%m-%dT%H:%M", &local);
	return rest && parse_zone(rest, &local, seconds);
}

/* A time of day: the last one that is not behind `until`. */
static bool parse_clock(const char *text, time_t until, time_t *seconds)
{
	struct tm local, day;
	const char *rest;

	memset(&local, 0, sizeof(local));
	rest = strptime(text, "%H:%M:%S", &local);
	if (!rest || *rest)
		rest = strptime(text, "%H:%M", &local);
	if (!rest || *rest || !localtime_r(&until, &day))
		return false;
	day.tm_hour = local.tm_hour;
	day.tm_min = local.tm_min;
	day.tm_sec = local.tm_sec;
	day.tm_isdst = -1;
	*seconds = mktime(&day);
	if (*seconds > until)
		*seconds -= SECONDS_PER_DAY;
	return true;
}

static int parse(const struct moment *moments, size_t n, const char *text, int64_t *time_ns)
{
	uint64_t ns;
	time_t seconds;

	if (text[0] == '+' || text[0] == '@') {
		if (number_parse_seconds(text + 1, &ns))
			return -EINVAL;
		*time_ns = (int64_t)ns;
		if (text[0] == '+' && __builtin_add_overflow(*time_ns, (int64_t)moments[0].time_unix_ns, time_ns))
			return -EINVAL;
		return 0;
	}
	if (!parse_date(text, &seconds) &&
	    !parse_clock(text, (time_t)(moments[n - 1].time_unix_ns / NS_PER_SECOND), &seconds))
		return -EINVAL;
	/* All of that second. */
	if (__builtin_mul_overflow((int64_t)seconds, NS_PER_SECOND, time_ns) ||
	    __builtin_add_overflow(*time_ns, NS_PER_SECOND - 1, time_ns))
		return -EINVAL;
	return 0;
}

int moment_find(const struct moment *moments, size_t n, const char *time, size_t *index)
{
	int64_t time_ns;
	int error = parse(moments, n, time, &time_ns);

	if (error)
		return error;
	/* A clock may have been set back meanwhile. */
	for (size_t i = n; i-- > 0 && time_ns >= 0;) {
		if (moments[i].time_unix_ns <= (uint64_t)time_ns) {
			*index = i;
			return 0;
		}
	}
	return -ERANGE;
}

size_t moment_peak(const struct moment *moments, size_t n)
{
	size_t peak = 0;

	for (size_t i = 1; i < n; i++) {
		if (moments[i].live_bytes > moments[peak].live_bytes)
			peak = i;
	}
	return peak;
}
