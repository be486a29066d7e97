/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a function: the site is an instruction of it, and the arguments can be read there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/decode.h"
#include "probe/site.h"

static int is_boundary(const uint8_t *code, size_t size, size_t offset)
{
	struct decoder decoder;
	size_t at = 0;

	if (decoder_open(&decoder))
		abort();
	while (at < offset && decoder_next(&decoder, code, size, 0, &at))
		;
	decoder_close(&decoder);
	return at == offset;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses what is asked for, the rest is code. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t needed = size ? data[0] & 63 : 0;
	struct site site;
	uint8_t *code;

	if (size < 2)
		return 0;
	size--;
	code = malloc(size);
	memcpy(code, data + 1, size);
	if (!site_choose(code, size, 0x1000, needed, data[0] & 64, &site)) {
		if (site.offset >= size || !is_boundary(code, size, site.offset) || (site.offset && !site.emulated) ||
		    ((data[0] & 64) && site.pushed_words))
			abort();
		for (int i = 0; i < SITE_ARGUMENTS; i++)
			if (needed & 1u << i && site.argument[i] > 15)
				abort();
	}
	free(code);
	return 0;
}
