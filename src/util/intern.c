// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/grow.h"

#define ALIGNMENT sizeof(uint64_t)
#define SLOTS_MIN 64

struct entry {
	size_t at, size; /* in bytes */
	uint64_t hash;
};

struct intern {
	uint64_t seed; /* so that no target can choose names that all fall together */
	unsigned char *bytes;
	size_t n_bytes, room;
	struct entry *entries;
	size_t n_entries;
	uint32_t *slots; /* number + 1; 0: empty */
	size_t n_slots;  /* a power of two, at least twice n_entries */
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	__uint128_t product = (__uint128_t)(hash ^ word) * 0x9e3779b97f4a7c15;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const struct intern *intern, const unsigned char *key, size_t size)
{
	uint64_t hash = mix(intern->seed, size), word;

	for (; size >= sizeof(word); size -= sizeof(word), key += sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = mix(hash ^ intern->seed, word);
	}
	word = 0;
	if (size)
		memcpy(&word, key, size);
	return mix(hash ^ intern->seed, word);
}

struct intern *intern_new(void)
{
	struct intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return NULL;
	intern->slots = calloc(SLOTS_MIN, sizeof(*intern->slots));
	intern->n_slots = SLOTS_MIN;
	if (!intern->slots) {
		free(intern);
		return NULL;
	}
	/* Early at boot there is none yet: then the seed is 0. */
	if (getrandom(&intern->seed, sizeof(intern->seed), GRND_NONBLOCK) < 0)
		intern->seed = 0;
	return intern;
}

void intern_free(struct intern *intern)
{
	if (!intern)
		return;
	free(intern->bytes);
	free(intern->entries);
	free(intern->slots);
	free(intern);
}

static int double_slots(struct intern *intern)
{
	size_t n = 2 * intern->n_slots;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < intern->n_entries; i++) {
		size_t slot = intern->entries[i].hash & (n - 1);

		while (slots[slot])
			slot = (slot + 1) & (n - 1);
		slots[slot] = (uint32_t)(i + 1);
	}
	free(intern->slots);
	intern->slots = slots;
	intern->n_slots = n;
	return 0;
}

static int make_room(struct intern *intern, size_t size)
{
	size_t room = intern->room ? intern->room : 4096;
	unsigned char *grown;

	while (room < intern->n_bytes + size)
		room *= 2;
	if (room == intern->room)
		return 0;
	grown = realloc(intern->bytes, room);
	if (!grown)
		return -ENOMEM;
	intern->bytes = grown;
	intern->room = room;
	return 0;
}

static int64_t append(struct intern *intern, const void *key, size_t size, uint64_t hash)
{
	size_t padded = (size + ALIGNMENT) & ~(ALIGNMENT - 1); /* at least one byte, of zeros, behind a string */

	if (intern->n_entries >= UINT32_MAX - 1 || make_room(intern, padded) ||
	    grow_list((void **)&intern->entries, intern->n_entries, sizeof(*intern->entries)))
		return -ENOMEM;
	memset(intern->bytes + intern->n_bytes, 0, padded);
	if (size)
		memcpy(intern->bytes + intern->n_bytes, key, size);
	intern->entries[intern->n_entries] = (struct entry){.at = intern->n_bytes, .size = size, .hash = hash};
	intern->n_bytes += padded;
	return (int64_t)intern->n_entries++;
}

int64_t intern_add(struct intern *intern, const void *key, size_t size)
{
	uint64_t hash = hash_of(intern, key, size);
	size_t slot;
	int64_t number;

	if (2 * (intern->n_entries + 1) > intern->n_slots && double_slots(intern))
		return -ENOMEM;
	slot = hash & (intern->n_slots - 1);
	while (intern->slots[slot]) {
		const struct entry *entry = &intern->entries[intern->slots[slot] - 1];

		if (entry->hash == hash && entry->size == size && !memcmp(intern->bytes + entry->at, key, size))
			return (int64_t)intern->slots[slot] - 1;
		slot = (slot + 1) & (intern->n_slots - 1);
	}
	number = append(intern, key, size, hash);
	if (number >= 0)
		intern->slots[slot] = (uint32_t)(number + 1);
	return number;
}

size_t intern_count(const struct intern *intern)
{
	return intern->n_entries;
}

const void *intern_key(const struct intern *intern, size_t number)
{
	return intern->bytes + intern->entries[number].at;
}
