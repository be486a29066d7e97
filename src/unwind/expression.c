// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/expression.h"

#include "unwind/cursor.h"

/* DWARF 5 section 7.7.1. */
enum {
	OP_deref = 0x06,
	OP_const1u = 0x08,
	OP_const1s,
	OP_const2u,
	OP_const2s,
	OP_const4u,
	OP_const4s,
	OP_const8u,
	OP_const8s,
	OP_constu,
	OP_consts,
	OP_minus = 0x1c,
	OP_plus = 0x22,
	OP_plus_uconst = 0x23,
	OP_lit0 = 0x30,
	OP_lit31 = 0x4f,
	OP_breg0 = 0x70,
	OP_breg31 = 0x8f,
	OP_bregx = 0x92,
	OP_deref_size = 0x94,
	OP_nop = 0x96,
};

/* A value that is not known yet, by how it will be come by. */
struct value {
	enum { CONSTANT, OF_REGISTER, OF_MEMORY } kind;
	uint64_t number;  /* of the register */
	uint64_t offset;  /* the constant; or added to the register, before it is read through */
	uint64_t further; /* added to what was read */
};

#define STACK_MAX 4

struct evaluation {
	struct value stack[STACK_MAX];
	unsigned int depth;
};

static bool push(struct evaluation *evaluation, struct value value)
{
	if (evaluation->depth == STACK_MAX)
		return false;
	evaluation->stack[evaluation->depth++] = value;
	return true;
}

static bool push_constant(struct evaluation *evaluation, uint64_t constant)
{
	return push(evaluation, (struct value){.kind = CONSTANT, .offset = constant});
}

static bool push_register(struct evaluation *evaluation, uint64_t number, int64_t offset)
{
	return push(evaluation, (struct value){.kind = OF_REGISTER, .number = number, .offset = (uint64_t)offset});
}

static bool add(struct evaluation *evaluation, uint64_t addend)
{
	struct value *top;

	if (evaluation->depth == 0)
		return false;
	top = &evaluation->stack[evaluation->depth - 1];
	if (top->kind == OF_MEMORY)
		top->further += addend;
	else
		top->offset += addend;
	return true;
}

static bool dereference(struct evaluation *evaluation)
{
	struct value *top;

	if (evaluation->depth == 0)
		return false;
	top = &evaluation->stack[evaluation->depth - 1];
	if (top->kind != OF_REGISTER)
		return false;
	top->kind = OF_MEMORY;
	return true;
}

/* Sum or difference of the two on top, where one of them is a constant. */
static bool combine(struct evaluation *evaluation, bool minus)
{
	struct value *first, second;

	if (evaluation->depth < 2)
		return false;
	second = evaluation->stack[--evaluation->depth];
	first = &evaluation->stack[evaluation->depth - 1];
	if (second.kind == CONSTANT)
		return add(evaluation, minus ? -second.offset : second.offset);
	if (first->kind != CONSTANT || minus)
		return false;
	second.kind == OF_MEMORY ? (second.further += first->offset) : (second.offset += first->offset);
	*first = second;
	return true;
}

static bool constant(struct evaluation *evaluation, struct cursor *cursor, uint8_t op)
{
	switch (op) {
	case OP_const1u:
		return push_constant(evaluation, cursor_u8(cursor));
	case OP_const1s:
		return push_constant(evaluation, (uint64_t)(int8_t)cursor_u8(cursor));
	case OP_const2u:
		return push_constant(evaluation, cursor_u16(cursor));
	case OP_const2s:
		return push_constant(evaluation, (uint64_t)(int16_t)cursor_u16(cursor));
	case OP_const4u:
		return push_constant(evaluation, cursor_u32(cursor));
	case OP_const4s:
		return push_constant(evaluation, (uint64_t)(int32_t)cursor_u32(cursor));
	case OP_const8u:
	case OP_const8s:
		return push_constant(evaluation, cursor_u64(cursor));
	case OP_constu:
		return push_constant(evaluation, cursor_uleb(cursor));
	case OP_consts:
		return push_constant(evaluation, (uint64_t)cursor_sleb(cursor));
	default:
		return false;
	}
}

static bool operation(struct evaluation *evaluation, struct cursor *cursor, uint8_t op)
{
	uint64_t number;

	if (op >= OP_lit0 && op <= OP_lit31)
		return push_constant(evaluation, op - OP_lit0);
	if (op >= OP_breg0 && op <= OP_breg31)
		return push_register(evaluation, op - OP_breg0, cursor_sleb(cursor));
	switch (op) {
	case OP_bregx:
		number = cursor_uleb(cursor);
		return push_register(evaluation, number, cursor_sleb(cursor));
	case OP_deref_size:
		return cursor_u8(cursor) == 8 && dereference(evaluation);
	case OP_deref:
		return dereference(evaluation);
	case OP_plus_uconst:
		return add(evaluation, cursor_uleb(cursor));
	case OP_plus:
	case OP_minus:
		return combine(evaluation, op == OP_minus);
	case OP_nop:
		return true;
	default:
		return constant(evaluation, cursor, op);
	}
}

static bool evaluate(const uint8_t *bytes, size_t size, struct value *result)
{
	struct cursor cursor = {.at = bytes, .end = bytes + size};
	struct evaluation evaluation = {.depth = 0};

	while (cursor.at < cursor.end) {
		if (!operation(&evaluation, &cursor, cursor_u8(&cursor)) || cursor.failed)
			return false;
	}
	if (evaluation.depth == 0)
		return false;
	*result = evaluation.stack[evaluation.depth - 1];
	return true;
}

static bool fits_32(uint64_t value)
{
	return (uint64_t)(int32_t)value == value;
}

static bool fits_16(uint64_t value)
{
	return (uint64_t)(int16_t)value == value;
}

/*
 * What linkers write for .plt, where a push stands between two jumps at the same place of every entry:
 * rsp + 8 + ((rip & 15) >= N) << 3.
 */
static bool is_plt(const struct machine *machine, const uint8_t *bytes, size_t size, int32_t *pushed_at)
{
	static const uint8_t before[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a}, after[] = {0x2a, 0x33, 0x24, 0x22};

	if (machine->is_arm || size != sizeof(before) + 1 + sizeof(after) ||
	    memcmp(bytes, before, sizeof(before)) != 0 ||
	    memcmp(bytes + sizeof(before) + 1, after, sizeof(after)) != 0 || bytes[sizeof(before)] < OP_lit0 ||
	    bytes[sizeof(before)] > OP_lit31)
		return false;
	*pushed_at = bytes[sizeof(before)] - OP_lit0;
	return true;
}

static void cfa_of_register(const struct value *value, unsigned int base, struct unwind_rule *rule)
{
	if (base == REGISTER_SP || base == REGISTER_FP) {
		rule->cfa = base == REGISTER_SP ? UNWIND_SP : UNWIND_FP;
	} else {
		rule->cfa = UNWIND_REGISTER;
		rule->second_offset = (int16_t)(base - REGISTER_SAVED);
	}
	rule->cfa_offset = (int32_t)value->offset;
}

static void cfa_of_memory(const struct value *value, unsigned int base, struct unwind_rule *rule)
{
	if ((base != REGISTER_SP && base != REGISTER_FP) || !fits_16(value->further))
		return;
	rule->cfa = base == REGISTER_SP ? UNWIND_DEREF_SP : UNWIND_DEREF_FP;
	rule->cfa_offset = (int32_t)value->offset;
	rule->second_offset = (int16_t)value->further;
}

void expression_cfa(const struct machine *machine, const uint8_t *bytes, size_t size, struct unwind_rule *rule)
{
	struct value value;
	unsigned int base;
	int32_t pushed_at;

	rule->cfa = UNWIND_BAD;
	rule->cfa_offset = 0;
	rule->second_offset = 0;
	if (is_plt(machine, bytes, size, &pushed_at)) {
		rule->cfa = UNWIND_PLT;
		rule->cfa_offset = pushed_at;
		return;
	}
	if (!evaluate(bytes, size, &value) || value.kind == CONSTANT || !fits_32(value.offset))
		return;
	base = machine_register(machine, value.number);
	if (base == REGISTER_OTHER || base == REGISTER_RETURN)
		return;
	if (value.kind == OF_REGISTER)
		cfa_of_register(&value, base, rule);
	else
		cfa_of_memory(&value, base, rule);
}

bool expression_is_fp(const struct machine *machine, const uint8_t *bytes, size_t size, int32_t *offset)
{
	struct value value;

	if (!evaluate(bytes, size, &value) || value.kind != OF_REGISTER ||
	    machine_register(machine, value.number) != REGISTER_FP || !fits_32(value.offset))
		return false;
	*offset = (int32_t)value.offset;
	return true;
}
