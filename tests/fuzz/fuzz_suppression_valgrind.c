// SPDX-License-Identifier: GPL-2.0-or-later
/* Suppressions in valgrind's form: any bytes, of which a brace makes it this form. */
#include "fuzz/suppression_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* A copy of exactly that size, so that reading beyond it is noticed. */
	char *text = malloc(n + !n);

	if (!text)
		abort();
	memcpy(text, bytes, n);
	suppression_text_try(text, n);
	free(text);
	return 0;
}
