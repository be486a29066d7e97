// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a baseline; what is taken is written and must be taken again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct baseline *baseline, *again;
	char error[512] = "", *text = NULL;
	size_t size;
	FILE *out;

	if (baseline_parse("file", (const char *)bytes, n, &baseline, error, sizeof(error))) {
		if (!error[0] || baseline)
			abort();
		return 0;
	}
	out = open_memstream(&text, &size);
	if (!out || baseline_write(out, baseline) || fclose(out))
		abort();
	if (baseline_parse("file", text, size, &again, error, sizeof(error)))
		abort();
	free(text);
	baseline_free(baseline);
	baseline_free(again);
	return 0;
}
