// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Snapshots of a made-up run, written and read back: every field of every moment, courses and names, against what the
 * run is known to have been. And files that are no recordings, or damaged ones.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sqlite3.h>
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
static uint64_t random_below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static void change_usage(struct made_state *state, uint64_t now_ns)
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
static void change_placement(struct made_state *state)
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

static void change_verdict(struct verdict *verdict)
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

static void make_states(struct run *run)
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

static void make_modules(struct module modules[MODULES])
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

static struct run *run_new(const char *name)
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

static void run_free(struct run *run)
{
	char beside[80];

	unlink(run->path);
	snprintf(beside, sizeof(beside), "%s-wal", run->path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", run->path);
	unlink(beside);
	free(run);
}

static void add_mapping(struct process *process, const struct module *module, uint64_t start, uint32_t from,
                        uint32_t until)
{
	size_t n = process->n_mappings;

	process->mappings = reallocarray(process->mappings, n + 1, sizeof(*process->mappings));
	assert_non_null(process->mappings);
	process->mappings[n] = (struct mapping){start, start + 0x1000, (from + 1) * 0x1000, module, from, until};
	process->n_mappings++;
}

/* The last one comes later; it has the ID of one that has ended by then. */
static void make_process(const struct run *run, struct process *process, size_t p, size_t t)
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

static void make_stack(const struct made_state *state, struct stack *stack, size_t s, const struct snapshot *snapshot)
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
static struct snapshot *make_snapshot(const struct run *run, size_t t)
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
static int name_stack(void *context, const struct process *process, struct stack *stack)
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

static void write_run(struct run *run, size_t n_moments, bool named)
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

static struct recording *open_run(struct run *run)
{
	struct recording *recording;

	if (recording_open(run->path, &recording, run->error, sizeof(run->error)))
		fail_msg("%s", run->error);
	return recording;
}

#define SAME(member) assert_int_equal(got->member, wanted->member)

static void same_usage(const struct usage *got, const struct usage *wanted)
{
	SAME(live_bytes);
	SAME(live_blocks);
	SAME(alloc_bytes);
	SAME(alloc_count);
	SAME(free_bytes);
	SAME(free_count);
}

static void same_placement(const struct placement *got, const struct placement *wanted)
{
	SAME(not_resident_bytes);
	SAME(unplaced_bytes);
	SAME(remote_bytes);
	SAME(n_nodes);
	for (size_t i = 0; i < wanted->n_nodes; i++) {
		SAME(nodes[i].node);
		SAME(nodes[i].live_bytes);
		SAME(nodes[i].live_blocks);
		SAME(nodes[i].cpu_live_bytes);
	}
}

static void same_verdict(const struct verdict *got, const struct verdict *wanted)
{
	SAME(kind);
	SAME(points);
	SAME(window_ns);
	assert_true(got->bytes_per_s == wanted->bytes_per_s && got->low_bytes_per_s == wanted->low_bytes_per_s &&
	            got->high_bytes_per_s == wanted->high_bytes_per_s);
	SAME(low_bytes);
	SAME(high_bytes);
	SAME(lifetime_ns);
	SAME(projected_bytes);
	SAME(projected_ns);
}

static void same_text(const char *got, const char *wanted)
{
	if (wanted && got)
		assert_string_equal(got, wanted);
	else
		assert_ptr_equal(got, wanted);
}

static void same_process(const struct process *got, const struct process *wanted)
{
	SAME(pid);
	SAME(number);
	SAME(is_child);
	SAME(parent);
	SAME(ended);
	SAME(exit_status);
	SAME(exit_status_known);
	SAME(memory.known);
	SAME(memory.rss_bytes);
	SAME(memory.unseen_threads);
	for (size_t i = 0; i < MEMORY_PARTS; i++)
		SAME(memory.parts[i]);
	assert_string_equal(got->comm, wanted->comm);
	same_text(got->exe, wanted->exe);
	same_usage(&got->usage, &wanted->usage);
	same_placement(&got->placement, &wanted->placement);
}

/* Of those that the process had at that moment; the file may have later ones, too. */
static void has_mapping(const struct process *process, const struct mapping *wanted, bool last)
{
	size_t i = 0;

	while (i < process->n_mappings &&
	       (process->mappings[i].start != wanted->start || process->mappings[i].from != wanted->from))
		i++;
	assert_true(i < process->n_mappings);
	assert_int_equal(process->mappings[i].end, wanted->end);
	assert_int_equal(process->mappings[i].offset, wanted->offset);
	if (last)
		assert_int_equal(process->mappings[i].until, wanted->until);
	assert_string_equal(process->mappings[i].module->path, wanted->module->path);
	assert_int_equal(process->mappings[i].module->build_id_size, wanted->module->build_id_size);
	assert_memory_equal(process->mappings[i].module->build_id, wanted->module->build_id, BUILD_ID_MAX);
	assert_int_equal(process->mappings[i].module->device, wanted->module->device);
	assert_int_equal(process->mappings[i].module->inode, wanted->module->inode);
	assert_int_equal(process->mappings[i].module->replaced, wanted->module->replaced);
}

static const struct stack *find_stack(const struct snapshot *in, const struct snapshot *of, const struct stack *stack)
{
	for (size_t i = 0; i < in->n_stacks; i++) {
		if (!identity_compare(in, &in->stacks[i], of, stack))
			return &in->stacks[i];
	}
	fail_msg("a stack is missing");
	return NULL;
}

static void same_stack(const struct stack *got, const struct stack *wanted)
{
	SAME(end);
	SAME(guessed);
	SAME(oldest_ns);
	SAME(verdict.kind);
	same_usage(&got->usage, &wanted->usage);
	same_placement(&got->placement, &wanted->placement);
}

/* Stored with the numbers that it had when it was reached, and anew in each whole snapshot. `s`: the made-up stack. */
static const struct verdict *verdict_of(const struct run *run, size_t t, size_t n_moments, size_t s)
{
	size_t since = t;

	while (t + 1 < n_moments && since % WHOLE_EVERY && run->states[since - 1][s].present &&
	       run->states[since - 1][s].verdict.kind == run->states[since][s].verdict.kind)
		since--;
	return &run->states[since][s].verdict;
}

static void check_snapshot(struct run *run, struct recording *recording, size_t t, size_t n_moments)
{
	struct snapshot *got, *wanted = make_snapshot(run, t);

	if (recording_snapshot(recording, t, &got))
		fail_msg("%s", run->error);
	aggregate_sum(got);
	SAME(time_unix_ns);
	SAME(elapsed_ns);
	SAME(since_unix_ns);
	SAME(n_processes);
	SAME(n_stacks);
	SAME(placed);
	SAME(abandoned_calls);
	SAME(unknown_frees);
	SAME(unknown_frees_known);
	SAME(inherited_frees);
	SAME(untraced_children);
	SAME(incomplete_stacks);
	for (size_t i = 0; i < LOSS_COUNT; i++)
		SAME(lost[i]);
	same_usage(&got->totals, &wanted->totals);
	same_placement(&got->placement, &wanted->placement);
	for (size_t i = 0; i < wanted->n_processes; i++) {
		same_process(&got->processes[i], &wanted->processes[i]);
		for (size_t j = 0; j < wanted->processes[i].n_mappings; j++)
			has_mapping(&got->processes[i], &wanted->processes[i].mappings[j], t + 1 == n_moments);
	}
	for (size_t i = 0; i < wanted->n_stacks; i++) {
		const struct stack *stack = find_stack(got, wanted, &wanted->stacks[i]);

		same_stack(stack, &wanted->stacks[i]);
		same_verdict(&stack->verdict, verdict_of(run, t, n_moments, wanted->stacks[i].number));
	}
	snapshot_free(got);
	snapshot_free(wanted);
}

static void every_moment(void **state)
{
	struct run *run = run_new("moments");
	struct recording *recording;
	const struct moment *moments;
	size_t n;

	(void)state;
	write_run(run, MOMENTS, false);
	recording = open_run(run);
	moments = recording_moments(recording, &n);
	assert_int_equal(n, MOMENTS);
	assert_false(recording_has_names(recording));
	assert_string_equal(recording_about(recording, "command_line"), "a b?c");
	assert_null(recording_about(recording, "none"));
	for (size_t t = 0; t < MOMENTS; t++) {
		struct snapshot *wanted = make_snapshot(run, t);

		assert_int_equal(moments[t].time_unix_ns, wanted->time_unix_ns);
		assert_int_equal(moments[t].live_bytes, wanted->totals.live_bytes);
		assert_int_equal(moments[t].live_blocks, wanted->totals.live_blocks);
		assert_int_equal(moments[t].alloc_bytes, wanted->totals.alloc_bytes);
		assert_int_equal(moments[t].alloc_count, wanted->totals.alloc_count);
		assert_int_equal(moments[t].complete, snapshot_complete(wanted));
		snapshot_free(wanted);
		check_snapshot(run, recording, t, MOMENTS);
	}
	recording_close(recording);
	run_free(run);
}

/* The first column of the first row, as a number. */
static int64_t ask(const char *path, const char *sql)
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

static bool changed(const struct run *run, size_t t, size_t s)
{
	const struct made_state *now = &run->states[t][s], *before = t ? &run->states[t - 1][s] : NULL;

	if (s % PROCESSES == 4 && t < 12)
		return false;
	if (t % WHOLE_EVERY == 0)
		return now->present;
	if (s % PROCESSES == 4 && t == 12)
		return now->present;
	return before->present != now->present ||
	       (now->present &&
	        (memcmp(&before->usage, &now->usage, sizeof(now->usage)) != 0 ||
	         memcmp(before->nodes, now->nodes, sizeof(now->nodes)) != 0 ||
	         before->not_resident_bytes != now->not_resident_bytes ||
	         before->unplaced_bytes != now->unplaced_bytes || before->remote_bytes != now->remote_bytes));
}

/* Rows are stored of what has changed alone, and of all once an hour. */
static void changes_alone(void **state)
{
	struct run *run = run_new("changes");
	int64_t rows = 0, stacks = 0;

	(void)state;
	write_run(run, MOMENTS, false);
	for (size_t s = 0; s < STACKS; s++) {
		bool ever = false;

		for (size_t t = 0; t < MOMENTS; t++) {
			rows += changed(run, t, s);
			ever |= run->states[t][s].present;
		}
		stacks += ever;
	}
	assert_int_equal(ask(run->path, "SELECT count(*) FROM stack_state"), rows);
	assert_int_equal(ask(run->path, "SELECT count(*) FROM stack"), stacks);
	assert_int_equal(ask(run->path, "SELECT count(*) FROM snapshot WHERE whole = snapshot"),
	                 (MOMENTS + WHOLE_EVERY - 1) / WHOLE_EVERY);
	/* The view puts any moment together; what has gone has nothing allocated there. */
	assert_int_equal(ask(run->path,
	                     "SELECT count(*) FROM snapshot s WHERE (live_bytes, alloc_count) <> (SELECT "
	                     "sum(live_bytes), sum(alloc_count) FROM stack_at a WHERE a.snapshot = s.snapshot)"),
	                 0);
	run_free(run);
}

/* What the made-up stack had. */
static struct usage usage_at(const struct run *run, size_t t, size_t s)
{
	const struct made_state *state = &run->states[t][s];

	return state->present && (s % PROCESSES < 4 || t >= 12) ? state->usage : (struct usage){0};
}

static void check_history(const struct run *run, const struct history *history, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < history->n_moments; i++) {
		size_t t = (history->moments[i].time_unix_ns - SAMPLE_TIME_NS) / STEP_NS;

		assert_true(!i || history->moments[i].time_unix_ns > history->moments[i - 1].time_unix_ns);
		for (size_t j = 0; j < history->n_stacks; j++) {
			const struct moment_usage *got = &history->usages[j * history->n_moments + i];
			struct usage wanted = usage_at(run, t, snapshot->stacks[j].number);

			assert_int_equal(got->live_bytes, wanted.live_bytes);
			assert_int_equal(got->live_blocks, wanted.live_blocks);
			assert_int_equal(got->alloc_bytes, wanted.alloc_bytes);
			assert_int_equal(got->alloc_count, wanted.alloc_count);
		}
	}
}

static void check_course(struct run *run, struct recording *recording, size_t moment, size_t max, bool all)
{
	struct snapshot *snapshot, *made = make_snapshot(run, moment);
	struct history *history;
	const struct moment *moments;
	size_t n, n_shown;

	moments = recording_moments(recording, &n);
	assert_int_equal(recording_snapshot(recording, moment, &snapshot), 0);
	n_shown = all ? snapshot->n_stacks : snapshot->n_stacks / 8;
	assert_int_equal(recording_history(recording, snapshot, n_shown, moment, max, &history), 0);
	assert_true(history->n_moments >= 1 && history->n_moments <= (max < n ? max : n));
	assert_int_equal(history->n_stacks, n_shown);
	assert_int_equal(history->moments[history->shown].time_unix_ns, moments[moment].time_unix_ns);
	if (max >= n)
		assert_int_equal(history->n_moments, n);
	for (size_t i = 0; i < n_shown; i++)
		snapshot->stacks[i].number = find_stack(made, snapshot, &snapshot->stacks[i])->number;
	check_history(run, history, snapshot);
	history_free(history);
	snapshot_free(snapshot);
	snapshot_free(made);
}

static void courses(void **state)
{
	static const size_t moments[] = {0, 1, 5, 6, 70, MOMENTS - 1},
	                    most[] = {1, 2, 7, 50, MOMENTS - 1, MOMENTS, 1000};
	struct run *run = run_new("courses");
	struct recording *recording;

	(void)state;
	write_run(run, MOMENTS, false);
	recording = open_run(run);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		for (size_t j = 0; j < sizeof(most) / sizeof(most[0]); j++)
			check_course(run, recording, moments[i], most[j], j % 2);
	}
	recording_close(recording);
	run_free(run);
}

static void check_names(struct run *run, const struct stack *stack)
{
	struct stack wanted = {.addresses = stack->addresses, .n_addresses = stack->n_addresses};

	if (!stack->n_addresses) {
		assert_int_equal(stack->n_frames, 0);
		return;
	}
	name_stack(run, &(struct process){.number = 7}, &wanted);
	assert_int_equal(stack->n_frames, wanted.n_frames);
	for (size_t i = 0; i < stack->n_frames; i++) {
		const struct frame *got = &stack->frames[i], *frame = &wanted.frames[i];

		assert_int_equal(got->address, frame->address);
		assert_int_equal(got->offset, frame->offset);
		assert_int_equal(got->has_offset, frame->has_offset);
		assert_int_equal(got->line, frame->line);
		assert_int_equal(got->inlined, frame->inlined);
		same_text(got->module, frame->module);
		same_text(got->build_id, frame->build_id);
		same_text(got->file, frame->file);
		same_text(got->function, frame->function && frame->function[0] == '\x1b' ? "?]0;x?" : frame->function);
	}
	free(wanted.frames);
}

/* Also of stacks that are not there at the end. */
static void names(void **state)
{
	struct run *run = run_new("names");
	struct recording *recording;
	size_t named;

	(void)state;
	write_run(run, MOMENTS, true);
	named = run->named;
	assert_true(named > 0);
	recording = open_run(run);
	assert_true(recording_has_names(recording));
	for (size_t t = 0; t < MOMENTS; t += 13) {
		struct snapshot *snapshot;

		assert_int_equal(recording_snapshot(recording, t, &snapshot), 0);
		for (size_t i = 0; i < snapshot->n_stacks; i++) {
			assert_int_equal(recording_name(recording, &snapshot->stacks[i]), 0);
			check_names(run, &snapshot->stacks[i]);
		}
		snapshot_free(snapshot);
	}
	recording_close(recording);
	assert_int_equal(ask(run->path,
	                     "SELECT count(*) FROM stack WHERE stack IN (SELECT stack FROM address) AND stack "
	                     "NOT IN (SELECT stack FROM frame)"),
	                 0);
	assert_true(ask(run->path, "SELECT count(*) FROM stack_text") > 0);
	run_free(run);
}

/* A reader that is at work sees one moment, whatever is written meanwhile, and the next one sees more. */
static void read_while_written(void **state)
{
	struct run *run = run_new("meanwhile");
	struct writer_namer namer = {NULL, NULL, NULL};
	struct recording *first = NULL, *second;
	struct writer *writer;
	size_t n;

	(void)state;
	assert_int_equal(writer_open(run->path, sayings, N_SAYINGS, &namer, &writer, run->error, sizeof(run->error)),
	                 0);
	assert_int_equal(recording_open(run->path, &first, run->error, sizeof(run->error)), -ENODATA);
	for (size_t t = 0; t < 20; t++) {
		if (writer_add(writer, make_snapshot(run, t)))
			fail_msg("%s", run->error);
		if (t == 4)
			first = open_run(run);
	}
	second = open_run(run);
	(void)recording_moments(first, &n);
	assert_int_equal(n, 5);
	for (size_t t = 0; t < n; t++)
		check_snapshot(run, first, t, MOMENTS);
	(void)recording_moments(second, &n);
	assert_int_equal(n, 20);
	check_snapshot(run, second, 19, MOMENTS);
	assert_int_equal(writer_finish(writer), 0);
	check_snapshot(run, first, 3, MOMENTS);
	writer_free(writer);
	recording_close(first);
	recording_close(second);
	first = open_run(run);
	check_snapshot(run, first, 19, 20);
	recording_close(first);
	run_free(run);
}

static void existing_file(void **state)
{
	struct run *run = run_new("existing");
	struct writer_namer namer = {NULL, NULL, NULL};
	struct writer *writer;
	int fd = open(run->path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0 && write(fd, "mine", 4) == 4 && !close(fd));
	assert_int_equal(writer_open(run->path, sayings, N_SAYINGS, &namer, &writer, run->error, sizeof(run->error)),
	                 -EEXIST);
	assert_non_null(strstr(run->error, run->path));
	fd = open(run->path, O_RDONLY);
	assert_int_equal(lseek(fd, 0, SEEK_END), 4);
	close(fd);
	run_free(run);
}

/* What somebody does to a recording. `error`: what then comes of it; 0: it can be read, or is refused when it is. */
static const struct harm {
	const char *sql;
	int error;
	const char *words;
} harms[] = {
    {"PRAGMA user_version = 2", -EINVAL, "newer memtrace"},
    {"PRAGMA user_version = 0", -EINVAL, "older memtrace"},
    {"PRAGMA application_id = 7", -EINVAL, "no recording"},
    {"DROP TABLE loss", -EINVAL, "table loss"},
    {"DROP VIEW stack_at; CREATE VIEW stack_at AS SELECT 1", -EINVAL, "view stack_at"},
    {"DROP TABLE address; CREATE VIEW address AS SELECT 1 AS stack, 1 AS depth, 1 AS address", -EINVAL,
     "table address"},
    {"DROP INDEX stack_by_hash", -EINVAL, "index stack_by_hash"},
    {"DELETE FROM snapshot", -ENODATA, "no snapshot"},
    {"UPDATE snapshot SET whole = 99999 WHERE snapshot = 9", -EBADMSG, "later one"},
    {"UPDATE snapshot SET time_unix_ns = -1 WHERE snapshot = 9", -EBADMSG, "negative"},
    {"UPDATE module SET module = 50 WHERE module = 2", -EBADMSG, "files are missing"},
    {"UPDATE module SET path = NULL", -EBADMSG, "no name"},
    {"CREATE TABLE notes (note TEXT); CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM stack; END", 0, ""},
    {"DELETE FROM stack WHERE stack = 3", 0, ""},
    {"DELETE FROM process WHERE process = 9", 0, "of no process"},
    {"UPDATE stack SET process = -1", 0, "of no process"},
    {"UPDATE stack SET kind = 'slab'", 0, "no known kind"},
    {"UPDATE stack SET kind = NULL", 0, "no known kind"},
    {"UPDATE stack SET \"end\" = x'00ff'", 0, "no known kind"},
    {"UPDATE stack_state SET live_bytes = -5", 0, "negative"},
    {"UPDATE stack_state SET live_bytes = 9223372036854775807, alloc_bytes = 'many'", 0, ""},
    {"UPDATE stack_state SET oldest_elapsed_ns = -1", 0, ""},
    {"UPDATE mapping SET first = 7, end = 7, from_version = rowid_of.n FROM (SELECT 1 AS n) rowid_of WHERE "
     "process = 7 AND first = 4194304",
     0, "mapping"},
    {"UPDATE mapping SET module = 99999", 0, "mapping"},
    {"UPDATE process_state SET rss_bytes = -1", 0, "negative"},
    {"UPDATE process_state SET comm = replace(hex(zeroblob(5000)), '0', 'a')", 0, ""},
    {"UPDATE process_state SET comm = NULL", 0, ""},
    {"UPDATE loss SET cause = 'the weather: ' || cause", 0, "cause"},
    {"INSERT INTO node VALUES (-1)", 0, "node"},
    {"INSERT INTO node VALUES (1024)", 0, "node"},
    {"DELETE FROM node", 0, "node"},
    {"UPDATE stack_node SET node = 7 WHERE node = 1", 0, "node"},
    {"UPDATE verdict SET verdict = 'guilty'", 0, "verdict"},
    {"UPDATE verdict SET bytes_per_s = 'NaN', low_bytes_per_s = 1e999, high_bytes_per_s = -1e999", 0, ""},
    {"UPDATE frame SET location = 99999", 0, ""},
    {"UPDATE location SET module = NULL, function = zeroblob(100), line = -1", 0, ""},
    {"UPDATE about SET value = -5 WHERE key = 'since_unix_ns'", 0, ""},
    {"INSERT INTO about VALUES ('since_unix_ns2', zeroblob(1000000))", 0, ""},
};

/* All that a report reads. 0 or the first error. */
static int read_everything(struct recording *recording)
{
	int error = 0;
	size_t n;

	(void)recording_moments(recording, &n);
	for (size_t t = 0; t < n && !error; t += 3) {
		struct snapshot *snapshot;
		struct history *history;

		error = recording_snapshot(recording, t, &snapshot);
		if (error)
			break;
		aggregate_sum(snapshot);
		for (size_t i = 0; i < snapshot->n_stacks && !error; i++)
			error = recording_name(recording, &snapshot->stacks[i]);
		if (!error)
			error = recording_history(recording, snapshot, snapshot->n_stacks, t, 10, &history);
		if (!error)
			history_free(history);
		snapshot_free(snapshot);
	}
	return error;
}

static void check_harm(struct run *run, const struct harm *harm)
{
	struct recording *recording;
	sqlite3 *handle;
	int error;

	write_run(run, 20, true);
	assert_int_equal(sqlite3_open(run->path, &handle), SQLITE_OK);
	if (sqlite3_exec(handle, harm->sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", harm->sql, sqlite3_errmsg(handle));
	sqlite3_close(handle);
	run->error[0] = 0;
	error = recording_open(run->path, &recording, run->error, sizeof(run->error));
	if (error != harm->error)
		fail_msg("%s: %d, %s", harm->sql, error, run->error);
	if (!error) {
		error = read_everything(recording);
		if (!error != !harm->words[0])
			fail_msg("%s: %d, %s", harm->sql, error, run->error);
	}
	if (!strstr(run->error, harm->words) || (error && !strstr(run->error, run->path)) || strchr(run->error, '\n'))
		fail_msg("%s: '%s', not '%s'", harm->sql, run->error, harm->words);
	recording_close(recording);
	unlink(run->path);
}

static void harmed(void **state)
{
	struct run *run = run_new("harmed");

	(void)state;
	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
		check_harm(run, &harms[i]);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_moment), cmocka_unit_test(changes_alone),      cmocka_unit_test(courses),
	    cmocka_unit_test(names),        cmocka_unit_test(read_while_written), cmocka_unit_test(existing_file),
	    cmocka_unit_test(harmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
