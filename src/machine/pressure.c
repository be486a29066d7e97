// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/pressure.h"

#include "machine/text.h"

#define PERCENT_MAX 100

/* "12.34" of a percent in hundredths. */
static bool parse_percent(struct span word, uint32_t *hundredths)
{
	struct span whole;
	uint64_t percent, part;

	if (!span_until(&word, '.', &whole) || !span_decimal(whole, &percent) || word.length != 2 ||
	    !span_decimal(word, &part) || percent > PERCENT_MAX)
		return false;
	*hundredths = (uint32_t)(percent * 100 + part);
	return true;
}

static void parse_stall(struct span line, struct machine_stall *stall)
{
	struct span word;
	unsigned int found = 0;

	while (span_word(&line, &word)) {
		if (span_skip(&word, "avg10="))
			found += parse_percent(word, &stall->avg10_bp);
		else if (span_skip(&word, "avg60="))
			found += parse_percent(word, &stall->avg60_bp);
		else if (span_skip(&word, "avg300="))
			found += parse_percent(word, &stall->avg300_bp);
		else if (span_skip(&word, "total="))
			found += span_decimal(word, &stall->total_us);
	}
	stall->known = found == 4;
}

void pressure_parse(const char *text, struct machine_pressure *pressure)
{
	struct span line;

	while (text_line(&text, &line)) {
		if (span_skip(&line, "some "))
			parse_stall(line, &pressure->some);
		else if (span_skip(&line, "full "))
			parse_stall(line, &pressure->full);
	}
}
