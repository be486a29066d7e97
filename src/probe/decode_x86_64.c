/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/decode.h"

#include <string.h>

#include "probe/machine.h"

#define CALL_OPCODE 0xe8

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

bool decoder_calls(const struct decoder *decoder)
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
		return decoder_in_group(decoder, X86_GRP_JUMP) && !decoder_calls(decoder);
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
	return decoder_calls(decoder) && immediate(decoder, target);
}

bool decoder_leaves(const struct decoder *decoder)
{
	return is_jump(decoder) || decoder_calls(decoder) || decoder->instruction->id == X86_INS_SYSCALL ||
	       decoder_in_group(decoder, X86_GRP_RET) || decoder_in_group(decoder, X86_GRP_IRET) ||
	       decoder_in_group(decoder, X86_GRP_INT);
}

bool decoder_slot(const struct decoder *decoder, uint64_t *slot)
{
	const cs_insn *instruction = decoder->instruction;
	const cs_x86_op *operand;

	if (!is_jump(decoder) && !decoder_calls(decoder))
		return false;
	operand = &instruction->detail->x86.operands[0];
	if (instruction->detail->x86.op_count != 1 || operand->type != X86_OP_MEM || operand->mem.base != X86_REG_RIP ||
	    operand->mem.index != X86_REG_INVALID || operand->mem.segment != X86_REG_INVALID)
		return false;
	*slot = instruction->address + instruction->size + (uint64_t)operand->mem.disp;
	return true;
}

bool decoder_returns(const struct decoder *decoder)
{
	return decoder_in_group(decoder, X86_GRP_RET);
}

bool decoder_system_call(const struct decoder *decoder)
{
	return decoder->instruction->id == X86_INS_SYSCALL;
}

static bool is_read_only(unsigned int id)
{
	switch (id) {
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_BT:
	case X86_INS_PUSH:
	case X86_INS_NOP:
	case X86_INS_MUL:
	case X86_INS_DIV:
		return true;
	default:
		return false;
	}
}

bool decoder_stores(const struct decoder *decoder)
{
	const cs_insn *instruction = decoder->instruction;
	const cs_x86 *x86 = &instruction->detail->x86;
	const cs_x86_op *to = &x86->operands[0];

	if (x86->prefix[0]) /* lock; rep: string instructions store without an operand that says so */
		return true;
	if (x86->op_count == 0 || to->type != X86_OP_MEM || is_read_only(instruction->id) ||
	    (x86->op_count == 1 && instruction->id == X86_INS_IMUL))
		return x86->op_count > 1 && x86->operands[1].type == X86_OP_MEM && instruction->id == X86_INS_XCHG;
	return !(instruction->id == X86_INS_MOV && to->mem.segment == X86_REG_FS &&
	         x86->operands[1].type == X86_OP_IMM);
}

bool decode_find_call(const uint8_t *bytes, size_t size, uint64_t address, size_t *at, uint64_t *target)
{
	const uint8_t *found;
	int32_t displacement;

	if (size < MACHINE_CALL_BYTES || *at > size - MACHINE_CALL_BYTES)
		return false;
	found = memchr(bytes + *at, CALL_OPCODE, size - MACHINE_CALL_BYTES + 1 - *at);
	if (!found)
		return false;
	*at = (size_t)(found - bytes);
	memcpy(&displacement, found + 1, sizeof(displacement));
	*target = address + *at + MACHINE_CALL_BYTES + (uint64_t)(int64_t)displacement;
	return true;
}

/* [endbr64] [bnd] jmp *disp32(%rip) */
bool decode_stub(const uint8_t *code, size_t size, uint64_t address, uint64_t *slot)
{
	int32_t displacement;
	size_t at = 0;

	if (size >= sizeof(endbr64) && !memcmp(code, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (at < size && code[at] == 0xf2)
		at++;
	if (size < at + 6 || code[at] != 0xff || code[at + 1] != 0x25)
		return false;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	*slot = address + at + 6 + (uint64_t)(int64_t)displacement;
	return true;
}
