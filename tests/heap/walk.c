// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stops a process, walks its heaps, and lets it go. Prints what was found: areas, extents, sums and troubles.
 * usage: walk [--sums] PID [ADDRESS COUNT]…
 * --sums leaves areas and extents out; at each ADDRESS so many words are printed as they were then.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "heap/stopped.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void print_extents(const struct heap *heap)
{
	for (size_t i = 0; i < heap->n_areas; i++) {
		const struct heap_area *area = &heap->areas[i];

		printf("area 0x%" PRIx64 " 0x%" PRIx64 " %s\n", area->start, area->end,
		       heap_allocator_name(area->allocator));
		for (size_t j = area->first; j < area->first + area->n; j++)
			printf("extent 0x%" PRIx64 " 0x%" PRIx64 " %s\n", heap->extents[j].start,
			       (uint64_t)heap->extents[j].end, heap_kind_name((enum heap_kind)heap->extents[j].kind));
	}
}

static void print_sums(const struct heap *heap)
{
	for (unsigned int kind = 0; kind < HEAP_KIND_COUNT; kind++)
		printf("sum %" PRIu64 " %" PRIu64 " %s\n", heap->bytes[kind], heap->blocks[kind],
		       heap_kind_name((enum heap_kind)kind));
	for (unsigned int trouble = 0; trouble < HEAP_TROUBLE_COUNT; trouble++)
		if (heap->troubles[trouble].count)
			printf("trouble %" PRIu64 " 0x%" PRIx64 " %s\n", heap->troubles[trouble].count,
			       heap->troubles[trouble].address, heap_trouble_text((enum heap_trouble)trouble));
}

static int print_words(struct stopped *stopped, uint64_t address, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t word;

		if (stopped_read(stopped, address + i * sizeof(word), &word, sizeof(word)))
			return 1;
		printf("word 0x%" PRIx64 " %zu\n", word, i);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool sums = argc > 1 && !strcmp(argv[1], "--sums");
	char **argument = argv + 1 + sums, **end = argv + argc;
	pid_t pid = argument < end ? atoi(*argument++) : 0;
	struct stopped stopped;
	struct heap heap = {0};
	uint64_t start_ns;
	int err;

	if (pid <= 0)
		return 2;
	stopped_begin(&stopped, pid);
	start_ns = now_ns();
	err = heap_walk(&stopped.process, &heap);
	printf("cost %" PRIu64 " %zu %zu\n", now_ns() - start_ns, stopped.n_reads, stopped.n_read_bytes);
	for (; !err && argument + 1 < end; argument += 2)
		err = print_words(&stopped, strtoull(argument[0], NULL, 0), strtoull(argument[1], NULL, 0));
	stopped_end(&stopped);
	if (!err && !sums)
		print_extents(&heap);
	if (!err)
		print_sums(&heap);
	heap_free(&heap);
	return err ? 1 : 0;
}
