/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a recording of a run that never was: so many stacks, of which a share changes from one snapshot to the next.
 *
 * recorded FILE MOMENTS STEP_S STACKS FRAMES PER_CENT: prints one line of JSON: how long it took and the file's size.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "analyze/aggregate.h"
#include "recording/writer.h"

#define NS_PER_S 1000000000ULL
#define BEGIN_NS (1772409600 * NS_PER_S)
/* Places in code: stacks share most of theirs, as those of a program do. */
#define FUNCTIONS 5000
#define CODE 0x7f0000001000ULL
#define FUNCTION_BYTES 256

struct made {
	struct usage usage;
	uint64_t born_ns;
};

struct run {
	size_t n_stacks, n_frames;
	unsigned int per_cent;
	uint64_t step_ns;
	struct made *made;
	struct module module;
	uint64_t random;
};

/* xorshift64 */
static uint64_t random_below(struct run *run, uint64_t n)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random % n;
}

static void *allocate(size_t n, size_t size)
{
	void *list = calloc(n + 1, size);

	if (!list) {
		perror("recorded");
		exit(1);
	}
	return list;
}

/* Allocations of a size of its own, of which most are freed again. */
static void change(struct run *run, struct made *made, size_t number, uint64_t now_ns)
{
	uint64_t size = 16 + number % 4000, n = 1 + random_below(run, 1000), kept = random_below(run, 20);

	if (kept > n)
		kept = n;
	if (!made->usage.live_blocks)
		made->born_ns = now_ns - random_below(run, run->step_ns);
	made->usage.alloc_bytes += n * size;
	made->usage.alloc_count += n;
	made->usage.live_bytes += kept * size;
	made->usage.live_blocks += kept;
	made->usage.free_bytes += (n - kept) * size;
	made->usage.free_count += n - kept;
}

static void fill_stack(const struct run *run, struct stack *stack, size_t number, uint64_t elapsed_ns)
{
	const struct made *made = &run->made[number];
	uint64_t at = number;

	stack->usage = made->usage;
	stack->oldest_ns = elapsed_ns - made->born_ns;
	stack->addresses = allocate(run->n_frames, sizeof(*stack->addresses));
	stack->n_addresses = run->n_frames;
	for (size_t i = 0; i < run->n_frames; i++) {
		stack->addresses[run->n_frames - 1 - i] = CODE + at % FUNCTIONS * FUNCTION_BYTES + i;
		at = at / 3 + i;
	}
	stack->addresses[0] = CODE + number % FUNCTIONS * FUNCTION_BYTES + number / FUNCTIONS;
}

static void fill_process(const struct run *run, struct process *process, size_t moment)
{
	process->pid = 4711;
	process->number = 1;
	snprintf(process->comm, sizeof(process->comm), "recorded");
	process->exe = strdup("/usr/bin/recorded");
	process->memory = (struct process_memory){.known = true, .rss_bytes = (moment + 1) << 20};
	process->memory.parts[MEMORY_SLACK] = process->memory.rss_bytes;
	process->mappings = allocate(1, sizeof(*process->mappings));
	process->mappings[0] =
	    (struct mapping){CODE, CODE + FUNCTIONS * FUNCTION_BYTES, 0x1000, &run->module, 0, MAPPING_STAYS};
	process->n_mappings = 1;
	process->placement.nodes = allocate(1, sizeof(*process->placement.nodes));
	process->placement.n_nodes = 1;
}

static struct snapshot *make_snapshot(struct run *run, size_t moment)
{
	struct snapshot *snapshot = allocate(1, sizeof(*snapshot));

	snapshot->command = "trace";
	snapshot->elapsed_ns = (moment + 1) * run->step_ns;
	snapshot->time_unix_ns = BEGIN_NS + snapshot->elapsed_ns;
	snapshot->since_unix_ns = BEGIN_NS;
	snapshot->unknown_frees_known = true;
	snapshot->placement.nodes = allocate(1, sizeof(*snapshot->placement.nodes));
	snapshot->placement.n_nodes = 1;
	snapshot->processes = allocate(1, sizeof(*snapshot->processes));
	snapshot->n_processes = 1;
	fill_process(run, &snapshot->processes[0], moment);
	snapshot->stacks = allocate(run->n_stacks, sizeof(*snapshot->stacks));
	snapshot->n_stacks = run->n_stacks;
	for (size_t i = 0; i < run->n_stacks; i++) {
		if (!moment || random_below(run, 100) < run->per_cent)
			change(run, &run->made[i], i, snapshot->elapsed_ns);
		fill_stack(run, &snapshot->stacks[i], i, snapshot->elapsed_ns);
	}
	if (aggregate_merge(snapshot)) {
		fprintf(stderr, "recorded: out of memory\n");
		exit(1);
	}
	aggregate_sum(snapshot);
	return snapshot;
}

static int name_stack(void *context, const struct process *process, struct stack *stack)
{
	static char names[FUNCTIONS][48];

	(void)context;
	(void)process;
	stack->frames = allocate(stack->n_addresses, sizeof(*stack->frames));
	stack->n_frames = stack->n_addresses;
	for (size_t i = 0; i < stack->n_addresses; i++) {
		size_t function = (stack->addresses[i] - CODE) / FUNCTION_BYTES;

		snprintf(names[function], sizeof(names[function]), "made_up::function_%zu()", function);
		stack->frames[i] = (struct frame){.address = stack->addresses[i],
		                                  .module = "recorded",
		                                  .function = names[function],
		                                  .offset = (stack->addresses[i] - CODE) % FUNCTION_BYTES,
		                                  .has_offset = true,
		                                  .file = "/src/made_up.cc",
		                                  .line = (unsigned int)function + 1};
	}
	return 0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_run(struct run *run, const char *path, size_t n_moments, double *adding_s)
{
	const struct writer_namer namer = {.name = name_stack};
	struct writer *writer;
	char text[512] = "out of memory";
	int error = writer_open(path, NULL, 0, &namer, &writer, text, sizeof(text));

	for (size_t i = 0; i < n_moments && !error; i++) {
		struct snapshot *snapshot = make_snapshot(run, i);
		double begin = seconds();

		error = writer_add(writer, snapshot);
		*adding_s += seconds() - begin;
	}
	if (!error)
		error = writer_finish(writer);
	writer_free(writer);
	if (error)
		fprintf(stderr, "recorded: %s\n", text);
	return error;
}

int main(int argc, char **argv)
{
	struct run run = {.random = 88172645463325252ULL, .module = {.fd = -1, .build_id_size = 20}};
	char name[] = "recorded";
	struct stat stat_of;
	size_t n_moments;
	double adding_s = 0;

	if (argc != 7) {
		fprintf(stderr, "usage: recorded FILE MOMENTS STEP_S STACKS FRAMES PER_CENT\n");
		return 2;
	}
	n_moments = strtoul(argv[2], NULL, 10);
	run.step_ns = strtoul(argv[3], NULL, 10) * NS_PER_S;
	run.n_stacks = strtoul(argv[4], NULL, 10);
	run.n_frames = strtoul(argv[5], NULL, 10);
	run.per_cent = (unsigned int)strtoul(argv[6], NULL, 10);
	run.module.path = name;
	run.module.name = name;
	run.made = allocate(run.n_stacks, sizeof(*run.made));
	if (write_run(&run, argv[1], n_moments, &adding_s) || stat(argv[1], &stat_of))
		return 1;
	free(run.made);
	printf("{\"bytes\": %lld, \"adding_s\": %.6f}\n", (long long)stat_of.st_size, adding_s);
	return 0;
}
