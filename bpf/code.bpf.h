/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has mapped executable (struct mt_code; src/collect/unwinder.c fills it in), for unwinding. */
#ifndef MEMTRACE_CODE_BPF_H
#define MEMTRACE_CODE_BPF_H

#include "tables.bpf.h"

/* Is there a way to walk by call frame information on this kernel (bpf_loop, 5.17)? */
extern const volatile bool unwind_tables;

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
} codes SEC(".maps") __weak;

static __always_inline struct mt_code *code_of_slot(__u32 slot)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&codes, &slot);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* Of a binary search: 1 when place is below n and value not above key, without a branch: the verifier sees one path. */
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

/* Tells memtrace that it does not know all of the process's code, now and then. */
int ask_for_code(struct mt_code *code, __u32 slot);
/* Asks for the table of all code of an object, whose table has return addresses alone. */
int ask_for_all_code(__u32 slot, __u32 object);

/*
 * Code at address, length is being unmapped: nothing is unwound by what was there. The process's
 * code_version from now on; 0 when there was none.
 */
__u32 code_unmapped(__u32 slot, __u64 address, __u64 length);

#endif
