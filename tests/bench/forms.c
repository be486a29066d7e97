// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it takes to write a report. Prints nanoseconds, bytes of memory at the peak beyond the snapshot itself, and
 * bytes written.
 *
 * usage: forms FORMAT STACKS FRAMES
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "report/renderer.h"

#define N_FUNCTIONS 5000
#define NAME_BYTES 64

static char names[N_FUNCTIONS][NAME_BYTES];

static ssize_t count_bytes(void *cookie, const char *bytes, size_t size)
{
	(void)bytes;
	*(size_t *)cookie += size;
	return (ssize_t)size;
}

/* Stacks part from one another inwards: half of the frames of neighbours are the same. */
static void make_frames(struct stack *stack, size_t number, size_t n)
{
	stack->frames = calloc(n, sizeof(*stack->frames));
	stack->n_frames = n;
	for (size_t i = 0; stack->frames && i < n; i++) {
		size_t function = ((number >> i / 2) * 2654435761U + i * 97) % N_FUNCTIONS;

		stack->frames[i] = (struct frame){.address = 0x400000 + 64 * function,
		                                  .module = "program",
		                                  .function = names[function],
		                                  .file = "src/some/folder/file.cc",
		                                  .line = (unsigned int)(1 + function)};
	}
}

static int make_snapshot(struct snapshot *snapshot, size_t n_stacks, size_t n_frames)
{
	static struct process process = {.pid = 1, .comm = "program"};
	static struct node_usage node;

	*snapshot = (struct snapshot){.command = "trace", .processes = &process, .n_processes = 1};
	snapshot->placement = (struct placement){.nodes = &node, .n_nodes = 1};
	snapshot->n_stacks = snapshot->n_stacks_shown = n_stacks;
	snapshot->stacks = calloc(n_stacks, sizeof(*snapshot->stacks));
	if (!snapshot->stacks)
		return -1;
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		snprintf(names[i], NAME_BYTES, "program::part_%zu::function_%zu(std::string const&, int)", i % 50, i);
	for (size_t i = 0; i < n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		stack->usage =
		    (struct usage){.live_bytes = 100 + i, .live_blocks = 1 + i % 10, .alloc_bytes = 1000 + i};
		usage_add(&snapshot->totals, &stack->usage);
		make_frames(stack, i, n_frames);
		if (!stack->frames)
			return -1;
	}
	return 0;
}

static long peak_kib(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_maxrss;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct renderer *renderer = argc == 4 ? renderer_find(argv[1]) : NULL;
	size_t written = 0;
	FILE *out = fopencookie(&written, "w", (cookie_io_functions_t){.write = count_bytes});
	struct snapshot snapshot;
	long before_kib;
	long long start_ns;

	if (!renderer || !out || make_snapshot(&snapshot, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10)))
		return 1;
	before_kib = peak_kib();
	start_ns = now_ns();
	if (renderer->report(out, &snapshot, &(struct render_options){0}))
		return 1;
	printf("%lld %ld %zu\n", now_ns() - start_ns, (peak_kib() - before_kib) * 1024, written);
	return fclose(out) ? 1 : 0;
}
