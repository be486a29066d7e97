// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/live.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/bpf.h"

#define FIRST_LEVEL_SLOTS (1ULL << 20)
#define FULL_PERCENT 70

struct level {
	struct mt_bucket *buckets;
	uint64_t n_buckets;
	int fd;
};

struct live {
	struct memtrace_bpf *bpf;
	struct level levels[MT_MAX_LEVELS];
	uint32_t n_levels;
	uint64_t max_buckets;
};

static uint32_t log2_of(uint64_t n)
{
	return 63 - __builtin_clzll(n);
}

static int level_add(struct live *live, uint64_t n_buckets)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	struct level level = {.n_buckets = n_buckets};
	uint32_t index = live->n_levels;

	level.fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "memtrace_live", sizeof(uint32_t), sizeof(struct mt_bucket),
	                          n_buckets, &opts);
	if (level.fd < 0)
		return level.fd;
	level.buckets =
	    mmap(NULL, n_buckets * sizeof(struct mt_bucket), PROT_READ | PROT_WRITE, MAP_SHARED, level.fd, 0);
	if (level.buckets == MAP_FAILED) {
		int error = -errno;

		close(level.fd);
		return error;
	}
	live->bpf->bss->level_buckets_log2[index] = log2_of(n_buckets);
	if (bpf_map_update_elem(bpf_map__fd(live->bpf->maps.levels), &index, &level.fd, BPF_ANY)) {
		int error = -errno;

		munmap(level.buckets, n_buckets * sizeof(struct mt_bucket));
		close(level.fd);
		return error;
	}
	live->levels[index] = level;
	live->n_levels++;
	__atomic_store_n(&live->bpf->bss->n_levels, live->n_levels, __ATOMIC_RELEASE);
	__atomic_store_n(&live->bpf->bss->insert_level, index, __ATOMIC_RELEASE);
	return 0;
}

int live_new(struct memtrace_bpf *bpf, uint64_t max_slots, struct live **result)
{
	struct live *live = calloc(1, sizeof(*live));
	uint64_t first = FIRST_LEVEL_SLOTS;
	int error;

	*result = NULL;
	if (!live)
		return -ENOMEM;
	live->bpf = bpf;
	live->max_buckets = max_slots / MT_BUCKET_SLOTS;
	if (live->max_buckets < 16)
		live->max_buckets = 16;
	if (first > max_slots)
		first = 1ULL << log2_of(live->max_buckets * MT_BUCKET_SLOTS);
	error = level_add(live, first / MT_BUCKET_SLOTS);
	if (error) {
		free(live);
		return error;
	}
	*result = live;
	return 0;
}

void live_free(struct live *live)
{
	if (!live)
		return;
	for (uint32_t i = 0; i < live->n_levels; i++) {
		munmap(live->levels[i].buckets, live->levels[i].n_buckets * sizeof(struct mt_bucket));
		close(live->levels[i].fd);
	}
	free(live);
}

static uint64_t total_buckets(const struct live *live)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < live->n_levels; i++)
		n += live->levels[i].n_buckets;
	return n;
}

uint64_t live_bytes(const struct live *live)
{
	return total_buckets(live) * sizeof(struct mt_bucket);
}

static unsigned int percent_used(const struct level *level)
{
	uint64_t used = 0, slots = 0;

	for (uint64_t i = 0; i < level->n_buckets; i++, slots += MT_BUCKET_SLOTS) {
		for (int j = 0; j < MT_BUCKET_SLOTS; j++)
			used += level->buckets[i].key[j] != 0;
	}
	return slots ? used * 100 / slots : 100;
}

/*
 * Buckets of the next level: half as much again, so that little lies idle; twice as much where the
 * levels that are left could not reach the ceiling otherwise.
 */
static uint64_t next_level(const struct live *live, uint64_t total)
{
	uint32_t left = MT_MAX_LEVELS - live->n_levels - 1;
	uint64_t wanted = 1ULL << log2_of(total);

	if (wanted << left >= live->max_buckets)
		wanted /= 2;
	while (wanted && total + wanted > live->max_buckets)
		wanted /= 2;
	return wanted;
}

int live_grow(struct live *live)
{
	uint32_t current = live->bpf->bss->insert_level;
	uint32_t emptiest = current;
	unsigned int least = percent_used(&live->levels[current]);
	uint64_t total = total_buckets(live), wanted;

	__atomic_store_n(&live->bpf->bss->crowded, 0, __ATOMIC_RELAXED);
	if (least < FULL_PERCENT)
		return 0;
	for (uint32_t i = 0; i < live->n_levels; i++) {
		unsigned int used = percent_used(&live->levels[i]);

		if (used < least) {
			least = used;
			emptiest = i;
		}
	}
	if (least < FULL_PERCENT / 2) {
		__atomic_store_n(&live->bpf->bss->insert_level, emptiest, __ATOMIC_RELEASE);
		return 0;
	}
	wanted = live->n_levels < MT_MAX_LEVELS ? next_level(live, total) : 0;
	if (wanted && wanted * 8 >= total)
		return level_add(live, wanted);
	__atomic_store_n(&live->bpf->bss->insert_level, emptiest, __ATOMIC_RELEASE);
	return 0;
}

/* Copies a slot that may change meanwhile. False: it holds no whole block. */
static bool slot_read(const struct mt_bucket *bucket, int i, uint64_t *key, struct mt_block *block)
{
	const struct mt_block *from = &bucket->block[i];

	for (int attempt = 0; attempt < 8; attempt++) {
		uint64_t time_ns, again;

		*key = __atomic_load_n(&bucket->key[i], __ATOMIC_ACQUIRE);
		if (!*key || *key == MT_KEY_BUSY)
			return false;
		time_ns = __atomic_load_n(&from->time_ns, __ATOMIC_ACQUIRE);
		block->size_bytes = __atomic_load_n(&from->size_bytes, __ATOMIC_RELAXED);
		block->stack = __atomic_load_n(&from->stack, __ATOMIC_RELAXED);
		block->origin = __atomic_load_n(&from->origin, __ATOMIC_RELAXED);
		block->time_ns = time_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		again = __atomic_load_n(&from->time_ns, __ATOMIC_RELAXED);
		if (again == time_ns && __atomic_load_n(&bucket->key[i], __ATOMIC_RELAXED) == *key)
			return time_ns != 0;
	}
	return false;
}

static int scan_odd(const struct live *live, void (*found)(void *, uint64_t, uint64_t, const struct mt_block *),
                    void *context)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	enum { BATCH = 4096 };
	struct mt_odd_key *keys = calloc(BATCH, sizeof(*keys));
	struct mt_block *blocks = calloc(BATCH, sizeof(*blocks));
	int fd = bpf_map__fd(live->bpf->maps.odd), error = -ENOMEM;
	uint32_t position, count;
	bool first = true;

	while (keys && blocks) {
		count = BATCH;
		error = bpf_map_lookup_batch(fd, first ? NULL : &position, &position, keys, blocks, &count, &opts);
		if (error && error != -ENOENT)
			break;
		for (uint32_t i = 0; i < count; i++)
			found(context, keys[i].owner, keys[i].address, &blocks[i]);
		first = false;
		if (error == -ENOENT) {
			error = 0;
			break;
		}
	}
	free(keys);
	free(blocks);
	return error;
}

int live_scan(struct live *live, void (*found)(void *, uint64_t, uint64_t, const struct mt_block *), void *context)
{
	for (uint32_t l = 0; l < live->n_levels; l++) {
		const struct level *level = &live->levels[l];

		for (uint64_t i = 0; i < level->n_buckets; i++) {
			for (int j = 0; j < MT_BUCKET_SLOTS; j++) {
				struct mt_block block;
				uint64_t key;

				if (slot_read(&level->buckets[i], j, &key, &block))
					found(context, MT_KEY_OWNER(key), MT_KEY_ADDRESS(key), &block);
			}
		}
	}
	return __atomic_load_n(&live->bpf->bss->odd_blocks, __ATOMIC_RELAXED) ? scan_odd(live, found, context) : 0;
}

/*
 * The kernel waits for a grace period after each change of a map of maps, even to what it was:
 * maybe_wait_bpf_programs(), Linux 4.20. Programs on user probes (by perf and multi links) and
 * tracepoints run under rcu_read_lock() or, before Linux 6.0, with preemption disabled.
 */
int live_settle(struct live *live)
{
	uint32_t first = 0;

	return bpf_map_update_elem(bpf_map__fd(live->bpf->maps.levels), &first, &live->levels[0].fd, BPF_ANY) ? -errno
	                                                                                                      : 0;
}

struct removal {
	struct live *live;
	bool (*goes)(void *context, uint64_t owner);
	void *context;
	struct mt_odd_key *keys;
	size_t n;
	bool failed;
};

static void collect_odd(void *context, uint64_t owner, uint64_t address, const struct mt_block *block)
{
	struct removal *removal = context;
	struct mt_odd_key *keys;

	(void)block;
	if (!removal->goes(removal->context, owner))
		return;
	keys = realloc(removal->keys, (removal->n + 1) * sizeof(*keys));
	if (!keys) {
		removal->failed = true;
		return;
	}
	removal->keys = keys;
	keys[removal->n++] = (struct mt_odd_key){.address = address, .owner = owner};
}

int live_remove(struct live *live, bool (*goes)(void *context, uint64_t owner), void *context)
{
	struct removal removal = {.live = live, .goes = goes, .context = context};
	int error = 0;

	for (uint32_t l = 0; l < live->n_levels; l++) {
		for (uint64_t i = 0; i < live->levels[l].n_buckets; i++) {
			struct mt_bucket *bucket = &live->levels[l].buckets[i];

			for (int j = 0; j < MT_BUCKET_SLOTS; j++) {
				uint64_t key = bucket->key[j];

				if (!key || key == MT_KEY_BUSY || !goes(context, MT_KEY_OWNER(key)))
					continue;
				if (!__atomic_compare_exchange_n(&bucket->key[j], &key, MT_KEY_BUSY, false,
				                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
					continue;
				__atomic_store_n(&bucket->block[j].time_ns, 0, __ATOMIC_RELAXED);
				__atomic_store_n(&bucket->key[j], 0, __ATOMIC_RELEASE);
			}
		}
	}
	if (live->bpf->bss->odd_blocks)
		error = scan_odd(live, collect_odd, &removal);
	for (size_t i = 0; i < removal.n; i++) {
		if (!bpf_map_delete_elem(bpf_map__fd(live->bpf->maps.odd), &removal.keys[i]))
			__atomic_fetch_sub(&live->bpf->bss->odd_blocks, 1, __ATOMIC_RELAXED);
	}
	free(removal.keys);
	return removal.failed ? -ENOMEM : error;
}
