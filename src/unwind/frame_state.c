// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_state.h"

#include "unwind/expression.h"

#define X86_RETURN_WORDS (-1)

void frame_state_init(struct frame_state *state, const struct machine *machine)
{
	*state = (struct frame_state){
	    /* aarch64: in the link register until it is saved. */
	    .return_rule = machine->is_arm ? RULE_SAME : RULE_OTHER,
	    .sp_is_cfa = true,
	};
}

static bool fits_32(int64_t value)
{
	return value == (int32_t)value;
}

void frame_state_set_cfa(struct frame_state *state, const struct machine *machine, uint64_t number, int64_t offset)
{
	unsigned int base = machine_register(machine, number);

	state->cfa_form = CFA_REGISTER;
	state->cfa_register = number;
	state->cfa_offset = offset;
	state->rule.cfa = UNWIND_BAD;
	state->rule.cfa_offset = (int32_t)offset;
	state->rule.second_offset = 0;
	if (!fits_32(offset))
		return;
	if (base == REGISTER_SP) {
		state->rule.cfa = UNWIND_SP;
	} else if (base == REGISTER_FP) {
		state->rule.cfa = UNWIND_FP;
	} else if (base >= REGISTER_SAVED) {
		state->rule.cfa = UNWIND_REGISTER;
		state->rule.second_offset = (int16_t)(base - REGISTER_SAVED);
	}
}

void frame_state_set_cfa_expression(struct frame_state *state, const struct machine *machine, const uint8_t *bytes,
                                    size_t size)
{
	state->cfa_form = CFA_EXPRESSION;
	expression_cfa(machine, bytes, size, &state->rule);
}

static void set_fp(struct unwind_rule *rule, enum register_rule how, int64_t value)
{
	rule->fp = UNWIND_FP_LOST;
	rule->fp_offset = 0;
	if (how == RULE_SAME) {
		rule->fp = UNWIND_FP_SAME;
	} else if ((how == RULE_AT_CFA || how == RULE_AT_FP) && fits_32(value)) {
		rule->fp = how == RULE_AT_CFA ? UNWIND_FP_AT_CFA : UNWIND_FP_AT_FP;
		rule->fp_offset = (int32_t)value;
	}
}

static void set_return(struct frame_state *state, enum register_rule how, int64_t value)
{
	int64_t words = value / 8;

	state->rule.ra_words = 0;
	state->return_rule = how;
	if (how != RULE_AT_CFA)
		return;
	/* 0 stands for the link register. */
	if (value % 8 == 0 && words != 0 && words == (int16_t)words)
		state->rule.ra_words = (int16_t)words;
	else
		state->return_rule = RULE_OTHER;
}

static int16_t saved_words(enum register_rule how, int64_t value)
{
	int64_t words = value / 8;

	if (how == RULE_SAME)
		return 0;
	if (how != RULE_AT_CFA || value % 8 || words == 0 || words <= UNWIND_SAVED_LOST || words > INT16_MAX)
		return UNWIND_SAVED_LOST;
	return (int16_t)words;
}

void frame_state_set(struct frame_state *state, unsigned int which, enum register_rule rule, int64_t value)
{
	if (which == REGISTER_FP)
		set_fp(&state->rule, rule, value);
	else if (which == REGISTER_RETURN)
		set_return(state, rule, value);
	else if (which == REGISTER_SP)
		state->sp_is_cfa = rule == RULE_CFA && value == 0;
	else if (which >= REGISTER_SAVED && which < REGISTER_SAVED + UNWIND_SAVED_COUNT)
		state->rule.saved_words[which - REGISTER_SAVED] = saved_words(rule, value);
}

void frame_state_restore(struct frame_state *state, unsigned int which, const struct frame_state *initial)
{
	if (which == REGISTER_FP) {
		state->rule.fp = initial->rule.fp;
		state->rule.fp_offset = initial->rule.fp_offset;
	} else if (which == REGISTER_RETURN) {
		state->return_rule = initial->return_rule;
		state->rule.ra_words = initial->rule.ra_words;
	} else if (which == REGISTER_SP) {
		state->sp_is_cfa = initial->sp_is_cfa;
	} else if (which >= REGISTER_SAVED && which < REGISTER_SAVED + UNWIND_SAVED_COUNT) {
		state->rule.saved_words[which - REGISTER_SAVED] = initial->rule.saved_words[which - REGISTER_SAVED];
	}
}

static bool return_can_be_said(const struct frame_state *state, const struct machine *machine)
{
	if (!machine->is_arm)
		return state->return_rule == RULE_AT_CFA && state->rule.ra_words == X86_RETURN_WORDS;
	return state->return_rule == RULE_AT_CFA || state->return_rule == RULE_SAME;
}

bool frame_state_rule(const struct frame_state *state, const struct machine *machine, struct unwind_rule *rule)
{
	if (state->return_rule == RULE_UNDEFINED) {
		*rule = (struct unwind_rule){.cfa = UNWIND_END};
		return true;
	}
	if (state->rule.cfa == UNWIND_BAD || !state->sp_is_cfa || !return_can_be_said(state, machine)) {
		*rule = (struct unwind_rule){.cfa = UNWIND_BAD};
		return false;
	}
	*rule = state->rule;
	return true;
}
