/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stopped process as a file: what the heap walkers read of it. A header; mappings; thread pointers; then runs of
 * words, of which a run that says so has one word over and over. What no run has is zero.
 */
#ifndef MEMTRACE_TESTS_HEAP_IMAGE_H
#define MEMTRACE_TESTS_HEAP_IMAGE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"

#define IMAGE_MAX_MAPPINGS 64
#define IMAGE_MAX_THREADS 16
#define IMAGE_MAX_BYTES (16UL << 20) /* of all mappings; tcmalloc takes 8 MiB at once, mostly zeroes */

struct image_header {
	uint32_t n_mappings, n_threads;
};

struct image_mapping {
	uint64_t start, bytes;
	uint32_t kind, flags; /* bit 0 readable, 1 writable, 2 shared */
};

struct image_run {
	uint64_t address;
	uint32_t n_words, repeats;
};

struct image {
	struct heap_process process;
	struct heap_mapping mappings[IMAGE_MAX_MAPPINGS];
	uint64_t thread_pointers[IMAGE_MAX_THREADS];
	uint8_t *bytes[IMAGE_MAX_MAPPINGS];
};

static inline uint8_t *image_bytes(struct image *image, uint64_t address, size_t size)
{
	for (size_t i = 0; i < image->process.n_mappings; i++) {
		const struct heap_mapping *mapping = &image->mappings[i];

		if (address >= mapping->start && address < mapping->end && size <= mapping->end - address)
			return image->bytes[i] + (address - mapping->start);
	}
	return NULL;
}

static int image_read(void *context, uint64_t address, void *buffer, size_t size)
{
	const uint8_t *bytes = image_bytes(context, address, size);

	if (!bytes)
		return -EFAULT;
	memcpy(buffer, bytes, size);
	return 0;
}

static inline bool image_take(const uint8_t **at, size_t *left, void *to, size_t size)
{
	if (size > *left)
		return false;
	memcpy(to, *at, size);
	*at += size;
	*left -= size;
	return true;
}

/* Reads as much of the file as makes sense: whatever it is, it becomes some process. */
static inline struct image *image_load(const uint8_t *at, size_t left)
{
	struct image *image = calloc(1, sizeof(*image));
	struct image_header header = {0};
	struct image_mapping row;
	struct image_run run;
	uint64_t last = 0, room = IMAGE_MAX_BYTES, word = 0;

	image->process = (struct heap_process){.read = image_read, .context = image, .mappings = image->mappings};
	image->process.thread_pointers = image->thread_pointers;
	image_take(&at, &left, &header, sizeof(header));
	for (uint32_t i = 0;
	     i < header.n_mappings && i < IMAGE_MAX_MAPPINGS && image_take(&at, &left, &row, sizeof(row)); i++) {
		size_t n = image->process.n_mappings;

		if (row.start < last || !row.bytes || row.bytes > room || row.start + row.bytes >= 1UL << 56)
			continue;
		image->mappings[n] =
		    (struct heap_mapping){row.start,     row.start + row.bytes, row.kind % (HEAP_MAPPING_BRK + 1),
		                          row.flags & 1, row.flags & 2,         row.flags & 4};
		image->bytes[n] = calloc(1, row.bytes);
		image->process.n_mappings++;
		room -= row.bytes;
		last = row.start + row.bytes;
	}
	for (uint32_t i = 0; i < header.n_threads && i < IMAGE_MAX_THREADS; i++)
		if (image_take(&at, &left, &image->thread_pointers[i], sizeof(uint64_t)))
			image->process.n_threads++;
	while (image_take(&at, &left, &run, sizeof(run)))
		for (uint32_t i = 0; i < run.n_words; i++) {
			uint8_t *to = image_bytes(image, run.address + i * sizeof(word), sizeof(word));

			if (!to || ((!i || !run.repeats) && !image_take(&at, &left, &word, sizeof(word))))
				break;
			memcpy(to, &word, sizeof(word));
		}
	return image;
}

static inline void image_free(struct image *image)
{
	for (size_t i = 0; i < image->process.n_mappings; i++)
		free(image->bytes[i]);
	free(image);
}

#endif
