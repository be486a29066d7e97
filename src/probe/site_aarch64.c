/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/decode.h"

/* What arm_probe_decode_insn() in arch/arm64/kernel/probes/decode-insn.c simulates: branches, and adr and adrp. */
static bool kernel_emulates(const struct decoder *decoder)
{
	uint64_t target;

	switch (decoder->instruction->id) {
	case ARM64_INS_ADR:
	case ARM64_INS_ADRP:
	case ARM64_INS_BR:
		return true;
	default:
		return decoder_jump(decoder, &target) || decoder_calls(decoder) || decoder_returns(decoder);
	}
}

int site_choose(const uint8_t *code, size_t size, uint64_t address, uint32_t needed, bool wants_return,
                struct site *site)
{
	struct decoder decoder;
	size_t at = 0;
	int err = decoder_open(&decoder);

	(void)needed;
	(void)wants_return;
	if (err)
		return err;
	memset(site, 0, sizeof(*site));
	if (!decoder_next(&decoder, code, size, address, &at) || !decoder_valid(&decoder)) {
		err = -EINVAL;
		goto out;
	}
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		site->argument[i] = (uint8_t)i;
	site->emulated = kernel_emulates(&decoder);
	snprintf(site->instruction, sizeof(site->instruction), "%.14s%s%.32s", decoder.instruction->mnemonic,
	         decoder.instruction->op_str[0] ? " " : "", decoder.instruction->op_str);
out:
	decoder_close(&decoder);
	return err;
}
