/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that is stopped, as the heap walkers see it. */
#ifndef MEMTRACE_TESTS_HEAP_STOPPED_H
#define MEMTRACE_TESTS_HEAP_STOPPED_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/freeze.h"
#include "collect/maps.h"
#include "collect/registers.h"
#include "heap/heap.h"
#include "util/grow.h"

struct stopped {
	struct freeze freeze;
	struct heap_process process;
	struct heap_mapping *mappings;
	uint64_t *thread_pointers;
	bool *in_allocator; /* of each of these */
	struct stopped_code {
		uint64_t start, end;
	} * code; /* of libraries that are allocators */
	size_t n_code;
	int memory_fd;
	size_t n_reads, n_read_bytes;
};

#define STOPPED_STACK_WORDS 24 /* that are looked at for return addresses: the C library's functions need few */

static int stopped_read(void *context, uint64_t address, void *buffer, size_t size)
{
	struct stopped *stopped = context;
	ssize_t n = pread(stopped->memory_fd, buffer, size, (off_t)address);

	stopped->n_reads++;
	if (n != (ssize_t)size)
		return n < 0 ? -errno : -EIO;
	stopped->n_read_bytes += size;
	return 0;
}

static int stopped_add_code(struct stopped *stopped, const struct maps_row *row)
{
	int err;

	if (!row->executable || !strstr(row->name, "jemalloc.so"))
		return 0;
	err = grow_list((void **)&stopped->code, stopped->n_code, sizeof(*stopped->code));
	if (!err)
		stopped->code[stopped->n_code++] = (struct stopped_code){row->start, row->end};
	return err;
}

static bool stopped_is_code(const struct stopped *stopped, uint64_t address)
{
	for (size_t i = 0; i < stopped->n_code; i++)
		if (address >= stopped->code[i].start && address < stopped->code[i].end)
			return true;
	return false;
}

/* Is a thread within one of the library's functions, or within what these call? */
static bool stopped_in_allocator(struct stopped *stopped, const struct registers *registers)
{
	bool found = stopped_is_code(stopped, registers->program_counter);

	for (unsigned int i = 0; i < STOPPED_STACK_WORDS && !found; i++) {
		uint64_t word;

		if (stopped_read(stopped, registers->stack_pointer + i * sizeof(word), &word, sizeof(word)))
			break;
		found = stopped_is_code(stopped, word);
	}
	return found;
}

static int stopped_add_mapping(void *context, const struct maps_row *row)
{
	struct stopped *stopped = context;
	int err = grow_list((void **)&stopped->mappings, stopped->process.n_mappings, sizeof(*stopped->mappings));

	if (!err)
		err = stopped_add_code(stopped, row);
	if (err)
		return err;
	stopped->mappings[stopped->process.n_mappings++] = (struct heap_mapping){
	    .start = row->start,
	    .end = row->end,
	    .kind = (uint8_t)heap_mapping_kind(row->name),
	    .readable = row->readable,
	    .writable = row->writable,
	    .shared = row->shared,
	};
	return 0;
}

/* Ends the test where it fails. */
static void stopped_begin(struct stopped *stopped, pid_t pid)
{
	char error[256] = "", path[64];
	struct registers *registers = malloc(sizeof(*registers));

	*stopped = (struct stopped){.memory_fd = -1};
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	stopped->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (stopped->memory_fd < 0 || freeze_begin(&stopped->freeze, pid, UINT64_MAX, error, sizeof(error)) ||
	    maps_read(pid, stopped_add_mapping, stopped)) {
		fprintf(stderr, "cannot stop %d: %s\n", pid, error);
		exit(2);
	}
	stopped->thread_pointers = calloc(stopped->freeze.n_threads + 1, sizeof(*stopped->thread_pointers));
	stopped->in_allocator = calloc(stopped->freeze.n_threads + 1, sizeof(*stopped->in_allocator));
	for (size_t i = 0; i < stopped->freeze.n_threads; i++) {
		if (stopped->freeze.threads[i].ended || registers_read(stopped->freeze.threads[i].thread, registers))
			continue;
		stopped->thread_pointers[stopped->process.n_threads] = registers->thread_pointer;
		stopped->in_allocator[stopped->process.n_threads] = stopped_in_allocator(stopped, registers);
		stopped->process.in_allocator |= stopped->in_allocator[stopped->process.n_threads++];
	}
	free(registers);
#ifdef __aarch64__
	stopped->process.tls_above = true;
#endif
	stopped->process.read = stopped_read;
	stopped->process.context = stopped;
	stopped->process.mappings = stopped->mappings;
	stopped->process.thread_pointers = stopped->thread_pointers;
	stopped->process.threads_in_allocator = stopped->in_allocator;
}

static void stopped_end(struct stopped *stopped)
{
	freeze_end(&stopped->freeze);
	close(stopped->memory_fd);
	free(stopped->code);
	free(stopped->mappings);
	free(stopped->thread_pointers);
	free(stopped->in_allocator);
}

#endif
