// SPDX-License-Identifier: GPL-2.0-or-later
/* Suppressions in LeakSanitizer's form: the first line is one, any bytes follow. */
#include "fuzz/suppression_text.h"

#define FIRST "leak:first\n"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = malloc(sizeof(FIRST) + n);

	if (!text)
		abort();
	memcpy(text, FIRST, sizeof(FIRST) - 1);
	memcpy(text + sizeof(FIRST) - 1, bytes, n);
	suppression_text_try(text, sizeof(FIRST) - 1 + n);
	free(text);
	return 0;
}
