// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stops a process and writes what the heap walkers would read of it to a file (heap/image.h): a seed for the fuzzer.
 * usage: capture PID FILE
 */
#include <string.h>

#include "heap/image.h"
#include "heap/stopped.h"

#define PIECE_WORDS 512
#define MAX_MAPPING_BYTES (2UL << 20) /* tcmalloc's variables have 1.8 MB */
#define NEAR_BYTES 4096UL

/*
 * Variables of libraries and of threads, and heaps. Of large mappings only what is near a thread pointer, for a seed
 * is small. False: nothing of it.
 */
static bool is_wanted(const struct stopped *stopped, struct heap_mapping *mapping)
{
	if (mapping->kind == HEAP_MAPPING_OTHER || !mapping->readable || !mapping->writable || mapping->shared)
		return false;
	if (mapping->end - mapping->start <= MAX_MAPPING_BYTES || mapping->kind == HEAP_MAPPING_BRK)
		return true;
	for (size_t i = 0; i < stopped->process.n_threads; i++) {
		uint64_t page = stopped->thread_pointers[i] & ~4095UL;

		if (page < mapping->start + NEAR_BYTES || page + NEAR_BYTES > mapping->end)
			continue;
		mapping->start = page - NEAR_BYTES;
		mapping->end = page + NEAR_BYTES;
		return true;
	}
	return false;
}

/* Leaves only what is wanted. */
static void choose(struct stopped *stopped)
{
	size_t n = 0;

	for (size_t i = 0; i < stopped->process.n_mappings; i++)
		if (is_wanted(stopped, &stopped->mappings[i]))
			stopped->mappings[n++] = stopped->mappings[i];
	stopped->process.n_mappings = n;
}

static size_t same_words(const uint64_t *words, size_t n)
{
	size_t same = 1;

	while (same < n && words[same] == words[0])
		same++;
	return same;
}

/* As runs: those of one word, of which zeroes are left out, and what is between them. */
static void write_piece(FILE *out, uint64_t address, const uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t same = same_words(words + i, n - i), length = same;
		struct image_run run = {address + i * sizeof(uint64_t), 0, 1};

		if (same < 3 && words[i]) {
			run.repeats = 0;
			while (i + length < n && words[i + length] &&
			       same_words(words + i + length, n - i - length) < 3)
				length++;
		}
		run.n_words = (uint32_t)length;
		if (words[i]) {
			fwrite(&run, sizeof(run), 1, out);
			fwrite(words + i, sizeof(uint64_t), run.repeats ? 1 : length, out);
		}
		i += length;
	}
}

static void write_mapping(FILE *out, struct stopped *stopped, const struct heap_mapping *mapping)
{
	uint64_t words[PIECE_WORDS];

	for (uint64_t at = mapping->start; at < mapping->end; at += sizeof(words))
		if (!stopped_read(stopped, at, words, sizeof(words)))
			write_piece(out, at, words, PIECE_WORDS);
}

int main(int argc, char **argv)
{
	struct stopped stopped;
	struct image_header header = {0};
	FILE *out;

	if (argc != 3 || !(out = fopen(argv[2], "we")))
		return 2;
	stopped_begin(&stopped, atoi(argv[1]));
	choose(&stopped);
	header.n_mappings = (uint32_t)stopped.process.n_mappings;
	header.n_threads = (uint32_t)stopped.process.n_threads;
	fwrite(&header, sizeof(header), 1, out);
	for (size_t i = 0; i < header.n_mappings; i++) {
		const struct heap_mapping *mapping = &stopped.mappings[i];
		struct image_mapping row = {mapping->start, mapping->end - mapping->start, mapping->kind, 3};

		fwrite(&row, sizeof(row), 1, out);
	}
	fwrite(stopped.thread_pointers, sizeof(uint64_t), header.n_threads, out);
	for (size_t i = 0; i < header.n_mappings; i++)
		write_mapping(out, &stopped, &stopped.mappings[i]);
	stopped_end(&stopped);
	return fclose(out) ? 1 : 0;
}
