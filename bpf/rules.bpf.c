// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking a rule up: the range that holds the address, its object, the object's page, the row in force. The
 * tables are made by src/unwind and brought here by src/collect/unwinder.c.
 *
 * A frame stands at a return address; what is looked up is the byte before it, which is the
 * call's own: a call may be its function's last instruction. Where a signal interrupted it is the
 * very instruction instead.
 */
#include "rules.bpf.h"

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
	__uint(max_entries, MT_MAX_UNWIND_OBJECTS);
	__type(key, __u32);
	__type(value, struct mt_unwind_object);
} unwind_objects SEC(".maps");

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

/* Functions of some size are global: the verifier then takes each by itself, not once for every path that leads to it.
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
