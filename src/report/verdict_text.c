// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/verdict_text.h"

#include <inttypes.h>
#include <stdbool.h>

#include "util/quantity.h"

#define NS_PER_S 1000000000ULL
#define MINUTE_S 60.0
#define HOUR_S 3600.0
/* A slope of less than this in a minute is told for an hour. */
#define MINUTE_BYTES_MIN 1024

/* "850 ms", "12 s", "10 min", "14 h", "3 days", "119 years": as much as one cares to know */
static void write_time(FILE *out, uint64_t ns)
{
	static const struct {
		uint64_t ns, from_ns;
		const char *unit;
	} units[] = {
	    {365 * 24 * 3600 * NS_PER_S, 2 * 365 * 24 * 3600 * NS_PER_S, "years"},
	    {24 * 3600 * NS_PER_S, 48 * 3600 * NS_PER_S, "days"},
	    {3600 * NS_PER_S, 2 * 3600 * NS_PER_S, "h"},
	    {60 * NS_PER_S, 2 * 60 * NS_PER_S, "min"},
	    {NS_PER_S, 2 * NS_PER_S, "s"},
	    {NS_PER_S / 1000, 0, "ms"},
	};
	size_t i = 0;

	while (ns < units[i].from_ns)
		i++;
	fprintf(out, "%" PRIu64 " %s", ns / units[i].ns, units[i].unit);
}

static void write_growing(FILE *out, const struct verdict *verdict, uint64_t oldest_ns)
{
	bool slow = verdict->bytes_per_s * MINUTE_S < MINUTE_BYTES_MIN;
	double scale = slow ? HOUR_S : MINUTE_S, half_width = verdict->high_bytes_per_s - verdict->bytes_per_s;
	char text[QUANTITY_SIZE];

	fprintf(out, "growing: +%s/%s", quantity_words(text, quantity_of(verdict->bytes_per_s * scale)),
	        slow ? "h" : "min");
	fprintf(out, " (±%s), ", quantity_words(text, quantity_of(half_width * scale)));
	fprintf(out, "%s in ", quantity_words(text, verdict->projected_bytes));
	write_time(out, verdict->projected_ns);
	if (oldest_ns) {
		fputs(", oldest block ", out);
		write_time(out, oldest_ns);
		fputs(", never freed", out);
	}
}

static void write_level(FILE *out, const struct verdict *verdict)
{
	char text[QUANTITY_SIZE];

	if (verdict->low_bytes != verdict->high_bytes)
		fprintf(out, "between %s and ", quantity_words(text, verdict->low_bytes));
	fprintf(out, "%s in the last ", quantity_words(text, verdict->high_bytes));
	write_time(out, verdict->window_ns);
}

void verdict_words_write(FILE *out, const struct verdict *verdict, uint64_t oldest_ns)
{
	switch (verdict->kind) {
	case VERDICT_GROWING:
		write_growing(out, verdict, oldest_ns);
		break;
	case VERDICT_BOUNDED:
		fputs("bounded: ", out);
		write_level(out, verdict);
		break;
	case VERDICT_ONE_TIME:
		fputs("one-time: nothing allocated or freed here since, for ", out);
		write_time(out, verdict->window_ns);
		break;
	case VERDICT_CHURNING:
		fputs("churning: a block lives ", out);
		write_time(out, verdict->lifetime_ns);
		fputs(" on average; ", out);
		write_level(out, verdict);
		break;
	case VERDICT_NONE:
	case VERDICT_COUNT:
		break;
	}
}

void verdict_text_write(FILE *out, const struct verdict *verdict, uint64_t oldest_ns, const char *indent)
{
	if (verdict->kind == VERDICT_NONE)
		return;
	fputs(indent, out);
	verdict_words_write(out, verdict, oldest_ns);
	fputc('\n', out);
}
