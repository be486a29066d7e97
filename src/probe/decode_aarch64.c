/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A64 instructions. What Capstone leaves open is read off the encoding: Arm Architecture Reference Manual, C4.1.
 */
#include "probe/decode.h"

#include <string.h>

#include "probe/machine.h"

#define SP 31
#define BTI_C 0xd503245fU
#define PAGE_MASK 0xfffULL

static uint32_t word_at(const uint8_t *code)
{
	uint32_t word;

	memcpy(&word, code, sizeof(word));
	return word;
}

static int64_t sign_extended(uint64_t value, unsigned int bits)
{
	return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

bool decoder_calls(const struct decoder *decoder)
{
	return decoder->instruction->id == ARM64_INS_BL || decoder->instruction->id == ARM64_INS_BLR;
}

static bool is_jump(const struct decoder *decoder)
{
	switch (decoder->instruction->id) {
	case ARM64_INS_B:
	case ARM64_INS_BR:
	case ARM64_INS_CBZ:
	case ARM64_INS_CBNZ:
	case ARM64_INS_TBZ:
	case ARM64_INS_TBNZ:
		return true;
	default:
		return false;
	}
}

/* The target is the last operand, behind what a conditional branch tests. */
static bool immediate(const struct decoder *decoder, uint64_t *target)
{
	const cs_arm64 *arm64 = &decoder->instruction->detail->arm64;

	if (!arm64->op_count || arm64->operands[arm64->op_count - 1].type != ARM64_OP_IMM)
		return false;
	*target = (uint64_t)arm64->operands[arm64->op_count - 1].imm;
	return true;
}

bool decoder_jump(const struct decoder *decoder, uint64_t *target)
{
	return is_jump(decoder) && immediate(decoder, target);
}

bool decoder_call(const struct decoder *decoder, uint64_t *target)
{
	return decoder_calls(decoder) && immediate(decoder, target);
}

bool decoder_returns(const struct decoder *decoder)
{
	return decoder->instruction->id == ARM64_INS_RET;
}

bool decoder_system_call(const struct decoder *decoder)
{
	return decoder->instruction->id == ARM64_INS_SVC;
}

bool decoder_leaves(const struct decoder *decoder)
{
	switch (decoder->instruction->id) {
	case ARM64_INS_BRK:
	case ARM64_INS_ERET:
	case ARM64_INS_HLT:
	case ARM64_INS_HVC:
	case ARM64_INS_SMC:
		return true;
	default:
		return is_jump(decoder) || decoder_calls(decoder) || decoder_returns(decoder) ||
		       decoder_system_call(decoder);
	}
}

/* There is none: a jump goes through a register. */
bool decoder_slot(const struct decoder *decoder, uint64_t *slot)
{
	(void)decoder;
	(void)slot;
	return false;
}

static bool is_atomic(uint32_t word)
{
	return (word & 0x3b200c00U) == 0x38200000U;
}

/* Of loads and stores of single registers opc says which it is: of vectors also 2 is a store. */
static bool stores_register(uint32_t word)
{
	uint32_t opc = word >> 22 & 3;
	bool is_vector = word >> 26 & 1;

	return opc == 0 || (is_vector && opc == 2);
}

bool decoder_stores(const struct decoder *decoder)
{
	uint32_t word = word_at(decoder->instruction->bytes);

	if ((word & 0x0a000000U) != 0x08000000U) /* neither load nor store */
		return false;
	if (is_atomic(word))
		return true;
	if ((word >> 5 & 31) == SP)
		return false;
	if ((word & 0x3b000000U) == 0x18000000U) /* of a literal */
		return false;
	return (word & 0x38000000U) == 0x38000000U ? stores_register(word) : !(word >> 22 & 1);
}

bool decode_find_call(const uint8_t *bytes, size_t size, uint64_t address, size_t *at, uint64_t *target)
{
	for (; size >= MACHINE_CALL_BYTES && *at <= size - MACHINE_CALL_BYTES; *at += MACHINE_CODE_ALIGN_BYTES) {
		uint32_t word = word_at(bytes + *at);

		if (word >> 26 != 0x25) /* bl */
			continue;
		*target = address + *at + (uint64_t)(4 * sign_extended(word & 0x3ffffffU, 26));
		return true;
	}
	return false;
}

/* [bti c] adrp x16, page; ldr x17, [x16, #offset] */
bool decode_stub(const uint8_t *code, size_t size, uint64_t address, uint64_t *slot)
{
	uint32_t adrp, ldr;
	size_t at = 0;

	if (size >= 4 && word_at(code) == BTI_C)
		at = 4;
	if (size < at + 8)
		return false;
	adrp = word_at(code + at);
	ldr = word_at(code + at + 4);
	if ((adrp & 0x9f00001fU) != 0x90000010U || (ldr & 0xffc003ffU) != 0xf9400211U)
		return false;
	*slot = ((address + at) & ~PAGE_MASK) +
	        ((uint64_t)sign_extended((uint64_t)(adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3), 21) << 12) +
	        8 * (uint64_t)(ldr >> 10 & 0xfff);
	return true;
}
