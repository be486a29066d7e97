// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/smaps, and what is made of it: the parts add up, and names lie where they may be read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/memory_parts.h"
#include "collect/thread_stacks.h"

static uint64_t resident(void *context, uint64_t start, uint64_t end)
{
	(void)context;
	if (end <= start)
		abort();
	return end - start;
}

static int add(void *context, const struct smaps_row *row)
{
	if (row->mapping.end <= row->mapping.start || strlen(row->mapping.name) > 1 << 20)
		abort();
	memory_parts_add(context, row);
	return 0;
}

static void check_sum(const struct process_memory *memory)
{
	uint64_t sum = 0;

	for (int part = 0; part < MEMORY_PARTS; part++)
		sum += memory->parts[part];
	if (sum != memory->rss_bytes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct memory_piece pieces[] = {
	    {0x1000, 0x3000, MEMORY_LIVE}, {0x3000, 0x8000, MEMORY_MAPPINGS}, {0x100000, UINT64_MAX, MEMORY_LIVE}};
	static const uint64_t stack_pointers[] = {0x3008, 0x7ffd00001000};
	struct process_memory memory = {.known = true};
	struct memory_parts parts = {
	    .pieces = pieces,
	    .n_pieces = 3,
	    .stack_pointers = stack_pointers,
	    .n_stack_pointers = 2,
	    .small_bytes = 5000,
	    .before_bytes = 9000,
	    .resident = resident,
	    .memory = &memory,
	};
	char *text = strndup((const char *)data, size);
	uint64_t stack_pointer;
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;

	thread_stacks_parse(text, &stack_pointer);
	free(text);
	if (!file)
		return 0;
	smaps_parse(file, add, &parts);
	fclose(file);
	memory_parts_finish(&parts);
	check_sum(&memory);
	return 0;
}
