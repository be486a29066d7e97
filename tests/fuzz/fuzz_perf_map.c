// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a /tmp/perf-PID.map. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = malloc(n + 1);
	struct perf_map map;

	if (!text)
		abort();
	memcpy(text, bytes, n);
	if (perf_map_parse(&map, text, n))
		return 0;
	for (size_t i = 0; i < map.n && i < 64; i++) {
		const struct perf_symbol *symbol = perf_map_find(&map, map.symbols[i].start);

		/* Some line holds there, this or a later one. */
		if (!symbol || symbol < &map.symbols[i] || !symbol->name[0])
			abort();
	}
	perf_map_clear(&map);
	return 0;
}
