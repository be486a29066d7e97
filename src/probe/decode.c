/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/decode.h"

#include <errno.h>

int decoder_open(struct decoder *decoder)
{
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->capstone) != CS_ERR_OK)
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
	size_t left = size - *at;
	uint64_t here = address + *at;

	if (*at >= size)
		return false;
	if (cs_disasm_iter(decoder->capstone, &next, &left, &here, decoder->instruction)) {
		*at = size - left;
		return true;
	}
	decoder->instruction->id = X86_INS_INVALID;
	decoder->instruction->address = address + *at;
	decoder->instruction->size = 1;
	++*at;
	return true;
}

static bool in_group(const struct decoder *decoder, unsigned int group)
{
	return decoder->instruction->id != X86_INS_INVALID &&
	       cs_insn_group(decoder->capstone, decoder->instruction, group);
}

static bool is_call(const struct decoder *decoder)
{
	return decoder->instruction->id == X86_INS_CALL || decoder->instruction->id == X86_INS_LCALL;
}

/* Some jumps are not in Capstone 4's group of jumps. */
static bool is_jump(const struct decoder *decoder)
{
	switch (decoder->instruction->id) {
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
	case X86_INS_JCXZ:
	case X86_INS_JECXZ:
	case X86_INS_JRCXZ:
	case X86_INS_LJMP:
	case X86_INS_XBEGIN:
		return true;
	default:
		return in_group(decoder, X86_GRP_JUMP) && !is_call(decoder);
	}
}

static bool immediate(const struct decoder *decoder, uint64_t *target)
{
	const cs_x86 *x86 = &decoder->instruction->detail->x86;

	if (x86->op_count != 1 || x86->operands[0].type != X86_OP_IMM)
		return false;
	*target = (uint64_t)x86->operands[0].imm;
	return true;
}

bool decoder_jump(const struct decoder *decoder, uint64_t *target)
{
	return is_jump(decoder) && immediate(decoder, target);
}

bool decoder_call(const struct decoder *decoder, uint64_t *target)
{
	return is_call(decoder) && immediate(decoder, target);
}

bool decoder_leaves(const struct decoder *decoder)
{
	return is_jump(decoder) || is_call(decoder) || decoder->instruction->id == X86_INS_SYSCALL ||
	       in_group(decoder, X86_GRP_RET) || in_group(decoder, X86_GRP_IRET) || in_group(decoder, X86_GRP_INT);
}

bool decoder_slot(const struct decoder *decoder, uint64_t *slot)
{
	const cs_insn *instruction = decoder->instruction;
	const cs_x86_op *operand;

	if (!is_jump(decoder) && !is_call(decoder))
		return false;
	operand = &instruction->detail->x86.operands[0];
	if (instruction->detail->x86.op_count != 1 || operand->type != X86_OP_MEM || operand->mem.base != X86_REG_RIP ||
	    operand->mem.index != X86_REG_INVALID || operand->mem.segment != X86_REG_INVALID)
		return false;
	*slot = instruction->address + instruction->size + (uint64_t)operand->mem.disp;
	return true;
}
