// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/program.h"

#include "unwind/cursor.h"
#include "unwind/expression.h"
#include "unwind/pointer.h"

/* DWARF 5 section 7.24; the Arm and GNU ones from their own documents and binutils' dwarf2.def. */
enum {
	CFA_advance_loc = 0x40, /* these three have an operand in their low six bits */
	CFA_offset = 0x80,
	CFA_restore = 0xc0,
	CFA_nop = 0x00,
	CFA_set_loc,
	CFA_advance_loc1,
	CFA_advance_loc2,
	CFA_advance_loc4,
	CFA_offset_extended,
	CFA_restore_extended,
	CFA_undefined,
	CFA_same_value,
	CFA_register,
	CFA_remember_state,
	CFA_restore_state,
	CFA_def_cfa,
	CFA_def_cfa_register,
	CFA_def_cfa_offset,
	CFA_def_cfa_expression,
	CFA_expression,
	CFA_offset_extended_sf,
	CFA_def_cfa_sf,
	CFA_def_cfa_offset_sf,
	CFA_val_offset,
	CFA_val_offset_sf,
	CFA_val_expression,
	CFA_MIPS_advance_loc8 = 0x1d,
	CFA_AARCH64_negate_ra_state_with_pc = 0x2c,
	CFA_AARCH64_negate_ra_state = 0x2d,
	CFA_GNU_args_size = 0x2e,
	CFA_GNU_negative_offset_extended = 0x2f,
};

#define HIGH_BITS 0xc0
#define LOW_BITS 0x3f

/* Compilers nest remembered states two or three deep. */
#define REMEMBERED_MAX 64

struct program {
	const struct frame_bytes *section;
	const struct machine *machine;
	const struct cie *cie;
	const struct frame_state *initial; /* NULL while running a CIE's own program */
	const struct program_output *output;
	struct cursor cursor;
	struct frame_state state;
	uint64_t origin;
	uint64_t at;       /* offset of the code that the state is for */
	uint64_t from, to; /* offsets: rows are wanted for these */
	unsigned int depth;
	struct frame_state *remembered; /* REMEMBERED_MAX */
};

static uint32_t current_rule(const struct program *program)
{
	struct unwind_rule rule = {.cfa = UNWIND_SIGNAL};
	uint32_t number, flags = 0;

	if (!program->cie->is_signal && !frame_state_rule(&program->state, program->machine, &rule))
		return STEP_UNSAID;
	if (rule.cfa == UNWIND_SIGNAL || rule.cfa == UNWIND_END)
		flags = STEP_KEPT;
	number = rule_set_number(program->output->rules, &rule);
	return number == RULE_NONE ? STEP_UNSAID : number | flags;
}

/* The state has been for the code from program->at to `next`. */
static bool advance_to(struct program *program, uint64_t next)
{
	uint64_t start = program->at > program->from ? program->at : program->from;

	if (!program->initial || next < program->at)
		return false;
	if (start < next && start < program->to)
		steps_add(program->output->steps, (uint32_t)start, current_rule(program));
	program->at = next;
	return true;
}

static bool advance(struct program *program, uint64_t delta)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(delta, program->cie->code_align, &bytes) || bytes > UINT64_MAX - program->at)
		return false;
	return advance_to(program, program->at + bytes);
}

static bool set_location(struct program *program)
{
	uint64_t here = program->section->address + (uint64_t)(program->cursor.at - program->section->bytes);
	uint64_t address = encoded_pointer(&program->cursor, program->cie->encoding, here);

	return !program->cursor.failed && address >= program->origin && advance_to(program, address - program->origin);
}

static void set(struct program *program, uint64_t number, enum register_rule rule, int64_t value)
{
	frame_state_set(&program->state, machine_register(program->machine, number), rule, value);
}

/* Factored offsets are multiplied without regard to overflow: what comes out is a number like any other. */
static int64_t factored(const struct program *program, uint64_t offset)
{
	return (int64_t)(offset * (uint64_t)program->cie->data_align);
}

static void set_offset(struct program *program, uint64_t number, uint64_t offset)
{
	set(program, number, RULE_AT_CFA, factored(program, offset));
}

static bool restore(struct program *program, uint64_t number)
{
	if (!program->initial)
		return false;
	frame_state_restore(&program->state, machine_register(program->machine, number), program->initial);
	return true;
}

static bool remember(struct program *program)
{
	if (program->depth == REMEMBERED_MAX)
		return false;
	program->remembered[program->depth++] = program->state;
	return true;
}

static bool recall(struct program *program)
{
	if (program->depth == 0)
		return false;
	program->state = program->remembered[--program->depth];
	return true;
}

static void set_cfa(struct program *program, uint64_t number, int64_t offset)
{
	frame_state_set_cfa(&program->state, program->machine, number, offset);
}

/*
 * After an expression too: with the last offset that was set. So libgcc's unwinder does it, which
 * is what the code was tried with (libgcrypt's relies on it).
 */
static void set_cfa_register(struct program *program, uint64_t number)
{
	set_cfa(program, number, program->state.cfa_offset);
}

/* While the CFA is an expression, for the next register. */
static void set_cfa_offset(struct program *program, int64_t offset)
{
	if (program->state.cfa_form == CFA_REGISTER)
		set_cfa(program, program->state.cfa_register, offset);
	else
		program->state.cfa_offset = offset;
}

static void set_cfa_expression(struct program *program)
{
	uint64_t size = cursor_uleb(&program->cursor);
	const uint8_t *bytes = cursor_take(&program->cursor, size);

	if (bytes)
		frame_state_set_cfa_expression(&program->state, program->machine, bytes, (size_t)size);
}

/* A register that is where an expression says, or (val_expression) what it says. */
static void set_expression(struct program *program, bool is_value)
{
	uint64_t number = cursor_uleb(&program->cursor);
	uint64_t size = cursor_uleb(&program->cursor);
	const uint8_t *bytes = cursor_take(&program->cursor, size);
	int32_t offset;

	if (!bytes)
		return;
	if (!is_value && expression_is_fp(program->machine, bytes, (size_t)size, &offset))
		set(program, number, RULE_AT_FP, offset);
	else
		set(program, number, RULE_OTHER, 0);
}

static void set_register(struct program *program)
{
	uint64_t number = cursor_uleb(&program->cursor);
	uint64_t other = cursor_uleb(&program->cursor);

	set(program, number, number == other ? RULE_SAME : RULE_OTHER, 0);
}

/* Those that say how a register is found. False if the opcode is none of them. */
static bool run_register(struct program *program, uint8_t op)
{
	struct cursor *cursor = &program->cursor;
	uint64_t number;

	if (op == CFA_expression || op == CFA_val_expression) {
		set_expression(program, op == CFA_val_expression);
		return true;
	}
	if (op == CFA_register) {
		set_register(program);
		return true;
	}
	number = cursor_uleb(cursor);
	switch (op) {
	case CFA_offset_extended:
		set_offset(program, number, cursor_uleb(cursor));
		return true;
	case CFA_offset_extended_sf:
		set_offset(program, number, (uint64_t)cursor_sleb(cursor));
		return true;
	case CFA_GNU_negative_offset_extended:
		set_offset(program, number, -cursor_uleb(cursor));
		return true;
	case CFA_val_offset:
		set(program, number, RULE_CFA, factored(program, cursor_uleb(cursor)));
		return true;
	case CFA_val_offset_sf:
		set(program, number, RULE_CFA, factored(program, (uint64_t)cursor_sleb(cursor)));
		return true;
	case CFA_undefined:
		set(program, number, RULE_UNDEFINED, 0);
		return true;
	case CFA_same_value:
		set(program, number, RULE_SAME, 0);
		return true;
	case CFA_restore_extended:
		return restore(program, number);
	default:
		return false;
	}
}

static bool run_rare(struct program *program, uint8_t op)
{
	struct cursor *cursor = &program->cursor;
	uint64_t number;

	switch (op) {
	case CFA_set_loc:
		return set_location(program);
	case CFA_MIPS_advance_loc8:
		return advance(program, cursor_u64(cursor));
	case CFA_def_cfa_sf:
		number = cursor_uleb(cursor);
		set_cfa(program, number, factored(program, (uint64_t)cursor_sleb(cursor)));
		return true;
	case CFA_def_cfa_offset_sf:
		set_cfa_offset(program, factored(program, (uint64_t)cursor_sleb(cursor)));
		return true;
	case CFA_def_cfa_expression:
		set_cfa_expression(program);
		return true;
	case CFA_GNU_args_size:
		cursor_uleb(cursor);
		return true;
	/* Whoever follows a return address strips the signature; the rule stays the same. */
	case CFA_AARCH64_negate_ra_state:
	case CFA_AARCH64_negate_ra_state_with_pc:
		return program->machine->is_arm;
	default:
		return run_register(program, op);
	}
}

static bool run_one(struct program *program, uint8_t op)
{
	struct cursor *cursor = &program->cursor;
	uint64_t number;

	switch (op) {
	case CFA_nop:
		return true;
	case CFA_advance_loc1:
		return advance(program, cursor_u8(cursor));
	case CFA_advance_loc2:
		return advance(program, cursor_u16(cursor));
	case CFA_advance_loc4:
		return advance(program, cursor_u32(cursor));
	case CFA_remember_state:
		return remember(program);
	case CFA_restore_state:
		return recall(program);
	case CFA_def_cfa:
		number = cursor_uleb(cursor);
		set_cfa(program, number, (int64_t)cursor_uleb(cursor));
		return true;
	case CFA_def_cfa_register:
		set_cfa_register(program, cursor_uleb(cursor));
		return true;
	case CFA_def_cfa_offset:
		set_cfa_offset(program, (int64_t)cursor_uleb(cursor));
		return true;
	default:
		return run_rare(program, op);
	}
}

/* False if malformed. Ends early when no more rows are wanted. */
static bool run(struct program *program)
{
	struct cursor *cursor = &program->cursor;

	while (cursor->at < cursor->end && program->at < program->to) {
		uint8_t op = *cursor->at++, low = op & LOW_BITS;
		bool ok = true;

		switch (op & HIGH_BITS) {
		case CFA_advance_loc:
			ok = advance(program, low);
			break;
		case CFA_offset:
			set_offset(program, low, cursor_uleb(cursor));
			break;
		case CFA_restore:
			ok = restore(program, low);
			break;
		default:
			ok = run_one(program, op);
		}
		if (!ok || cursor->failed)
			return false;
	}
	return true;
}

static struct cursor bytes_of(const struct frame_bytes *section, uint32_t start, uint32_t end)
{
	return (struct cursor){.at = section->bytes + start, .end = section->bytes + end};
}

bool cie_program_run(const struct frame_bytes *section, const struct machine *machine, struct cie *cie)
{
	struct frame_state remembered[REMEMBERED_MAX];
	struct program program = {
	    .section = section,
	    .machine = machine,
	    .cie = cie,
	    .cursor = bytes_of(section, cie->program, cie->program_end),
	    .state = cie->initial,
	    .to = UINT64_MAX,
	    .remembered = remembered,
	};

	if (!run(&program))
		return false;
	cie->initial = program.state;
	return true;
}

bool fde_program_run(const struct frame_bytes *section, const struct frame_entries *entries, const struct fde *fde,
                     uint32_t from, const struct program_output *output)
{
	const struct cie *cie = &entries->cies[fde->cie];
	struct frame_state remembered[REMEMBERED_MAX];
	struct program program = {
	    .section = section,
	    .machine = entries->machine,
	    .cie = cie,
	    .initial = &cie->initial,
	    .output = output,
	    .cursor = bytes_of(section, fde->program, fde->program_end),
	    .state = cie->initial,
	    .origin = entries->origin,
	    .at = fde->start,
	    .from = from,
	    .to = fde->end,
	    .remembered = remembered,
	};

	if (run(&program))
		return advance_to(&program, fde->end > program.at ? fde->end : program.at);
	if (program.at < program.to)
		steps_add(output->steps, (uint32_t)(program.at > from ? program.at : from), STEP_GAP);
	return false;
}
