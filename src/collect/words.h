/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a process's memory that may point into a block: those whose value lies in a page that has one. */
#ifndef MEMTRACE_COLLECT_WORDS_H
#define MEMTRACE_COLLECT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "model/reach.h"
#include "util/page_set.h"

#define WORDS_PIECES 512 /* of memory that are read at once */

struct words {
	pid_t pid;
	const struct page_set *pages; /* that have blocks */
	struct page_span spans[2];    /* of them */
	struct reach_word *words;     /* owned */
	size_t n_words, room, max_words;
	uint64_t deadline_ns; /* of CLOCK_MONOTONIC; 0: none */
	uint64_t read_bytes, unreadable_bytes;
	/* Of pieces that are still to be read: */
	uint64_t *buffer;
	struct iovec pieces[WORDS_PIECES];
	size_t n_pieces, pieces_bytes;
	int memory_fd; /* /proc/PID/mem */
};

/* 0 or -errno. words_close() must follow in any case. */
int words_open(struct words *words, pid_t pid);
/*
 * Which words are looked for, before any is; about so many will be found, and there is room for them when the process
 * waits. 0 or -ENOMEM.
 */
int words_look_for(struct words *words, const struct page_set *pages, size_t n_expected, size_t max_words);
void words_close(struct words *words);

/*
 * Reads memory, of whole words, now or with what follows. `protected`: the process itself may not read it. 0 or
 * -errno: -ETIME after the deadline, -ENOMEM.
 */
int words_read(struct words *words, uint64_t start, uint64_t end, bool protected);
/* What is still to be read is. 0 or -errno, as words_read(). */
int words_finish(struct words *words);

/* A word that lies at no address, or was read by others. 0 or -ENOMEM. */
int words_add(struct words *words, uint64_t at, uint64_t value);

/* The word at an address, whatever it is. 0 or -EFAULT. */
int words_peek(const struct words *words, uint64_t at, uint64_t *value);

#endif
