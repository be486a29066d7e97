/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up run of which everything is known at every moment, and its recording. Behind cmocka.h. */
#ifndef MEMTRACE_TESTS_RECORDING_RUN_H
#define MEMTRACE_TESTS_RECORDING_RUN_H

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "analyze/aggregate.h"
#include "model/identity.h"
#include "recording/recording.h"
#include "recording/schema.h"
#include "recording/writer.h"
#include "unit/sample_snapshot.h"

#define MOMENTS 140
#define STACKS 450 /* half of which are there: more than a course looks up one by one */
#define PROCESSES 5
#define MODULES 3
#define NODES 2
#define STEP_NS (600ULL * 1000000000) /* six to the hour, after which all is stored */
#define WHOLE_EVERY 6

/* A stack at a moment. */
struct made_state {
	bool present;
	struct usage usage;
	uint64_t born_ns; /* of the oldest block; 0: none */
	struct node_usage nodes[NODES];
	uint64_t not_resident_bytes, unplaced_bytes, remote_bytes;
	struct verdict verdict;
};

struct run {
	char path[64], error[512];
	struct module modules[MODULES];
	struct made_state states[MOMENTS][STACKS];
	size_t named; /* stacks that were named */
};

static uint64_t random_state;

/* xorshift64 */
static inline uint64_t random_below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static inline void change_usage(struct made_state *state, uint64_t now_ns)
{
	uint64_t size = 1 + random_below(1 << 20), n = 1 + random_below(5);

	state->usage.alloc_bytes += n * size;
	state->usage.alloc_count += n;
	if (random_below(2)) {
		state->usage.live_bytes += n * size;
		state->usage.live_blocks += n;
		if (!state->born_ns)
			state->born_ns = now_ns - random_below(1000);
	} else {
		state->usage.free_bytes += n * size;
		state->usage.free_count += n;
	}
}

/* The parts that a placement must have, of the live bytes. */
static inline void change_placement(struct made_state *state)
{
	uint64_t left = state->usage.live_bytes;

	state->not_resident_bytes = random_below(left + 1);
	left -= state->not_resident_bytes;
	state->unplaced_bytes = random_below(4) ? 0 : random_below(left + 1);
	left -= state->unplaced_bytes;
	state->nodes[0] = (struct node_usage){0, left - random_below(left + 1), state->usage.live_blocks, 0};
	state->nodes[1] = (struct node_usage){1, left - state->nodes[0].live_bytes, random_below(3),
	                                      random_below(2) ? state->usage.live_bytes : 0};
	state->nodes[0].cpu_live_bytes = state->usage.live_bytes - state->nodes[1].cpu_live_bytes;
	state->remote_bytes = random_below(left + 1);
}

static inline void change_verdict(struct verdict *verdict)
{
	*verdict = (struct verdict){.kind = (enum verdict_kind)random_below(VERDICT_COUNT)};
	if (verdict->kind == VERDICT_NONE)
		return;
	verdict->points = random_below(100);
	verdict->window_ns = random_below(1ULL << 50);
	verdict->bytes_per_s = (double)random_below(1000) / 7;
	verdict->low_bytes_per_s = -verdict->bytes_per_s / 3;
	verdict->high_bytes_per_s = verdict->bytes_per_s * 3;
	verdict->low_bytes = random_below(1ULL << 40);
	verdict->high_bytes = verdict->low_bytes + random_below(1ULL << 40);
	verdict->lifetime_ns = random_below(1ULL << 40);
	verdict->projected_bytes = random_below(1ULL << 40);
	verdict->projected_ns = random_below(1ULL << 60);
}

static inline void make_states(struct run *run)
{
	for (size_t t = 0; t < MOMENTS; t++) {
		for (size_t s = 0; s < STACKS; s++) {
			struct made_state *state = &run->states[t][s];

			if (t)
				*state = run->states[t - 1][s];
			state->nodes[1].node = 1;
			if (!random_below(12))
				state->present = !state->present && (s % PROCESSES != 4 || t > 12);
			if (!state->present)
				continue;
			if (!state->usage.alloc_count || !random_below(5))
				change_usage(state, (t + 1) * STEP_NS);
			if (!random_below(8))
				change_placement(state);
			if (!random_below(6))
				change_verdict(&state->verdict);
		}
	}
}

static inline void make_modules(struct module modules[MODULES])
{
	static char paths[MODULES][32] = {"/usr/lib/libc.so.6", "/opt/a \"b\"/app", "[vdso]"};

	for (size_t i = 0; i < MODULES; i++) {
		modules[i] = (struct module){.path = paths[i], .name = paths[i], .fd = -1};
		modules[i].build_id_size = i == 0 ? 20 : i == 1 ? BUILD_ID_MAX : 0;
		for (size_t j = 0; j < modules[i].build_id_size; j++)
			modules[i].build_id[j] = (uint8_t)(255 - 11 * j);
	}
	modules[0].device = 0xfd01;
	modules[0].inode = (ino_t)1 << 40;
	modules[1].replaced = true;
}

static inline struct run *run_new(const char *name)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	snprintf(run->path, sizeof(run->path), "/tmp/memtrace-unit-%d-%s", getpid(), name);
	unlink(run->path);
	random_state = 0x1234567887654321;
	make_modules(run->modules);
	make_states(run);
	return run;
}

static inline void run_free(struct run *run)
{
	char beside[80];

	unlink(run->path);
	snprintf(beside, sizeof(beside), "%s-wal", run->path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", run->path);
	unlink(beside);
	free(run);
}

static inline void add_mapping(struct process *process, const struct module *module, uint64_t start, uint32_t from,
                               uint32_t until)
{
	size_t n = process->n_mappings;

	process->mappings = reallocarray(process->mappings, n + 1, sizeof(*process->mappings));
	assert_non_null(process->mappings);
	process->mappings[n] = (struct mapping){start, start + 0x1000, (from + 1) * 0x1000, module, from, until};
	process->n_mappings++;
}

/* The last one comes later; it has the ID of one that has ended by then. */
static inline void make_process(const struct run *run, struct process *process, size_t p, size_t t)
{
	free(process->exe);
	process->exe = p == 3 ? NULL : strdup(t >= 20 && p == 1 ? "/opt/other" : "/opt/app");
	process->number = 7 + 2 * p;
	process->pid = (pid_t)(1001 + (p == 4 ? 2 : p));
	process->is_child = p > 1;
	process->parent = p > 1 ? 1001 : 0;
	snprintf(process->comm, sizeof(process->comm), t >= 20 && p == 1 ? "after exec" : "app %zu", p);
	process->ended = (p == 2 && t >= 10) || (p == 3 && t >= 20);
	process->exit_status_known = p == 2 && process->ended;
	process->exit_status = process->exit_status_known ? 137 : 0;
	process->memory.known = !process->ended && p != 1;
	if (process->memory.known) {
		process->memory.unseen_threads = t % 3;
		for (size_t i = 0; i < MEMORY_PARTS; i++)
			process->memory.rss_bytes += process->memory.parts[i] = (i + 1) * 4096 * (t + p);
	}
	add_mapping(process, &run->modules[0], 0x400000, 0, p == 1 && t >= 20 ? 3 : MAPPING_STAYS);
	if (p == 1 && t >= 20)
		add_mapping(process, &run->modules[1], 0x400000, 4, MAPPING_STAYS);
	add_mapping(process, &run->modules[1], 0x7f0000000000, 0, MAPPING_STAYS);
	/* Where the upper half begins, as on machines whose vsyscall page lies there. */
	add_mapping(process, &run->modules[2], 0xffffffffff600000, 0, MAPPING_STAYS);
}

static inline void make_stack(const struct made_state *state, struct stack *stack, size_t s,
                              const struct snapshot *snapshot)
{
	stack->number = s;
	stack->process = s % PROCESSES;
	stack->kind = (enum block_kind)(s % 3);
	stack->code_version = (uint32_t)(s % 4);
	/* One without addresses for each process at most; two that differ in the kind, the version or the last alone.
	 */
	if (s >= 5)
		sample_addresses(stack, s % 7 ? 0x400000 + 0x100 * (s / 3) : 0xffffffffff600000, 1 + s % 11);
	if (s % 5 == 2 && stack->n_addresses)
		stack->addresses[stack->n_addresses - 1] = UINT64_MAX - s;
	stack->end = stack->n_addresses ? (enum stack_end)(s % END_COUNT) : END_NO_MAPPING;
	stack->guessed = s % 6 == 1;
	stack->usage = state->usage;
	stack->oldest_ns = state->born_ns ? snapshot->elapsed_ns - state->born_ns : 0;
	stack->verdict = state->verdict;
	if (placement_init(&stack->placement, snapshot->placement.nodes, NODES))
		abort();
	memcpy(stack->placement.nodes, state->nodes, sizeof(state->nodes));
	stack->placement.not_resident_bytes = state->not_resident_bytes;
	stack->placement.unplaced_bytes = state->unplaced_bytes;
	stack->placement.remote_bytes = state->remote_bytes;
}

/* As the run was at that moment, with sums. */
static inline struct snapshot *make_snapshot(const struct run *run, size_t t)
{
	size_t n_processes = t >= 12 ? PROCESSES : PROCESSES - 1;
	struct snapshot *snapshot = sample_new(n_processes, STACKS, NODES);

	snapshot->elapsed_ns = (t + 1) * STEP_NS;
	snapshot->time_unix_ns = SAMPLE_TIME_NS + t * STEP_NS;
	snapshot->since_unix_ns = SAMPLE_TIME_NS - STEP_NS;
	snapshot->abandoned_calls = t;
	snapshot->unknown_frees_known = t % 2;
	snapshot->unknown_frees = t % 2 ? 3 * t : 0;
	snapshot->inherited_frees = t % 2 ? 4 * t : 0;
	snapshot->untraced_children = 5 * t;
	for (size_t i = 0; i < LOSS_COUNT && (t > 100 || t % 9 == 3); i++)
		snapshot->lost[i] = i % 3 ? i * t : 0;
	for (size_t p = 0; p < n_processes; p++)
		make_process(run, &snapshot->processes[p], p, t);
	snapshot->n_stacks = 0;
	for (size_t s = 0; s < STACKS; s++) {
		const struct made_state *state = &run->states[t][s];

		if (state->present && s % PROCESSES < n_processes)
			make_stack(state, &snapshot->stacks[snapshot->n_stacks++], s, snapshot);
	}
	assert_int_equal(aggregate_merge(snapshot), 0);
	aggregate_sum(snapshot);
	return snapshot;
}

/* A frame for each address, and an inlined one. */
static inline int name_stack(void *context, const struct process *process, struct stack *stack)
{
	struct run *run = context;

	assert_int_equal(stack->n_frames, 0);
	assert_true(process->number >= 7);
	run->named++;
	stack->frames = calloc(stack->n_addresses + 1, sizeof(*stack->frames));
	assert_non_null(stack->frames);
	for (size_t i = 0; i < stack->n_addresses; i++)
		stack->frames[stack->n_frames++] = (struct frame){
		    .address = stack->addresses[i],
		    .module = i % 3 ? "app" : "libc.so.6",
		    .build_id = i % 3 ? "0123abcd" : NULL,
		    .function = i % 4   ? "grow(\"<a>\")"
		                : i % 8 ? "\x1b]0;x\a"
		                        : NULL,
		    .offset = i % 4 ? 8 * i : 0,
		    .has_offset = i % 4,
		    .file = i % 2 ? "/src/a.c" : NULL,
		    .line = i % 2 ? (unsigned int)(i + 7) : 0,
		};
	stack->frames[stack->n_frames++] = (struct frame){.address = stack->addresses[0],
	                                                  .module = "app",
	                                                  .function = "inner",
	                                                  .line = 3,
	                                                  .file = "b.h",
	                                                  .inlined = true};
	return 0;
}

static const struct about sayings[] = {
    {"memtrace", "0.1"}, {"command_line", "a b\nc"}, {"interval_ns", "600000000000"}};

#define N_SAYINGS (sizeof(sayings) / sizeof(sayings[0]))

static inline void write_run(struct run *run, size_t n_moments, bool named)
{
	struct writer_namer namer = {named ? name_stack : NULL, NULL, run};
	struct writer *writer;

	if (writer_open(run->path, sayings, N_SAYINGS, &namer, &writer, run->error, sizeof(run->error)))
		fail_msg("%s", run->error);
	for (size_t t = 0; t < n_moments; t++) {
		if (writer_add(writer, make_snapshot(run, t)))
			fail_msg("%s", run->error);
		assert_int_equal(writer_snapshots(writer), t + 1);
	}
	assert_true(writer_bytes(writer) > 4096);
	if (writer_finish(writer))
		fail_msg("%s", run->error);
	writer_free(writer);
}

static inline struct recording *open_run(struct run *run)
{
	struct recording *recording;

	if (recording_open(run->path, &recording, run->error, sizeof(run->error)))
		fail_msg("%s", run->error);
	return recording;
}

static inline void same_text(const char *got, const char *wanted)
{
	if (wanted && got)
		assert_string_equal(got, wanted);
	else
		assert_ptr_equal(got, wanted);
}

static inline const struct stack *find_stack(const struct snapshot *in, const struct snapshot *of,
                                             const struct stack *stack)
{
	for (size_t i = 0; i < in->n_stacks; i++) {
		if (!identity_compare(in, &in->stacks[i], of, stack))
			return &in->stacks[i];
	}
	fail_msg("a stack is missing");
	return NULL;
}

/* The first column of the first row, as a number. */
static inline int64_t ask(const char *path, const char *sql)
{
	sqlite3 *handle;
	sqlite3_stmt *statement;
	int64_t value;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return value;
}

#endif
