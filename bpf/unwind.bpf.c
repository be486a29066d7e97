// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unwinding by call frame information: each frame's rule is looked up in the table of the file
 * that its code is in (src/unwind makes them, src/collect/unwinder.c brings them here).
 *
 * A frame stands at a return address; what is looked up is the byte before it, which is the
 * call's own: a call may be its function's last instruction. Where a signal interrupted it is the
 * very instruction instead.
 */
#include "unwind.bpf.h"
#include "machine.bpf.h"
#include "own_stack.bpf.h"
#include "tables.bpf.h"

const volatile bool unwind_tables = true;

struct shard {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mt_unwind_shard));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MT_MAX_SHARDS);
	__type(key, __u32);
	__array(values, struct shard);
} unwind_shards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_MAX_UNWIND_PAGES);
	__type(key, __u32);
	__type(value, struct mt_unwind_page);
} unwind_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_MAX_UNWIND_RULES);
	__type(key, __u32);
	__type(value, struct unwind_rule);
} unwind_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_MAX_UNWIND_OBJECTS);
	__type(key, __u32);
	__type(value, struct mt_unwind_object);
} unwind_objects SEC(".maps");

struct code {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mt_code));
};

/* By process slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MT_MAX_PROCESSES);
	__type(key, __u32);
	__array(values, struct code);
} codes SEC(".maps");

struct nowhere nowhere_of_loader SEC(".maps");

/* Numbers of rules that are none, below MT_FIRST_RULE. */
#define RULE_NONE 0
#define RULE_GUESS 1 /* code without call frame information */
#define RULE_NO_MAPPING 2
#define RULE_UNPREPARED 3 /* interrupted code, and only return addresses are known of it */

#define MAX_FRAME_SIZE (16 << 20) /* a frame pointer that jumps further is none */
#define ASK_AGAIN_NS 100000000

struct walk {
	struct scratch *scratch;
	struct mt_code *code;
	__s32 end; /* enum stack_end + 1 once it has ended */
};

#define STEP_GUESS (-1)

#define NO_FRAME_POINTER 1 /* odd, so that none follows it */

static __always_inline struct mt_code *code_of_slot(__u32 slot)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&codes, &slot);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* 1 when place is below n and value not above key, without a branch: the verifier sees one path. */
static __always_inline __u64 step_is_valid(__u64 place, __u64 n, __u64 key, __u64 value)
{
	__u64 valid = ((place - n) & ~(key - value)) >> 63;

	OPAQUE(valid);
	return valid;
}

/* The last range that begins at or before the address; 0 also where there is none. */
static __always_inline __u32 range_search(const struct mt_code *code, __u64 address)
{
	__u64 low = 0, n = code->n_ranges;

#pragma unroll
	for (__u32 step = MT_CODE_RANGES / 2; step; step >>= 1) {
		__u64 place = low + step;

		low += step * step_is_valid(place, n, address, code->range[place & (MT_CODE_RANGES - 1)].start);
	}
	return low & (MT_CODE_RANGES - 1);
}

static __always_inline bool in_range(const struct mt_code_range *range, __u64 address)
{
	return address - range->start < (__u64)range->n_pages << 12;
}

/* Index of the range that holds the address; MT_CODE_RANGES without one. */
static __always_inline __u32 range_of(const struct mt_code *code, __u32 hint, __u64 address)
{
	hint &= MT_CODE_RANGES - 1;
	if (hint >= code->n_ranges || !in_range(&code->range[hint], address))
		hint = range_search(code, address);
	return hint < code->n_ranges && in_range(&code->range[hint], address) ? hint : MT_CODE_RANGES;
}

/* Index of the row in force at the address, within the page. */
static __always_inline __u32 row_search(const struct mt_unwind_shard *shard, const struct mt_unwind_page *page,
                                        __u64 address)
{
	/* All rules of the row's own address are below this key, as the row is itself. */
	__u64 low = 0, n = page->n_rows, first = page->first_row, key = UNWIND_ROW(address, 0xffff);

#pragma unroll
	for (__u32 step = (UNWIND_PAGE_MAX_ROWS + 1) / 2; step; step >>= 1) {
		__u64 place = low + step;

		low += step * step_is_valid(place, n, key, shard->row[(first + place) & (MT_SHARD_ROWS - 1)]);
	}
	return shard->row[(first + low) & (MT_SHARD_ROWS - 1)];
}

/* Tells memtrace that it does not know all of the process's code, now and then. */
static __always_inline void ask_for_code(struct mt_code *code, __u32 slot)
{
	__u64 now = bpf_ktime_get_ns();
	struct mt_process *process;
	struct mt_event *event;

	if (now - code->asked_ns < ASK_AGAIN_NS)
		return;
	code->asked_ns = now;
	process = process_of_slot(slot);
	event = process ? bpf_ringbuf_reserve(&events, sizeof(*event), 0) : NULL;
	if (!event)
		return;
	__builtin_memset(event, 0, sizeof(*event));
	event->type = MT_EVENT_CODE;
	event->slot = slot;
	event->generation = process->generation;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void ask_for_all_code(__u32 slot, __u32 object)
{
	struct mt_process *process = process_of_slot(slot);
	struct mt_event *event = process ? bpf_ringbuf_reserve(&events, sizeof(*event), 0) : NULL;

	if (!event)
		return;
	__builtin_memset(event, 0, sizeof(*event));
	event->type = MT_EVENT_ALL_CODE;
	event->slot = slot;
	event->generation = process->generation;
	event->flags = object;
	bpf_ringbuf_submit(event, 0);
}

/*
 * The number of the rule at an address, by the tables. Functions of some size are global: the
 * verifier then takes each by itself, and not once for every path that leads to it.
 */
__noinline __u32 rule_search(struct mt_code *code, struct scratch *scratch)
{
	__u32 index, number, page_number, shard_number, zero = 0;
	const struct mt_code_range *range;
	struct position *position;
	struct mt_unwind_object *object;
	struct mt_unwind_shard *shard;
	struct mt_unwind_page *page;
	__u64 address;
	void *map;

	if (!code || !scratch)
		return RULE_NO_MAPPING;
	position = &scratch->position;
	address = position->at.pc - !position->interrupted;
	index = range_of(code, position->range, address);
	range = &code->range[index & (MT_CODE_RANGES - 1)];
	if (index >= MT_CODE_RANGES || range->object == MT_OBJECT_GONE)
		return RULE_NO_MAPPING;
	position->range = index;
	number = range->object;
	if (number == MT_OBJECT_NO_CFI)
		return RULE_GUESS;
	object = bpf_map_lookup_elem(&unwind_objects, &number);
	if (!object)
		return RULE_GUESS;
	if (position->interrupted && !object->all_code) {
		if (!after_system_call(position->at.pc)) {
			ask_for_all_code(position->slot, number);
			return RULE_UNPREPARED;
		}
		address--;
	}
	address -= range->bias;
	page_number = (__u32)(address >> UNWIND_PAGE_BITS) - object->first_page;
	if (page_number >= object->n_pages)
		return RULE_GUESS;
	page_number += object->page;
	page = bpf_map_lookup_elem(&unwind_pages, &page_number);
	if (!page || !page->n_rows)
		return RULE_GUESS;
	shard_number = page->first_row / MT_SHARD_ROWS;
	map = bpf_map_lookup_elem(&unwind_shards, &shard_number);
	shard = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	if (!shard)
		return RULE_GUESS;
	return object->rule + UNWIND_ROW_RULE(row_search(shard, page, address));
}

#define CACHE_RULE_BITS 17

static __always_inline __u32 rule_number(struct walk *walk)
{
	__u64 address = walk->scratch->position.at.pc - 1;
	__u64 hash = (address * 0x9E3779B97F4A7C15ULL) >> 53; /* of MT_CODE_CACHE */
	__u64 *place = &walk->code->cache[hash & (MT_CODE_CACHE - 1)], cached = *place;
	__u64 instruction = address >> CODE_ALIGN_BITS;
	__u32 gone, number;

	if (walk->scratch->position.interrupted)
		return rule_search(walk->code, walk->scratch);
	if (cached >> CACHE_RULE_BITS == instruction)
		return cached & ((1U << CACHE_RULE_BITS) - 1);
	gone = walk->code->gone;
	number = rule_search(walk->code, walk->scratch);
	if (number >= MT_FIRST_RULE && !(instruction >> (64 - CACHE_RULE_BITS))) {
		*place = instruction << CACHE_RULE_BITS | number;
		barrier();
		/* What went meanwhile was perhaps swept out before this was put in. */
		if (walk->code->gone != gone)
			*place = 0;
	}
	return number;
}

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
		if (!rule || rule->cfa == UNWIND_BAD)
			return -1;
		at = scratch->cfa[(n - 2 - i) & (MT_MAX_DEPTH - 1)];
		if (rule->cfa == UNWIND_SIGNAL) {
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
	leave_frame(scratch, RULE_NONE, scratch->position.at.sp);
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
	return cfa > position->at.sp || (!RETURN_ADDRESS_BYTES && !rule->ra_offset && cfa == position->at.sp);
}

/* The return address of the frame with this rule and CFA. 0, or why there is none (enum stack_end + 1). */
static __always_inline int find_return(struct scratch *scratch, const struct unwind_rule *rule, __u64 cfa, __u64 *pc)
{
	struct position *position = &scratch->position;
	__u64 at = cfa + rule->ra_offset;

	if (!RETURN_ADDRESS_BYTES && !rule->ra_offset) {
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
	__u32 number = rule_number(walk);
	int end = STEP_GUESS;

	if (number >= MT_FIRST_RULE)
		end = step_rule(walk->scratch, number);
	else if (number == RULE_UNPREPARED)
		end = END_NO_CFI + 1;
	else if (number == RULE_NO_MAPPING)
		end = END_NO_MAPPING + 1;
	if (!SIGNALS_HAVE_CFI && (end == STEP_GUESS || number == RULE_NO_MAPPING)) {
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

static long clear_cache_place(__u32 index, struct mt_code **code)
{
	(*code)->cache[index & (MT_CODE_CACHE - 1)] = 0;
	return 0;
}

struct going {
	struct mt_code *code;
	__u64 address, end;
	__u32 first; /* the range that may be the first one */
	__u32 any;
};

/* 1 behind the last range that goes. */
static long range_goes(__u32 i, struct going *going)
{
	__u32 index = going->first + i;
	struct mt_code_range *range = &going->code->range[index & (MT_CODE_RANGES - 1)];

	if (index >= going->code->n_ranges || index >= MT_CODE_RANGES || range->start >= going->end)
		return 1;
	if (range->start + ((__u64)range->n_pages << 12) > going->address && range->object != MT_OBJECT_GONE) {
		range->object = MT_OBJECT_GONE;
		going->any = 1;
	}
	return 0;
}

__noinline __u32 unwind_code_gone(__u32 slot, __u64 address, __u64 length)
{
	struct going going = {.address = address, .end = address + length};
	struct mt_process *process = process_of_slot(slot);
	__u32 version;

	if (!unwind_tables || !process || !length)
		return 0;
	going.code = code_of_slot(slot);
	if (!going.code)
		return 0;
	going.first = range_search(going.code, address);
	bpf_loop(MT_CODE_RANGES, range_goes, &going, 0);
	if (!going.any)
		return 0;
	__sync_fetch_and_add(&going.code->gone, 1);
	bpf_loop(MT_CODE_CACHE, clear_cache_place, &going.code, 0);
	version = __sync_fetch_and_add(&process->code_version, 1) + 1;
	__sync_fetch_and_add(&going.code->version, 1);
	__sync_fetch_and_add(&process->walk_version, 1);
	return version;
}

#define WAIT_NS 50000000 /* memtrace may have been killed */

struct wait {
	__u64 until_ns;
	__u32 slot;
};

static long code_unknown(__u32 index, struct wait *wait)
{
	struct mt_process *process = process_of_slot(wait->slot);
	struct mt_code *code = code_of_slot(wait->slot);

	return !process || !code || (__s32)(process->code_events - code->events) <= 0 ||
	       bpf_ktime_get_ns() > wait->until_ns;
}

/*
 * The dynamic loader has mapped something, and will run its constructors: the thread waits until
 * memtrace has told the programs what, so that the first allocation there has its whole stack.
 */
SEC("uprobe")
int loader_waits(struct pt_regs *ctx)
{
	struct wait wait = {.slot = MT_COOKIE_SLOT(bpf_get_attach_cookie(ctx))};
	struct mt_process *process = process_of_slot(wait.slot);

	if (!process)
		return keep_own_stack(ctx, &nowhere_of_loader);
	if (!unwind_tables || !process->traced || process->tgid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	wait.until_ns = bpf_ktime_get_ns() + WAIT_NS;
	bpf_loop(1 << 22, code_unknown, &wait, 0);
	return 0;
}
