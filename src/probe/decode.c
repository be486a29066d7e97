/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/decode.h"

#include <errno.h>

#include "probe/machine.h"

#define INVALID 0 /* of every machine's instructions */

int decoder_open(struct decoder *decoder)
{
	if (cs_open(MACHINE_CAPSTONE, &decoder->capstone) != CS_ERR_OK)
		return -ENOTSUP;
	cs_option(decoder->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	decoder->instruction = cs_malloc(decoder->capstone);
	if (!decoder->instruction) {
		cs_close(&decoder->capstone);
		return -ENOMEM;
	}
	return 0;
}

void decoder_close(struct decoder *decoder)
{
	cs_free(decoder->instruction, 1);
	cs_close(&decoder->capstone);
}

bool decoder_next(struct decoder *decoder, const uint8_t *code, size_t size, uint64_t address, size_t *at)
{
	const uint8_t *next = code + *at;
	size_t left = size - *at, passed;
	uint64_t here = address + *at;

	if (*at >= size)
		return false;
	passed = left < MACHINE_CODE_ALIGN_BYTES ? left : MACHINE_CODE_ALIGN_BYTES;
	if (cs_disasm_iter(decoder->capstone, &next, &left, &here, decoder->instruction)) {
		*at = size - left;
		return true;
	}
	decoder->instruction->id = INVALID;
	decoder->instruction->address = address + *at;
	decoder->instruction->size = (uint16_t)passed;
	*at += passed;
	return true;
}

bool decoder_valid(const struct decoder *decoder)
{
	return decoder->instruction->id != INVALID;
}

bool decoder_in_group(const struct decoder *decoder, unsigned int group)
{
	return decoder_valid(decoder) && cs_insn_group(decoder->capstone, decoder->instruction, group);
}
