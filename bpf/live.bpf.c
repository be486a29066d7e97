// SPDX-License-Identifier: GPL-2.0-or-later
/* The live table: blocks by owner and address. Layout and protocol: memtrace.h. */
#include "tables.bpf.h"

struct level {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mt_bucket));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MT_MAX_LEVELS);
	__type(key, __u32);
	__array(values, struct level);
} levels SEC(".maps");

/* Blocks at odd addresses, and those whose two buckets were full. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct mt_odd_key);
	__type(value, struct mt_block);
} odd SEC(".maps");

/* Set by src/collect; a level is announced once it stands in `levels`. */
__u32 n_levels;
__u32 insert_level;
__u32 level_buckets_log2[MT_MAX_LEVELS];
/* Inserts into buckets that were nearly full, since src/collect last looked. */
__u64 crowded;
__u64 odd_blocks;

#define CROWDED_SLOTS 6

static __always_inline __u64 mix(__u64 x)
{
	x *= 0x9E3779B97F4A7C15ULL;
	x ^= x >> 32;
	return x * 0xD6E8FEB86659FD93ULL;
}

/* 1 when not zero; without a branch, so that the verifier sees one path. */
static __always_inline __u64 nonzero(__u64 x)
{
	__u64 sign = x | -x;

	OPAQUE(sign);
	return sign >> 63;
}

static __always_inline struct mt_bucket *bucket_at(void *level, __u32 log2, __u64 hash, int which)
{
	__u32 index;

	if (which)
		hash = hash << 32 | hash >> 32;
	index = hash >> ((64 - log2) & 63);
	return bpf_map_lookup_elem(level, &index);
}

/* Index + 1 of the slot that holds the key, 0 when none does. */
static __always_inline __u64 slot_find(const struct mt_bucket *bucket, __u64 key)
{
	__u64 found = 0;

#pragma unroll
	for (int i = 0; i < MT_BUCKET_SLOTS; i++)
		found += (i + 1) * (nonzero(bucket->key[i] ^ key) ^ 1);
	OPAQUE(found);
	return found;
}

static __always_inline __u64 slots_used(const struct mt_bucket *bucket)
{
	__u64 used = 0;

#pragma unroll
	for (int i = 0; i < MT_BUCKET_SLOTS; i++)
		used += nonzero(bucket->key[i]);
	OPAQUE(used);
	return used;
}

/* Takes the key's block out of the bucket. */
static __always_inline bool bucket_take(struct mt_bucket *bucket, __u64 key, struct mt_block *block)
{
	__u64 found = slot_find(bucket, key);

	if (!found)
		return false;
	found = (found - 1) & (MT_BUCKET_SLOTS - 1);
	if (__sync_val_compare_and_swap(&bucket->key[found], key, MT_KEY_BUSY) != key)
		return false;
	*block = bucket->block[found];
	bucket->block[found].time_ns = 0;
	barrier();
	bucket->key[found] = 0;
	return true;
}

static __always_inline bool bucket_put(struct mt_bucket *bucket, __u64 key, const struct mt_block *block)
{
	for (int i = 0; i < MT_BUCKET_SLOTS; i++) {
		if (bucket->key[i] || __sync_val_compare_and_swap(&bucket->key[i], 0, key))
			continue;
		bucket->block[i].size_bytes = block->size_bytes;
		bucket->block[i].stack = block->stack;
		bucket->block[i].origin = block->origin;
		barrier();
		bucket->block[i].time_ns = block->time_ns;
		return true;
	}
	return false;
}

static __always_inline int level_take(__u32 level, __u64 key, __u64 hash, struct mt_block *block)
{
	void *map = bpf_map_lookup_elem(&levels, &level);
	struct mt_bucket *bucket;
	__u32 log2;

	if (!map)
		return 0;
	log2 = level_buckets_log2[level & (MT_MAX_LEVELS - 1)];
	bucket = bucket_at(map, log2, hash, 0);
	if (bucket && bucket_take(bucket, key, block))
		return 1;
	bucket = bucket_at(map, log2, hash, 1);
	return bucket && bucket_take(bucket, key, block);
}

/* Global, for the verifier to take it once and not for each level. */
__noinline int other_level_take(__u32 level, __u64 key, __u64 hash, struct mt_block *block)
{
	return block ? level_take(level, key, hash, block) : 0;
}

static __always_inline bool odd_take(__u64 owner, __u64 address, struct mt_block *block)
{
	struct mt_odd_key key = {.address = address, .owner = owner};
	struct mt_block *found;

	if (!odd_blocks)
		return false;
	found = bpf_map_lookup_elem(&odd, &key);
	if (!found)
		return false;
	*block = *found;
	if (bpf_map_delete_elem(&odd, &key))
		return false;
	__sync_fetch_and_sub(&odd_blocks, 1);
	return true;
}

/* Takes a block out and copies it to *block. 1 when there was one, else 0. */
__noinline int live_take(__u64 owner, __u64 address, struct mt_block *block)
{
	__u64 key = MT_KEY(owner, address), hash = mix(key);
	__u32 first = insert_level;

	if (!block)
		return 0;
	if (!MT_ADDRESS_IS_ODD(address)) {
		if (level_take(first, key, hash, block))
			return 1;
		for (__u32 level = 0; level < MT_MAX_LEVELS; level++) {
			if (level >= n_levels)
				break;
			if (level != first && other_level_take(level, key, hash, block))
				return 1;
		}
	}
	return odd_take(owner, address, block);
}

static __always_inline void note_crowded(void)
{
	/* Again and again, for want of room in `events`. */
	if (__sync_fetch_and_add(&crowded, 1) % MT_CROWDED == MT_CROWDED - 1)
		tell_crowded();
}

static __always_inline bool odd_put(__u64 owner, __u64 address, const struct mt_block *block)
{
	struct mt_odd_key key = {.address = address, .owner = owner};
	/* Before Linux 6.2 a map takes no value from a global function's argument. */
	struct mt_block copy = *block;

	if (bpf_map_update_elem(&odd, &key, &copy, BPF_NOEXIST))
		return false;
	COUNT(odd_blocks);
	return true;
}

static __always_inline int live_put_in(void *map, __u32 log2, __u64 key, __u64 hash, __u64 owner, __u64 address,
                                       const struct mt_block *block, struct mt_block *old)
{
	struct mt_bucket *one = bucket_at(map, log2, hash, 0), *two = bucket_at(map, log2, hash, 1);
	__u64 used_one, used_two;
	int result = LIVE_STORED;

	if (!one || !two)
		return LIVE_FULL;
	if (old && (bucket_take(one, key, old) || bucket_take(two, key, old)))
		result = LIVE_REPLACED;
	used_one = slots_used(one);
	used_two = slots_used(two);
	if (used_two < used_one) {
		one = two;
		used_one = used_two;
	}
	if (used_one >= CROWDED_SLOTS)
		note_crowded();
	if (bucket_put(one, key, block) || odd_put(owner, address, block))
		return result;
	return result | LIVE_FULL;
}

/*
 * Puts a block in: LIVE_STORED or LIVE_FULL, with LIVE_REPLACED when a block was there, whose free
 * must have been missed: it is copied to *old. Looks each bucket up once, for an allocation is what
 * happens most.
 */
__noinline int live_replace(__u64 owner, __u64 address, const struct mt_block *block, struct mt_block *old)
{
	__u64 key = MT_KEY(owner, address), hash = mix(key);
	__u32 level = insert_level;
	int replaced = 0;
	void *map;

	if (!block || !old)
		return LIVE_FULL;
	if (n_levels > 1 || odd_blocks || MT_ADDRESS_IS_ODD(address))
		replaced = live_take(owner, address, old) ? LIVE_REPLACED : 0;
	if (MT_ADDRESS_IS_ODD(address))
		return replaced | (odd_put(owner, address, block) ? LIVE_STORED : LIVE_FULL);
	map = bpf_map_lookup_elem(&levels, &level);
	if (!map)
		return replaced | LIVE_FULL;
	return replaced |
	       live_put_in(map, level_buckets_log2[level & (MT_MAX_LEVELS - 1)], key, hash, owner, address, block, old);
}

/* Puts a block back that was taken out. 0, or -1 when there is no room. */
__noinline int live_put(__u64 owner, __u64 address, const struct mt_block *block)
{
	__u64 key = MT_KEY(owner, address), hash = mix(key);
	__u32 level = insert_level;
	void *map;

	if (!block)
		return -1;
	if (MT_ADDRESS_IS_ODD(address))
		return odd_put(owner, address, block) ? 0 : -1;
	map = bpf_map_lookup_elem(&levels, &level);
	if (!map)
		return -1;
	return live_put_in(map, level_buckets_log2[level & (MT_MAX_LEVELS - 1)], key, hash, owner, address, block, NULL)
	           ? -1
	           : 0;
}
