/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that is stopped, as the heap walkers see it. */
#ifndef MEMTRACE_TESTS_HEAP_STOPPED_H
#define MEMTRACE_TESTS_HEAP_STOPPED_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
	int memory_fd;
	size_t n_reads, n_read_bytes;
};

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

static int stopped_add_mapping(void *context, const struct maps_row *row)
{
	struct stopped *stopped = context;
	int err = grow_list((void **)&stopped->mappings, stopped->process.n_mappings, sizeof(*stopped->mappings));

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
	for (size_t i = 0; i < stopped->freeze.n_threads; i++) {
		if (stopped->freeze.threads[i].ended || registers_read(stopped->freeze.threads[i].thread, registers))
			continue;
		if (grow_list((void **)&stopped->thread_pointers, stopped->process.n_threads, sizeof(uint64_t)))
			exit(2);
		stopped->thread_pointers[stopped->process.n_threads++] = registers->thread_pointer;
	}
	free(registers);
#ifdef __aarch64__
	stopped->process.tls_above = true;
#endif
	stopped->process.read = stopped_read;
	stopped->process.context = stopped;
	stopped->process.mappings = stopped->mappings;
	stopped->process.thread_pointers = stopped->thread_pointers;
}

static void stopped_end(struct stopped *stopped)
{
	freeze_end(&stopped->freeze);
	close(stopped->memory_fd);
	free(stopped->mappings);
	free(stopped->thread_pointers);
}

#endif
