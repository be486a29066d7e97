// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a symbol. Build and run:
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Isrc -o fuzz_demangle \
 *         tests/fuzz/fuzz_demangle.c src/symbolize/demangle.c src/symbolize/printable.c -l:libiberty.a
 *   ./fuzz_demangle -max_len=4096 -timeout=10
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/demangle.h"
#include "util/printable.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *symbol = strndup((const char *)bytes, n), *shown, *again;

	if (!symbol)
		abort();
	shown = demangle(symbol);
	/* What is printable stays as it is. */
	again = shown ? printable_copy(shown) : NULL;
	if (!again || strlen(shown) > PRINTABLE_MAX || strcmp(shown, again))
		abort();
	free(again);
	free(shown);
	free(symbol);
	return 0;
}
