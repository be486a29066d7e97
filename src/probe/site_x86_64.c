/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a function's first instruction on, everything that may be passed over is passed
 * over until an instruction comes that the kernel emulates. Passed over is only what
 * cannot make the probe miss a call, see it twice or see it late: no branches, no
 * stores but to the stack (a block must not be on a free list before its free is seen),
 * nothing that loops or can raise an exception other than a fault on a load.
 */
#include "probe/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/decode.h"

#define PASSED_MAX_BYTES 64
#define PUSHED_MAX_WORDS 127 /* what a probe's cookie has room for */
#define RSP 4
#define RAX 0
#define RDX 2

static const uint8_t argument_registers[SITE_ARGUMENTS] = {7, 6, 2, 1, 8, 9};

struct walk {
	uint16_t copies[SITE_ARGUMENTS]; /* bit R set: register R holds argument N */
	uint32_t needed;
	uint32_t pushed_words;
	bool wants_return;
};

/*
 * Does the kernel emulate it? By the bytes, as the kernel does: branch_setup_xol_ops
 * and push_setup_xol_ops in arch/x86/kernel/uprobes.c (branches since 3.16, pushes since
 * 4.18; a nop is 0x90 there, the longer ones came after 6.12). Branches with prefixes
 * are left out: the kernel refuses most of them. So is 0x90 with a REX prefix, an xchg
 * that older kernels mistake for a nop. Of the long nops those of five bytes and, in
 * later kernels, of ten would become calls that overwrite the red zone; all are passed
 * over.
 */
static bool kernel_emulates(const uint8_t *code, size_t size)
{
	switch (size) {
	case 1:
		return code[0] == 0x90 || (code[0] & 0xf8) == 0x50;
	case 2:
		return code[0] == 0xeb || (code[0] & 0xf0) == 0x70 || (code[0] == 0x66 && code[1] == 0x90) ||
		       (code[0] == 0x41 && (code[1] & 0xf8) == 0x50);
	case 5:
		return code[0] == 0xe9 || code[0] == 0xe8;
	case 6:
		return code[0] == 0x0f && (code[1] & 0xf0) == 0x80;
	default:
		return false;
	}
}

/* clang-format off */

#define REGISTER(n, r64, r32, r16, r8)                                                                                 \
	case X86_REG_##r64:                                                                                            \
	case X86_REG_##r32:                                                                                            \
	case X86_REG_##r16:                                                                                            \
	case X86_REG_##r8:                                                                                             \
		return n;

/* The number of the general register that this is (a part of), or -1. */
static int register_number(unsigned int capstone_register)
{
	switch (capstone_register) {
		REGISTER(0, RAX, EAX, AX, AL)
		REGISTER(1, RCX, ECX, CX, CL)
		REGISTER(2, RDX, EDX, DX, DL)
		REGISTER(3, RBX, EBX, BX, BL)
		REGISTER(4, RSP, ESP, SP, SPL)
		REGISTER(5, RBP, EBP, BP, BPL)
		REGISTER(6, RSI, ESI, SI, SIL)
		REGISTER(7, RDI, EDI, DI, DIL)
		REGISTER(8, R8, R8D, R8W, R8B)
		REGISTER(9, R9, R9D, R9W, R9B)
		REGISTER(10, R10, R10D, R10W, R10B)
		REGISTER(11, R11, R11D, R11W, R11B)
		REGISTER(12, R12, R12D, R12W, R12B)
		REGISTER(13, R13, R13D, R13W, R13B)
		REGISTER(14, R14, R14D, R14W, R14B)
		REGISTER(15, R15, R15D, R15W, R15B)
	case X86_REG_AH:
		return 0;
	case X86_REG_CH:
		return 1;
	case X86_REG_DH:
		return 2;
	case X86_REG_BH:
		return 3;
	default:
		return -1;
	}
}

/* clang-format on */

/* Instructions that may be passed over, by whether they read or write their first operand. */
static const uint16_t reading[] = {
    X86_INS_NOP, X86_INS_ENDBR64, X86_INS_TEST, X86_INS_CMP,  X86_INS_BT,   X86_INS_PUSH,
    X86_INS_MUL, X86_INS_CDQ,     X86_INS_CQO,  X86_INS_CDQE, X86_INS_CWDE,
};

static const uint16_t writing[] = {
    X86_INS_MOV,    X86_INS_MOVABS, X86_INS_MOVZX,  X86_INS_MOVSX,  X86_INS_MOVSXD, X86_INS_LEA,    X86_INS_XOR,
    X86_INS_OR,     X86_INS_AND,    X86_INS_ADD,    X86_INS_ADC,    X86_INS_SUB,    X86_INS_SBB,    X86_INS_NEG,
    X86_INS_NOT,    X86_INS_INC,    X86_INS_DEC,    X86_INS_SHL,    X86_INS_SHR,    X86_INS_SAR,    X86_INS_SAL,
    X86_INS_ROL,    X86_INS_ROR,    X86_INS_RORX,   X86_INS_SHLX,   X86_INS_SHRX,   X86_INS_SARX,   X86_INS_ANDN,
    X86_INS_IMUL,   X86_INS_BSWAP,  X86_INS_BSF,    X86_INS_BSR,    X86_INS_LZCNT,  X86_INS_TZCNT,  X86_INS_XCHG,
    X86_INS_CMOVA,  X86_INS_CMOVAE, X86_INS_CMOVB,  X86_INS_CMOVBE, X86_INS_CMOVE,  X86_INS_CMOVNE, X86_INS_CMOVG,
    X86_INS_CMOVGE, X86_INS_CMOVL,  X86_INS_CMOVLE, X86_INS_CMOVO,  X86_INS_CMOVNO, X86_INS_CMOVS,  X86_INS_CMOVNS,
    X86_INS_SETA,   X86_INS_SETAE,  X86_INS_SETB,   X86_INS_SETBE,  X86_INS_SETE,   X86_INS_SETNE,  X86_INS_SETG,
    X86_INS_SETGE,  X86_INS_SETL,   X86_INS_SETLE,  X86_INS_SETO,   X86_INS_SETNO,  X86_INS_SETS,   X86_INS_SETNS,
    X86_INS_PXOR,   X86_INS_XORPS,  X86_INS_MOVD,   X86_INS_MOVQ,   X86_INS_MOVAPS, X86_INS_MOVUPS, X86_INS_MOVDQA,
    X86_INS_MOVDQU,
};

static bool is_among(unsigned int id, const uint16_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What an instruction does with its first operand, if it may be passed over. */
enum first_operand { NOT_PASSED, WRITTEN, READ };

static enum first_operand first_operand(unsigned int id)
{
	if (is_among(id, reading, sizeof(reading) / sizeof(reading[0])))
		return READ;
	return is_among(id, writing, sizeof(writing) / sizeof(writing[0])) ? WRITTEN : NOT_PASSED;
}

static bool is_register64(const cs_x86_op *operand, int *number)
{
	*number = operand->type == X86_OP_REG ? register_number(operand->reg) : -1;
	return *number >= 0 && operand->size == 8;
}

static void forget(struct walk *walk, int number)
{
	for (size_t i = 0; number >= 0 && i < SITE_ARGUMENTS; i++)
		walk->copies[i] &= (uint16_t) ~(1u << number);
}

static void copy(struct walk *walk, int to, int from)
{
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		if (walk->copies[i] & 1u << from)
			walk->copies[i] |= (uint16_t)(1u << to);
		else
			walk->copies[i] &= (uint16_t) ~(1u << to);
}

/* The instruction moves the stack pointer: may it be passed over, and by how much does it move? */
static bool pass_stack_move(struct walk *walk, const cs_insn *instruction)
{
	const cs_x86 *x86 = &instruction->detail->x86;
	uint64_t words = 1;

	if (walk->wants_return || x86->prefix[2])
		return false;
	if (instruction->id == X86_INS_SUB && x86->operands[0].size == 8 && x86->operands[1].type == X86_OP_IMM &&
	    x86->operands[1].imm > 0 && x86->operands[1].imm % 8 == 0)
		words = (uint64_t)x86->operands[1].imm / 8;
	else if (instruction->id != X86_INS_PUSH)
		return false;
	if (words > PUSHED_MAX_WORDS - walk->pushed_words)
		return false;
	walk->pushed_words += (uint32_t)words;
	return true;
}

static bool is_stack_slot(const cs_x86_op *operand)
{
	return operand->mem.base == X86_REG_RSP && operand->mem.index == X86_REG_INVALID &&
	       operand->mem.segment == X86_REG_INVALID;
}

/* Registers that the instruction writes without naming them. */
static void forget_implicit(struct walk *walk, const cs_insn *instruction)
{
	switch (instruction->id) {
	case X86_INS_IMUL:
		if (instruction->detail->x86.op_count != 1)
			break;
		/* fall through */
	case X86_INS_MUL:
		forget(walk, RAX);
		forget(walk, RDX);
		break;
	case X86_INS_CDQ:
	case X86_INS_CQO:
		forget(walk, RDX);
		break;
	case X86_INS_CDQE:
	case X86_INS_CWDE:
		forget(walk, RAX);
		break;
	default:
		break;
	}
}

/* Passes over a plain instruction, following what it does to the arguments. False: it may not be passed over. */
static bool pass(struct walk *walk, const cs_insn *instruction)
{
	const cs_x86 *x86 = &instruction->detail->x86;
	const cs_x86_op *to = &x86->operands[0], *from = &x86->operands[1];
	enum first_operand kind = first_operand(instruction->id);
	int to_number = -1, from_number = -1;
	bool wide;

	if (kind == NOT_PASSED || (x86->prefix[0] && instruction->id == X86_INS_XCHG) ||
	    x86->prefix[0] == X86_PREFIX_LOCK)
		return false;
	if (x86->op_count > 0 && to->type == X86_OP_REG)
		to_number = register_number(to->reg);
	if (instruction->id == X86_INS_PUSH || (kind == WRITTEN && to_number == RSP))
		return pass_stack_move(walk, instruction);
	if (kind == WRITTEN && to->type == X86_OP_MEM && (!is_stack_slot(to) || instruction->id == X86_INS_XCHG))
		return false;
	forget_implicit(walk, instruction);
	if (instruction->id == X86_INS_XCHG) {
		if (from->type != X86_OP_REG || register_number(from->reg) == RSP)
			return false;
		forget(walk, to_number);
		forget(walk, register_number(from->reg));
		return true;
	}
	wide = x86->op_count == 2 && is_register64(to, &to_number) && is_register64(from, &from_number);
	if (instruction->id == X86_INS_MOV && wide)
		copy(walk, to_number, from_number);
	else if (kind == WRITTEN)
		forget(walk, to_number);
	return true;
}

static bool arguments_held(const struct walk *walk)
{
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		if (walk->needed & 1u << i && !walk->copies[i])
			return false;
	return true;
}

/* Walks to the first instruction that the kernel emulates: its offset, or 0. */
static size_t find_emulated(struct walk *walk, struct decoder *decoder, const uint8_t *code, size_t size,
                            uint64_t address)
{
	size_t at = 0, here = 0;

	while (here <= PASSED_MAX_BYTES && decoder_next(decoder, code, size, address, &at)) {
		if (!decoder_valid(decoder))
			return 0;
		if (kernel_emulates(code + here, at - here))
			return here;
		if (decoder_leaves(decoder) || !pass(walk, decoder->instruction) || !arguments_held(walk))
			return 0;
		here = at;
	}
	return 0;
}

/*
 * Does any branch of the function go to its first byte or into what is passed over, the
 * site included? Then a call could pass the site more than once, or not at all. (A call
 * of the first byte is a recursion.) Not seen are indirect jumps, which compilers make
 * for the cases of a switch and those come after it, and jumps from other functions.
 */
static bool is_branched_into(struct decoder *decoder, const uint8_t *code, size_t size, uint64_t address, size_t site)
{
	uint64_t target;
	size_t at = 0;

	while (decoder_next(decoder, code, size, address, &at)) {
		if (decoder_jump(decoder, &target) && target >= address && target - address <= site)
			return true;
		if (decoder_call(decoder, &target) && target > address && target - address <= site)
			return true;
	}
	return false;
}

static void describe(struct site *site, struct decoder *decoder, const uint8_t *code, size_t size, uint64_t address)
{
	size_t at = site->offset;
	const cs_insn *instruction = decoder->instruction;

	decoder_next(decoder, code, size, address, &at);
	site->emulated = kernel_emulates(code + site->offset, at - site->offset);
	snprintf(site->instruction, sizeof(site->instruction), "%.14s%s%.32s", instruction->mnemonic,
	         instruction->op_str[0] ? " " : "", instruction->op_str);
}

static void start(struct walk *walk, uint32_t needed, bool wants_return)
{
	memset(walk, 0, sizeof(*walk));
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		walk->copies[i] = (uint16_t)(1u << argument_registers[i]);
	walk->needed = needed;
	walk->wants_return = wants_return;
}

/* The register in which an argument can be read: its own if it is still there. */
static uint8_t holder(uint16_t copies, uint8_t own)
{
	if (copies & 1u << own)
		return own;
	return copies ? (uint8_t)__builtin_ctz(copies) : SITE_NO_REGISTER;
}

int site_choose(const uint8_t *code, size_t size, uint64_t address, uint32_t needed, bool wants_return,
                struct site *site)
{
	struct decoder decoder;
	struct walk walk;
	size_t first = 0;
	int err = decoder_open(&decoder);

	if (err)
		return err;
	memset(site, 0, sizeof(*site));
	err = -EINVAL;
	if (!decoder_next(&decoder, code, size, address, &first) || !decoder_valid(&decoder))
		goto out;
	err = 0;
	start(&walk, needed, wants_return);
	site->offset = (uint32_t)find_emulated(&walk, &decoder, code, size, address);
	if (site->offset && is_branched_into(&decoder, code, size, address, site->offset))
		site->offset = 0;
	if (!site->offset)
		start(&walk, needed, wants_return);
	site->pushed_words = (uint8_t)walk.pushed_words;
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		site->argument[i] = holder(walk.copies[i], argument_registers[i]);
	describe(site, &decoder, code, size, address);
out:
	decoder_close(&decoder);
	return err;
}
