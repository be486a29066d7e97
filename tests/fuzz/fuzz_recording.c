// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small recording with cells and bytes of it changed, and read as memtrace report does: all moments, names, courses,
 * and the report made of them. The input is a list of changes, so that most of the file stays what it should be.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/aggregate.h"
#include "analyze/select.h"
#include "recording/recording.h"
#include "recording/writer.h"
#include "report/renderer.h"
#include "unit/sample_snapshot.h"

#define MOMENTS 12
#define STACKS 6
#define STEP_NS (900ULL * 1000000000)
#define CHANGES_MAX 16
#define OF_BYTES 0xc0 /* from here on the kind of a change is that of bytes */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct alteration {
	uint8_t kind, column, row, type;
	uint8_t value[8];
};

/* A table, and a number that each of its rows has, more or less its own. */
static const struct table {
	const char *name, *row;
	int n_columns;
	const char *columns[15];
} tables[] = {
    {"about", "length(key)", 2, {"key", "value"}},
    {"process", "process", 4, {"process", "pid", "parent", "is_child"}},
    {"module", "module", 6, {"module", "path", "build_id", "device", "inode", "replaced"}},
    {"mapping", "first / 4096", 7, {"process", "first", "end", "from_version", "until_version", "offset", "module"}},
    {"stack", "stack", 7, {"stack", "process", "kind", "end", "guessed", "code_version", "hash"}},
    {"address", "depth", 3, {"stack", "depth", "address"}},
    {"location", "location", 8, {"location", "module", "build_id", "function", "offset", "file", "line", "inlined"}},
    {"frame", "position", 4, {"stack", "position", "address", "location"}},
    {"node", "node", 1, {"node"}},
    {"snapshot",
     "snapshot",
     15,
     {"snapshot", "whole", "time_unix_ns", "elapsed_ns", "live_bytes", "live_blocks", "alloc_bytes", "alloc_count",
      "resident_bytes", "complete", "abandoned_calls", "unknown_frees", "inherited_frees", "untraced_children",
      "placed"}},
    {"loss", "length(cause)", 3, {"snapshot", "cause", "count"}},
    {"process_state",
     "snapshot",
     15,
     {"process", "snapshot", "comm", "exe", "ended", "exit_status", "rss_bytes", "live_bytes", "slack_bytes",
      "mapping_bytes", "stack_bytes", "data_bytes", "file_bytes", "before_bytes", "unseen_threads"}},
    {"stack_state",
     "stack",
     12,
     {"snapshot", "stack", "live_bytes", "live_blocks", "alloc_bytes", "alloc_count", "free_bytes", "free_count",
      "oldest_elapsed_ns", "not_resident_bytes", "unplaced_bytes", "remote_bytes"}},
    {"stack_node", "stack", 6, {"snapshot", "stack", "node", "live_bytes", "live_blocks", "cpu_live_bytes"}},
    {"verdict",
     "stack",
     13,
     {"snapshot", "stack", "verdict", "points", "window_ns", "bytes_per_s", "low_bytes_per_s", "high_bytes_per_s",
      "low_bytes", "high_bytes", "lifetime_ns", "projected_bytes", "projected_ns"}},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static char path[64];
static uint8_t *good;
static size_t n_good;

static void must(bool right)
{
	if (!right)
		abort();
}

static int name_stack(void *context, const struct process *process, struct stack *stack)
{
	(void)context;
	(void)process;
	stack->frames = calloc(stack->n_addresses, sizeof(*stack->frames));
	must(stack->frames);
	for (size_t i = 0; i < stack->n_addresses; i++)
		stack->frames[stack->n_frames++] = (struct frame){.address = stack->addresses[i],
		                                                  .module = "app",
		                                                  .build_id = "0123abcd",
		                                                  .function = i % 2 ? "grow" : "main",
		                                                  .offset = i,
		                                                  .has_offset = true,
		                                                  .file = "a.c",
		                                                  .line = 7};
	return 0;
}

static struct snapshot *make_snapshot(size_t moment, const struct module *module)
{
	struct snapshot *snapshot = sample_new(2, STACKS, 2);

	snapshot->elapsed_ns = (moment + 1) * STEP_NS;
	snapshot->time_unix_ns += moment * STEP_NS;
	snapshot->lost[3] = moment;
	for (size_t p = 0; p < 2; p++) {
		struct process *process = &snapshot->processes[p];

		process->number = p + 1;
		process->memory = (struct process_memory){.known = true, .rss_bytes = 4096, .parts = {4096}};
		process->mappings = calloc(1, sizeof(*process->mappings));
		must(process->mappings);
		process->mappings[0] = (struct mapping){0x1000 * (p + 1), 0x90000, 0, module, 0, MAPPING_STAYS};
		process->n_mappings = 1;
	}
	for (size_t s = 0; s < STACKS; s++) {
		struct stack *stack = &snapshot->stacks[s];

		stack->process = s % 2;
		sample_addresses(stack, 0x1000 * (s + 1), 3);
		sample_usage(stack, 1 + moment * (s + 1) / 3, 100);
		stack->oldest_ns = STEP_NS;
		stack->verdict.kind = (enum verdict_kind)((s + moment) / 2 % VERDICT_COUNT);
		must(!placement_init(&stack->placement, snapshot->placement.nodes, 2));
		stack->placement.nodes[s % 2].live_bytes = stack->usage.live_bytes;
		stack->placement.nodes[0].cpu_live_bytes = stack->usage.live_bytes;
	}
	must(!aggregate_merge(snapshot));
	aggregate_sum(snapshot);
	return snapshot;
}

static void take_file(void)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);

	must(size > 0);
	n_good = (size_t)size;
	good = malloc(n_good);
	must(good && pread(fd, good, n_good, 0) == size);
	close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char module_path[] = "/usr/bin/app";
	struct module module = {.path = module_path, .name = module_path + 9, .fd = -1, .build_id_size = 20};
	const struct writer_namer namer = {.name = name_stack};
	const struct about about = {"memtrace", "0"};
	struct writer *writer;
	char error[512];

	(void)argc;
	(void)argv;
	snprintf(path, sizeof(path), "/dev/shm/memtrace-fuzz-%d", getpid());
	unlink(path);
	must(!writer_open(path, &about, 1, &namer, &writer, error, sizeof(error)));
	for (size_t i = 0; i < MOMENTS; i++)
		must(!writer_add(writer, make_snapshot(i, &module)));
	must(!writer_finish(writer));
	writer_free(writer);
	take_file();
	unlink(path);
	return 0;
}

static void bind_value(sqlite3_stmt *statement, const struct alteration *change)
{
	sqlite3_int64 number;
	double real;

	memcpy(&number, change->value, sizeof(number));
	memcpy(&real, change->value, sizeof(real));
	switch (change->type % 8) {
	case 0:
		sqlite3_bind_null(statement, 1);
		break;
	case 1:
		sqlite3_bind_text(statement, 1, (const char *)change->value, sizeof(change->value), SQLITE_STATIC);
		break;
	case 2:
		sqlite3_bind_blob(statement, 1, change->value, sizeof(change->value), SQLITE_STATIC);
		break;
	case 3:
		sqlite3_bind_double(statement, 1, real);
		break;
	case 4:
		sqlite3_bind_zeroblob(statement, 1, (int)(number & 0xffff));
		break;
	case 5:
		sqlite3_bind_int64(statement, 1, number);
		break;
	default:
		sqlite3_bind_int64(statement, 1, (int8_t)change->value[0]);
	}
}

/* Of about a third of the table's rows. */
static void change_cells(sqlite3 *handle, const struct alteration *change)
{
	const struct table *table = &tables[change->kind % TABLES];
	sqlite3_stmt *statement;
	char sql[256];

	if (change->type & 0x80)
		snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE (%s) %% 3 = %d AND ?1 IS NOT 7", table->name,
		         table->row, change->row % 3);
	else
		snprintf(sql, sizeof(sql), "UPDATE OR REPLACE %s SET \"%s\" = ?1 WHERE (%s) %% 3 = %d", table->name,
		         table->columns[change->column % table->n_columns], table->row, change->row % 3);
	must(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK);
	bind_value(statement, change);
	/* What the column does not take stays as it was. */
	sqlite3_step(statement);
	sqlite3_finalize(statement);
}

static void change_bytes(int fd, const struct alteration *change)
{
	uint32_t at;

	memcpy(&at, change->value, sizeof(at));
	if (change->type == 0xff)
		must(!ftruncate(fd, (off_t)(at % n_good)));
	else
		must(pwrite(fd, change->value + 4, 1 + change->column % 4, (off_t)(at % (n_good - 4))) > 0);
}

static void make_file(const struct alteration *changes, size_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	sqlite3 *handle;

	must(fd >= 0 && write(fd, good, n_good) == (ssize_t)n_good);
	must(sqlite3_open(path, &handle) == SQLITE_OK);
	sqlite3_exec(handle, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		if (changes[i].kind < OF_BYTES)
			change_cells(handle, &changes[i]);
	}
	sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(handle);
	for (size_t i = 0; i < n; i++) {
		if (changes[i].kind >= OF_BYTES)
			change_bytes(fd, &changes[i]);
	}
	close(fd);
}

/* What leaves a recording can be printed. */
static void check_text(const char *text)
{
	for (; text && *text; text++)
		must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void render(const struct snapshot *snapshot)
{
	for (size_t i = 0; renderers[i]; i++) {
		const struct render_options options = {.top = 10, .utc = true};
		char *text = NULL;
		size_t size;
		FILE *out;

		if (renderers[i]->of_verdicts)
			continue;
		out = open_memstream(&text, &size);
		must(out != NULL);
		renderers[i]->report(out, snapshot, &options);
		fclose(out);
		free(text);
	}
}

static int read_moment(struct recording *recording, size_t moment, bool rendered)
{
	struct snapshot *snapshot;
	int error = recording_snapshot(recording, moment, &snapshot);

	if (error)
		return error;
	aggregate_sum(snapshot);
	must(!select_stacks(snapshot, NULL, SELECT_BYTES, 0));
	for (size_t i = 0; i < snapshot->n_stacks && !error; i++) {
		error = recording_name(recording, &snapshot->stacks[i]);
		for (size_t j = 0; j < snapshot->stacks[i].n_frames && !error; j++) {
			check_text(snapshot->stacks[i].frames[j].function);
			check_text(snapshot->stacks[i].frames[j].file);
			check_text(snapshot->stacks[i].frames[j].module);
		}
	}
	if (!error)
		error = recording_history(recording, snapshot, snapshot->n_stacks, moment, 5, &snapshot->history);
	if (!error && rendered)
		render(snapshot);
	snapshot_free(snapshot);
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alteration changes[CHANGES_MAX];
	struct recording *recording;
	char error[512] = "";
	size_t n = size / sizeof(changes[0]), n_moments;
	int failed;

	if (n > CHANGES_MAX)
		n = CHANGES_MAX;
	if (n)
		memcpy(changes, data, n * sizeof(changes[0]));
	make_file(changes, n);
	failed = recording_open(path, &recording, error, sizeof(error));
	if (!failed) {
		(void)recording_moments(recording, &n_moments);
		must(n_moments > 0);
		for (size_t i = 0; i < n_moments && !failed; i++)
			failed = read_moment(recording, i, i + 1 == n_moments);
		recording_close(recording);
	}
	/* One line says what is wrong. */
	must(!failed || (error[0] && !strchr(error, '\n')));
	unlink(path);
	return 0;
}
