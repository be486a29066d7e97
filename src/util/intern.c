// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/grow.h"

#define SLOTS_MIN 1024
#define KEYS_MAX INT32_MAX

struct key {
	size_t begin, size; /* in bytes */
	uint64_t hash;
};

/* Open addressing, at most half full. A slot has the key's number + 1; 0: empty. */
struct intern {
	struct buffer bytes;
	struct key *keys;
	size_t n_keys;
	uint32_t *slots;
	size_t n_slots; /* a power of two */
};

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

struct intern *intern_new(void)
{
	struct intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return NULL;
	intern->n_slots = SLOTS_MIN;
	intern->slots = calloc(intern->n_slots, sizeof(*intern->slots));
	if (intern->slots)
		return intern;
	free(intern);
	return NULL;
}

void intern_free(struct intern *intern)
{
	if (!intern)
		return;
	buffer_free(&intern->bytes);
	free(intern->keys);
	free(intern->slots);
	free(intern);
}

/* Where the key is, or the empty slot where it would be. */
static size_t find_slot(const struct intern *intern, const void *key, size_t size, uint64_t hash)
{
	size_t slot = hash & (intern->n_slots - 1);

	for (; intern->slots[slot]; slot = (slot + 1) & (intern->n_slots - 1)) {
		const struct key *known = &intern->keys[intern->slots[slot] - 1];

		if (known->hash == hash && known->size == size &&
		    (!size || !memcmp(intern->bytes.bytes + known->begin, key, size)))
			break;
	}
	return slot;
}

static int double_slots(struct intern *intern)
{
	size_t n_slots = 2 * intern->n_slots;
	uint32_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < intern->n_keys; i++) {
		size_t slot = intern->keys[i].hash & (n_slots - 1);

		while (slots[slot])
			slot = (slot + 1) & (n_slots - 1);
		slots[slot] = (uint32_t)i + 1;
	}
	free(intern->slots);
	intern->slots = slots;
	intern->n_slots = n_slots;
	return 0;
}

static int add_key(struct intern *intern, const void *key, size_t size, uint64_t hash)
{
	struct key added = {.begin = intern->bytes.size, .size = size, .hash = hash};
	void *keys = intern->keys;
	int error = intern->n_keys < KEYS_MAX ? grow_list(&keys, intern->n_keys, sizeof(*intern->keys)) : -ENOMEM;

	intern->keys = keys;
	if (error)
		return error;
	buffer_add(&intern->bytes, key, size);
	if (intern->bytes.failed)
		return -ENOMEM;
	intern->keys[intern->n_keys++] = added;
	return 0;
}

int64_t intern_add(struct intern *intern, const void *key, size_t size, bool *added)
{
	uint64_t hash = hash_of(key, size);
	size_t slot = find_slot(intern, key, size, hash);
	int error;

	*added = false;
	if (intern->slots[slot])
		return intern->slots[slot] - 1;
	if (2 * (intern->n_keys + 1) > intern->n_slots) {
		error = double_slots(intern);
		if (error)
			return error;
		slot = find_slot(intern, key, size, hash);
	}
	error = add_key(intern, key, size, hash);
	if (error)
		return error;
	*added = true;
	intern->slots[slot] = (uint32_t)intern->n_keys;
	return (int64_t)intern->n_keys - 1;
}

size_t intern_count(const struct intern *intern)
{
	return intern->n_keys;
}

const char *intern_key(const struct intern *intern, size_t number, size_t *size)
{
	*size = intern->keys[number].size;
	return intern->bytes.bytes + intern->keys[number].begin;
}
