// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process stands still meanwhile, so this is made to be fast: one system call a MiB, and two comparisons for a
 * word that points nowhere.
 */
#include "collect/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/internal.h"

#define BUFFER_BYTES (1ULL << 20)
#define PAGE_BYTES 4096ULL
#define WORD_BYTES sizeof(uint64_t)
#define FIRST_ROOM (1UL << 16)

int words_open(struct words *words, pid_t pid)
{
	char path[64];

	*words = (struct words){.pid = pid, .memory_fd = -1};
	words->buffer = aligned_alloc(PAGE_BYTES, BUFFER_BYTES);
	if (!words->buffer)
		return -ENOMEM;
	memset(words->buffer, 0, BUFFER_BYTES); /* so that it is there when the process waits */
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	words->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	return words->memory_fd < 0 ? -errno : 0;
}

void words_close(struct words *words)
{
	free(words->buffer);
	free(words->words);
	if (words->memory_fd >= 0)
		close(words->memory_fd);
	*words = (struct words){.memory_fd = -1};
}

static int make_room(struct words *words, size_t n)
{
	size_t room = words->room ? words->room : FIRST_ROOM;
	struct reach_word *grown;

	if (words->n_words + n <= words->room)
		return 0;
	if (words->n_words > words->max_words)
		return -ENOMEM;
	while (room < words->n_words + n)
		room *= 2;
	grown = reallocarray(words->words, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	words->words = grown;
	words->room = room;
	return 0;
}

int words_look_for(struct words *words, const struct page_set *pages, size_t n_expected, size_t max_words)
{
	int error;

	words->pages = pages;
	words->max_words = max_words;
	page_set_spans(pages, words->spans);
	error = make_room(words, n_expected < max_words ? n_expected : max_words);
	if (!error && words->room)
		memset(words->words, 0, words->room * sizeof(*words->words));
	return error;
}

static int keep(struct words *words, uint64_t at, const uint64_t *from, size_t n)
{
	const struct page_set *pages = words->pages;
	const struct page_span low = words->spans[0], high = words->spans[1];
	struct reach_word *to;
	int error = make_room(words, n);

	if (error)
		return error;
	to = words->words + words->n_words;
	for (size_t i = 0; i < n; i++) {
		uint64_t value = REACH_UNTAGGED(from[i]);

		/* One branch: of random values, either is hard to tell. */
		if (((value - low.start < low.bytes) | (value - high.start < high.bytes)) && page_set_has(pages, value))
			*to++ = (struct reach_word){.at = at + i * WORD_BYTES, .value = from[i]};
	}
	words->n_words = (size_t)(to - words->words);
	return 0;
}

/* Page by page, by a way that asks no permission of the process's. What cannot be read even so is counted. */
static int read_slowly(struct words *words, uint64_t start, uint64_t end)
{
	int error = 0;

	while (start < end && !error) {
		uint64_t next = start - start % PAGE_BYTES + PAGE_BYTES;
		uint64_t bytes = (next < end ? next : end) - start;

		if (pread(words->memory_fd, words->buffer, bytes, (off_t)start) == (ssize_t)bytes) {
			words->read_bytes += bytes;
			error = keep(words, start, words->buffer, bytes / WORD_BYTES);
		} else {
			words->unreadable_bytes += bytes;
		}
		start += bytes;
	}
	return error;
}

/* Of what was read of all pieces, `bytes` in a row; the rest is looked at one by one. */
static int take_pieces(struct words *words, size_t bytes)
{
	const uint64_t *from = words->buffer;
	size_t i = 0;
	int error = 0;

	words->read_bytes += bytes;
	for (; i < words->n_pieces && bytes >= words->pieces[i].iov_len && !error; i++) {
		size_t n = words->pieces[i].iov_len / WORD_BYTES;

		error = keep(words, (uintptr_t)words->pieces[i].iov_base, from, n);
		bytes -= words->pieces[i].iov_len;
		from += n;
	}
	words->read_bytes -= bytes;
	for (; i < words->n_pieces && !error; i++) {
		uint64_t start = (uintptr_t)words->pieces[i].iov_base;

		error = read_slowly(words, start, start + words->pieces[i].iov_len);
	}
	return error;
}

int words_finish(struct words *words)
{
	struct iovec local = {.iov_base = words->buffer, .iov_len = words->pieces_bytes};
	ssize_t bytes;
	int error;

	if (!words->n_pieces)
		return 0;
	if (words->deadline_ns && clock_ns(CLOCK_MONOTONIC) > words->deadline_ns)
		return -ETIME;
	bytes = process_vm_readv(words->pid, &local, 1, words->pieces, words->n_pieces, 0);
	error = take_pieces(words, bytes > 0 ? (size_t)bytes : 0);
	words->n_pieces = words->pieces_bytes = 0;
	return error;
}

int words_read(struct words *words, uint64_t start, uint64_t end, bool protected)
{
	int error = 0;

	if (protected) {
		error = words_finish(words);
		return error ? error : read_slowly(words, start, end);
	}
	while (start < end && !error) {
		uint64_t room = BUFFER_BYTES - words->pieces_bytes, bytes = end - start < room ? end - start : room;

		words->pieces[words->n_pieces++] = (struct iovec){.iov_base = (void *)start, .iov_len = bytes};
		words->pieces_bytes += bytes;
		start += bytes;
		if (words->n_pieces == WORDS_PIECES || words->pieces_bytes == BUFFER_BYTES)
			error = words_finish(words);
	}
	return error;
}

int words_add(struct words *words, uint64_t at, uint64_t value)
{
	size_t n = words->n_words;
	int error = keep(words, at, &value, 1);

	if (!error && words->n_words > n)
		words->words[n].at = at;
	return error;
}

int words_peek(const struct words *words, uint64_t at, uint64_t *value)
{
	return pread(words->memory_fd, value, sizeof(*value), (off_t)at) == sizeof(*value) ? 0 : -EFAULT;
}
