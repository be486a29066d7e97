// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unwinding by call frame information: from frame to frame, each by the rule that holds where it stands
 * (rules.bpf.h), to the end of the stack.
 */
#include "unwind.bpf.h"
#include "rules.bpf.h"

#define MAX_FRAME_SIZE (16 << 20) /* a frame pointer that jumps further is none */

struct walk {
	struct scratch *scratch;
	struct mt_code *code;
	__s32 end; /* enum stack_end + 1 once it has ended */
};

#define STEP_GUESS (-1)

#define NO_FRAME_POINTER 1 /* odd, so that none follows it */

/*
 * The return address that the kernel put its trampoline in the place of, in a call that was entered with this stack
 * pointer. 0: none is known.
 */
__noinline __u64 original_return(__u64 entry)
{
	struct return_instance *instance = BPF_CORE_READ(bpf_get_current_task_btf(), utask, return_instances);
	__u64 found = 0;

	for (int i = 0; i < 64 && instance; i++) { /* MAX_URETPROBE_DEPTH */
		if (BPF_CORE_READ(instance, stack) == entry && !BPF_CORE_READ(instance, chained))
			found = BPF_CORE_READ(instance, orig_ret_vaddr);
		instance = BPF_CORE_READ(instance, next);
	}
	return found;
}

#define SAVED_SEARCH 64 /* frames looked through for where a register was saved */

/* A register's value in the scratch's last frame (enum unwind_saved). 0, or -1 when it cannot be told. */
__noinline int saved_register(struct scratch *scratch, __u32 saved, __u64 *value)
{
	__u32 n;

	if (!scratch || !value || saved >= UNWIND_REGISTER_COUNT)
		return -1;
	n = scratch->n;
	for (__u32 i = 0; i < SAVED_SEARCH; i++) {
		struct unwind_rule *rule;
		__u64 at, place = saved;
		__u32 number;
		__s16 words;

		if (i + 1 >= n) {
			if (saved >= UNWIND_SAVED_COUNT || scratch->no_registers)
				return -1;
			*value = live_register(saved);
			scratch->reads.uncertain = 1;
			return 0;
		}
		number = scratch->rule[(n - 2 - i) & (MT_MAX_DEPTH - 1)];
		rule = number >= MT_FIRST_RULE ? bpf_map_lookup_elem(&unwind_rules, &number) : NULL;
		if (number != RULE_SIGNAL && (!rule || rule->cfa == UNWIND_BAD))
			return -1;
		at = scratch->cfa[(n - 2 - i) & (MT_MAX_DEPTH - 1)];
		if (!rule || rule->cfa == UNWIND_SIGNAL) {
			at += signal_offset(saved);
		} else {
			/* Once more: Linux 6.1 must see the bound on the very register that it is used in. */
			OPAQUE(place);
			if (place >= UNWIND_SAVED_COUNT)
				return -1;
			words = rule->saved_words[place];
			if (!words)
				continue;
			if (words == UNWIND_SAVED_LOST)
				return -1;
			at += 8 * (__s64)words;
		}
		if (bpf_probe_read_user(value, sizeof(*value), (void *)at))
			return -1;
		reads_add(&scratch->reads, at, *value);
		return 0;
	}
	return -1;
}

/* The same for what lies beyond: a read of one word costs nearly as much as one of many. */
static __always_inline bool read_ahead(struct scratch *scratch, __u64 at, __u64 *word)
{
	__u64 offset = at - scratch->ahead_base;

	if (offset < scratch->ahead_bytes && !(offset & 7)) {
		*word = scratch->ahead[offset / 8 & (AHEAD_WORDS - 1)];
		return true;
	}
	scratch->ahead_bytes = 0;
	if (!bpf_probe_read_user(scratch->ahead, sizeof(scratch->ahead), (void *)at)) {
		scratch->ahead_base = at;
		scratch->ahead_bytes = sizeof(scratch->ahead);
		*word = scratch->ahead[0];
		return true;
	}
	return !bpf_probe_read_user(word, sizeof(*word), (void *)at);
}

/* A word of the user's memory: mostly it is in what was read at once. */
static __always_inline bool read_word(struct scratch *scratch, __u64 at, __u64 *word)
{
	__u64 offset = at - scratch->reads.base;

	if (offset < scratch->window_bytes && !(offset & 7))
		*word = scratch->window.word[offset / 8 & (MT_WINDOW_WORDS - 1)];
	else if (!read_ahead(scratch, at, word))
		return false;
	reads_add(&scratch->reads, at, *word);
	return true;
}

/* The frame that was added last is left: its rule, and where the next one begins. */
static __always_inline void leave_frame(struct scratch *scratch, __u32 number, __u64 cfa)
{
	__u32 last = (scratch->n - 1) & (MT_MAX_DEPTH - 1);

	scratch->rule[last] = number;
	scratch->cfa[last] = cfa;
}

/*
 * The frame pointer in the frame that the walk stands at. Most code uses it as any other register:
 * it is only read when it matters, and a walk remembered then does not depend on it.
 */
static __always_inline bool frame_pointer(struct scratch *scratch, __u64 *bp)
{
	struct position *position = &scratch->position;

	if (position->bp_at) {
		if (!read_word(scratch, position->bp_at, &position->at.bp))
			return false;
		position->bp_at = 0;
	} else if (position->bp_is_first) {
		scratch->reads.used_bp = 1;
	}
	*bp = position->at.bp;
	return true;
}

static __always_inline void set_frame_pointer(struct position *position, __u64 bp)
{
	position->at.bp = bp;
	position->bp_at = 0;
	position->bp_is_first = 0;
}

static __always_inline int step_signal(struct scratch *scratch)
{
	struct position *position = &scratch->position;
	__u64 context = position->at.sp, sp_and_pc[2], bp, link = 0;

	if (bpf_probe_read_user(&bp, sizeof(bp), (void *)(context + SIGNAL_FP)) ||
	    bpf_probe_read_user(sp_and_pc, sizeof(sp_and_pc), (void *)(context + SIGNAL_SP)))
		return END_READ_FAULT + 1;
	reads_add(&scratch->reads, context + SIGNAL_FP, bp);
	reads_add(&scratch->reads, context + SIGNAL_SP, sp_and_pc[0]);
	reads_add(&scratch->reads, context + SIGNAL_SP + 8, sp_and_pc[1]);
	if (!RETURN_ADDRESS_BYTES) {
		if (bpf_probe_read_user(&link, sizeof(link), (void *)(context + SIGNAL_FP + 8)))
			return END_READ_FAULT + 1;
		reads_add(&scratch->reads, context + SIGNAL_FP + 8, link);
	}
	set_frame_pointer(position, bp);
	set_link(&position->at, link);
	position->at.sp = sp_and_pc[0];
	position->at.pc = sp_and_pc[1];
	position->interrupted = 1;
	return 0;
}

/* Of a signal frame that call frame information does not tell of: STEP_GUESS where it is none. */
__noinline int step_signal_return(struct scratch *scratch)
{
	if (!scratch || !is_signal_return(scratch->position.at.pc))
		return STEP_GUESS;
	leave_frame(scratch, RULE_SIGNAL, scratch->position.at.sp);
	return step_signal(scratch);
}

/*
 * By frame pointer, where there is no call frame information: a guess, taken only when it leads up
 * the stack and to code.
 */
__noinline int step_guess(struct scratch *scratch, struct mt_code *code)
{
	struct {
		__u64 bp, pc;
	} saved;
	struct position *position;
	__u64 at;

	if (!scratch || !code)
		return END_NO_CFI + 1;
	position = &scratch->position;
	scratch->flags |= MT_STACK_GUESSED;
	if (!frame_pointer(scratch, &at))
		return END_READ_FAULT + 1;
	if (!at && position->by_frame_pointer)
		return END_COMPLETE + 1;
	if (at < position->at.sp || at - position->at.sp > MAX_FRAME_SIZE || (at & 7))
		return END_NO_CFI + 1;
	if (bpf_probe_read_user(&saved, sizeof(saved), (void *)at))
		return END_READ_FAULT + 1;
	reads_add(&scratch->reads, at, saved.bp);
	reads_add(&scratch->reads, at + 8, saved.pc);
	saved.pc = code_address(saved.pc);
	if (range_of(code, position->range, saved.pc - 1) >= MT_CODE_RANGES)
		return END_NO_MAPPING + 1;
	leave_frame(scratch, RULE_GUESS, at + 16);
	position->at.sp = at + 16; /* or further: sp_known() */
	set_frame_pointer(position, saved.bp);
	set_link(&position->at, 0);
	position->at.pc = saved.pc;
	position->interrupted = 0;
	position->by_frame_pointer = 1;
	return 0;
}

/* Of a rule that is more than a register and an offset. 0, or why the walk ends (enum stack_end + 1). */
static __always_inline int find_rare_cfa(struct scratch *scratch, const struct unwind_rule *rule, __u64 *cfa)
{
	const struct position *position = &scratch->position;
	__u64 base = position->at.sp;
	__u32 within = (position->at.pc - !position->interrupted) & 15;

	switch (rule->cfa) {
	case UNWIND_DEREF_FP:
		if (!frame_pointer(scratch, &base))
			return END_READ_FAULT + 1;
		break;
	case UNWIND_PLT:
		*cfa = base + (within >= (__u32)rule->cfa_offset ? 16 : 8);
		return 0;
	case UNWIND_REGISTER:
		if (saved_register(scratch, rule->second_offset, &base))
			return END_NO_CFI + 1;
		*cfa = base + rule->cfa_offset;
		return 0;
	}
	if (!read_word(scratch, base + rule->cfa_offset, &base))
		return END_READ_FAULT + 1;
	*cfa = base + rule->second_offset;
	return 0;
}

/* Where the caller's frame pointer is. False: that cannot be read. */
static __always_inline bool leave_frame_pointer(struct scratch *scratch, const struct unwind_rule *rule, __u64 cfa)
{
	__u64 base = cfa;

	switch (rule->fp) {
	case UNWIND_FP_SAME:
		return true;
	case UNWIND_FP_LOST:
		set_frame_pointer(&scratch->position, NO_FRAME_POINTER);
		return true;
	case UNWIND_FP_AT_FP:
		if (!frame_pointer(scratch, &base))
			return false;
	}
	scratch->position.bp_at = base + rule->fp_offset;
	scratch->position.bp_is_first = 0;
	return true;
}

/* Where saved frame pointer and return address do not end a frame, a step by them leaves the stack pointer unknown. */
static __always_inline bool sp_known(const struct position *position)
{
	return FRAME_RECORD_ENDS_FRAME || !position->by_frame_pointer;
}

/* A return address in the link register belongs to a function that has saved nothing, at its caller's stack pointer. */
static __always_inline bool leads_up(const struct position *position, const struct unwind_rule *rule, __u64 cfa)
{
	return cfa > position->at.sp || (!RETURN_ADDRESS_BYTES && !rule->ra_words && cfa == position->at.sp);
}

/* The return address of the frame with this rule and CFA. 0, or why there is none (enum stack_end + 1). */
static __always_inline int find_return(struct scratch *scratch, const struct unwind_rule *rule, __u64 cfa, __u64 *pc)
{
	struct position *position = &scratch->position;
	__u64 at = cfa + 8 * (__s64)rule->ra_words;

	if (!RETURN_ADDRESS_BYTES && !rule->ra_words) {
		if (!position->at.link)
			return END_NO_CFI + 1;
		*pc = position->at.link;
	} else if (!read_word(scratch, at, pc)) {
		return END_READ_FAULT + 1;
	}
	*pc = code_address(*pc);
	if (*pc && *pc == position->trampoline) {
		scratch->reads.uncertain = 1;
		*pc = code_address(original_return(RETURN_ADDRESS_BYTES ? at : cfa));
		if (!*pc)
			return END_READ_FAULT + 1;
	}
	return *pc ? 0 : END_COMPLETE + 1;
}

/* From a frame with the rule of that number to its caller's. 0, or why the walk ends (enum stack_end + 1). */
__noinline int step_rule(struct scratch *scratch, __u32 number)
{
	struct unwind_rule *rule = bpf_map_lookup_elem(&unwind_rules, &number);
	struct position *position;
	__u64 cfa, pc;
	int end = 0;

	if (!scratch || !rule)
		return END_NO_CFI + 1;
	position = &scratch->position;
	switch (rule->cfa) {
	case UNWIND_BAD:
		return STEP_GUESS;
	case UNWIND_END:
		return END_COMPLETE + 1;
	case UNWIND_SIGNAL:
		leave_frame(scratch, number, position->at.sp);
		return step_signal(scratch);
	case UNWIND_SP:
		if (!sp_known(position))
			return STEP_GUESS;
		cfa = position->at.sp + rule->cfa_offset;
		break;
	case UNWIND_FP:
		if (!frame_pointer(scratch, &cfa))
			return END_READ_FAULT + 1;
		cfa += rule->cfa_offset;
		break;
	default:
		end = find_rare_cfa(scratch, rule, &cfa);
	}
	if (end)
		return end;
	if (!leads_up(position, rule, cfa))
		return END_NO_CFI + 1;
	if (!leave_frame_pointer(scratch, rule, cfa))
		return END_READ_FAULT + 1;
	end = find_return(scratch, rule, cfa, &pc);
	if (end)
		return end;
	leave_frame(scratch, number, cfa);
	position->at.sp = cfa;
	position->at.pc = pc;
	set_link(&position->at, 0);
	position->interrupted = 0;
	position->by_frame_pointer = 0;
	return 0;
}

static __always_inline int step(struct walk *walk)
{
	__u32 number = rule_number(walk->code, walk->scratch);
	int end = STEP_GUESS;

	if (number >= MT_FIRST_RULE)
		end = step_rule(walk->scratch, number);
	else if (number == RULE_UNPREPARED)
		end = END_NO_CFI + 1;
	else if (number == RULE_NO_MAPPING)
		end = END_NO_MAPPING + 1;
	if (end == STEP_GUESS || number == RULE_NO_MAPPING) {
		int signal = sp_known(&walk->scratch->position) ? step_signal_return(walk->scratch) : STEP_GUESS;

		end = signal == STEP_GUESS ? end : signal;
	}
	return end == STEP_GUESS ? step_guess(walk->scratch, walk->code) : end;
}

static long unwind_frame(__u32 index, struct walk *walk)
{
	int end = step(walk);

	if (!end && index + 1 >= stack_depth)
		end = END_DEPTH + 1;
	if (end) {
		walk->end = end;
		return 1;
	}
	scratch_add(walk->scratch, walk->scratch->position.at.pc);
	return 0;
}

__noinline int unwind_stack(struct scratch *scratch, __u32 slot)
{
	struct walk walk = {.scratch = scratch};
	struct mt_process *process;

	if (!unwind_tables || !scratch)
		return 0;
	process = process_of_slot(slot);
	walk.code = code_of_slot(slot);
	if (!process || !walk.code) {
		scratch->reads.uncertain = 1;
		scratch->flags |= END_NO_MAPPING;
		return 0;
	}
	scratch->ahead_bytes = 0;
	scratch->position.bp_at = 0;
	scratch->position.bp_is_first = 1;
	scratch->position.range = 0;
	scratch->position.interrupted = 0;
	scratch->position.by_frame_pointer = 0;
	scratch->position.slot = slot;
	scratch->position.trampoline = return_trampoline();
	/* Else it was made from what was mapped before something went. */
	if (walk.code->version == process->code_version)
		bpf_loop(stack_depth, unwind_frame, &walk, 0);
	else
		walk.end = END_NO_MAPPING + 1;
	if (walk.end == END_NO_MAPPING + 1)
		ask_for_code(walk.code, slot);
	if (walk.end == END_READ_FAULT + 1 || walk.end == END_NO_MAPPING + 1)
		scratch->reads.uncertain = 1;
	scratch->flags |= (walk.end - 1) & 7;
	return 0;
}
