// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/call_tree.h"
#include "report/clock.h"
#include "report/html_comparison.h"
#include "report/html_history.h"
#include "report/integrity.h"
#include "report/script_json.h"
#include "report/verdict_text.h"

struct data {
	FILE *out;
	const struct snapshot *snapshot;
	const struct comparison *comparison; /* whose rows the snapshot's stacks are; NULL: a report */
	const struct render_options *options;
	const struct call_tree *tree;
};

/* Writes element `i` of a column. */
typedef int (*column_write)(const struct data *data, size_t i);

struct column {
	const char *name;
	column_write write;
};

static int write_column(const struct data *data, const struct column *column, size_t n)
{
	int error = 0;

	fputc('[', data->out);
	for (size_t i = 0; i < n && !error; i++) {
		if (i)
			fputc(',', data->out);
		error = column->write(data, i);
	}
	fputc(']', data->out);
	return error;
}

/* "name":{"n":…,"column":[…],…} */
static int write_table(const struct data *data, const char *name, size_t n, const struct column *columns)
{
	int error = 0;

	script_json_key(data->out, name, 0);
	fprintf(data->out, "{\"n\":%zu", n);
	for (size_t i = 0; columns[i].name && !error; i++) {
		script_json_key(data->out, columns[i].name, 0);
		error = write_column(data, &columns[i], n);
	}
	fputc('}', data->out);
	return error;
}

static int write_uint(const struct data *data, uint64_t value)
{
	fprintf(data->out, "%" PRIu64, value);
	return 0;
}

/* A number of `strings`. */
static int write_number(const struct data *data, uint32_t number)
{
	if (number == CALL_TREE_NONE)
		fputs("-1", data->out);
	else
		fprintf(data->out, "%" PRIu32, number);
	return 0;
}

static struct tree_frame frame_at(const struct data *data, size_t i)
{
	return call_tree_frame(data->tree, i);
}

static int frame_kind(const struct data *data, size_t i)
{
	return write_uint(data, frame_at(data, i).kind);
}

static int frame_function(const struct data *data, size_t i)
{
	return write_number(data, frame_at(data, i).function);
}

static int frame_module(const struct data *data, size_t i)
{
	return write_number(data, frame_at(data, i).module);
}

static int frame_file(const struct data *data, size_t i)
{
	return write_number(data, frame_at(data, i).file);
}

static int frame_line(const struct data *data, size_t i)
{
	return write_uint(data, frame_at(data, i).line);
}

static int frame_offset(const struct data *data, size_t i)
{
	if (frame_at(data, i).has_offset)
		return write_uint(data, frame_at(data, i).offset);
	fputs("-1", data->out);
	return 0;
}

/* Of frames without a function alone: JavaScript has no integers of that size. */
static int frame_address(const struct data *data, size_t i)
{
	if (frame_at(data, i).function == CALL_TREE_NONE)
		fprintf(data->out, "\"0x%" PRIx64 "\"", frame_at(data, i).address);
	else
		fputc('0', data->out);
	return 0;
}

static int node_parent(const struct data *data, size_t i)
{
	return write_number(data, call_tree_node(data->tree, i).parent);
}

static int node_frame(const struct data *data, size_t i)
{
	return write_number(data, call_tree_node(data->tree, i).frame);
}

static const struct process *process_at(const struct data *data, size_t i)
{
	return &data->snapshot->processes[i];
}

static int process_pid(const struct data *data, size_t i)
{
	fprintf(data->out, "%d", process_at(data, i)->pid);
	return 0;
}

static int process_name(const struct data *data, size_t i)
{
	const struct process *process = process_at(data, i);

	return script_json_string(data->out,
	                          process->cgroup && process->cgroup_path ? process->cgroup_path : process->comm);
}

static int process_exe(const struct data *data, size_t i)
{
	return script_json_string(data->out, process_at(data, i)->exe);
}

static int process_live_bytes(const struct data *data, size_t i)
{
	return write_uint(data, process_at(data, i)->usage.live_bytes);
}

static int process_rss(const struct data *data, size_t i)
{
	return write_uint(data, process_at(data, i)->memory.rss_bytes);
}

/* -1: it has not ended, or nobody knows how. */
static int process_exit_status(const struct data *data, size_t i)
{
	const struct process *process = process_at(data, i);

	fprintf(data->out, "%d", process->ended && process->exit_status_known ? process->exit_status : -1);
	return 0;
}

static const struct stack *stack_at(const struct data *data, size_t i)
{
	return &data->snapshot->stacks[i];
}

static int stack_process(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->process);
}

static int stack_leaf(const struct data *data, size_t i)
{
	return write_number(data, data->tree->leaves[i]);
}

static int stack_kind(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->kind);
}

static int stack_guessed(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->guessed);
}

static int stack_leak(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->leak);
}

static int stack_live_bytes(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->usage.live_bytes);
}

static int stack_live_blocks(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->usage.live_blocks);
}

static int stack_alloc_bytes(const struct data *data, size_t i)
{
	return write_uint(data, view_allocated(stack_at(data, i)).alloc_bytes);
}

static int stack_alloc_count(const struct data *data, size_t i)
{
	return write_uint(data, view_allocated(stack_at(data, i)).alloc_count);
}

static int stack_oldest_ns(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->oldest_ns);
}

static int stack_verdict(const struct data *data, size_t i)
{
	return write_uint(data, stack_at(data, i)->verdict.kind);
}

/* Of the slope that the verdict rests on. */
static int stack_bytes_per_s(const struct data *data, size_t i)
{
	fprintf(data->out, "%.4g", stack_at(data, i)->verdict.bytes_per_s);
	return 0;
}

/* The verdict in words. */
static int stack_words(const struct data *data, size_t i)
{
	char *words = NULL;
	size_t size;
	FILE *memory = open_memstream(&words, &size);
	int error;

	if (!memory)
		return -ENOMEM;
	verdict_words_write(memory, &stack_at(data, i)->verdict, stack_at(data, i)->oldest_ns);
	error = fclose(memory) ? -ENOMEM : script_json_string(data->out, words);
	free(words);
	return error;
}

/* Bytes and blocks of each node, or 0 where all lies on the first. */
static int stack_nodes(const struct data *data, size_t i)
{
	const struct placement *placement = &stack_at(data, i)->placement;

	if (!placement->nodes) {
		fputc('0', data->out);
		return 0;
	}
	for (size_t node = 0; node < placement->n_nodes; node++)
		fprintf(data->out, "%c%" PRIu64 ",%" PRIu64, node ? ',' : '[', placement->nodes[node].live_bytes,
		        placement->nodes[node].live_blocks);
	fputs(placement->n_nodes ? "]" : "[]", data->out);
	return 0;
}

static int string_text(const struct data *data, size_t i)
{
	return script_json_string(data->out, call_tree_string(data->tree, (uint32_t)i));
}

/* Words for the numbers that columns have. */
static int kind_word(const struct data *data, size_t i)
{
	return script_json_string(data->out, block_kind_name((enum block_kind)i));
}

static int verdict_word(const struct data *data, size_t i)
{
	return script_json_string(data->out, verdict_name((enum verdict_kind)i));
}

static int leak_word(const struct data *data, size_t i)
{
	return script_json_string(data->out, i == LEAK_UNJUDGED ? "" : leak_class_name((enum leak_class)i));
}

static int node_number(const struct data *data, size_t i)
{
	fprintf(data->out, "%d", data->snapshot->placement.nodes[i].node);
	return 0;
}

/* Lists that stand alone. */
static int write_lists(const struct data *data)
{
	const struct {
		struct column column;
		size_t n;
	} lists[] = {
	    {{"kinds", kind_word}, KIND_COUNT},
	    {{"verdicts", verdict_word}, VERDICT_COUNT},
	    {{"leaks", leak_word}, LEAK_CLASS_COUNT},
	    {{"nodes", node_number}, data->snapshot->placement.n_nodes},
	    {{"strings", string_text}, intern_count(data->tree->strings)},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !error; i++) {
		script_json_key(data->out, lists[i].column.name, 0);
		error = write_column(data, &lists[i].column, lists[i].n);
	}
	return error;
}

static int write_tables(const struct data *data)
{
	static const struct column processes[] = {
	    {"pid", process_pid},
	    {"name", process_name},
	    {"exe", process_exe},
	    {"live_bytes", process_live_bytes},
	    {"rss_bytes", process_rss},
	    {"exit_status", process_exit_status},
	    {NULL, NULL},
	};
	static const struct column frames[] = {
	    {"kind", frame_kind}, {"function", frame_function}, {"module", frame_module},   {"file", frame_file},
	    {"line", frame_line}, {"offset", frame_offset},     {"address", frame_address}, {NULL, NULL},
	};
	static const struct column tree[] = {{"parent", node_parent}, {"frame", node_frame}, {NULL, NULL}};
	static const struct column stacks[] = {
	    {"process", stack_process},
	    {"leaf", stack_leaf},
	    {"kind", stack_kind},
	    {"guessed", stack_guessed},
	    {"leak", stack_leak},
	    {"live_bytes", stack_live_bytes},
	    {"live_blocks", stack_live_blocks},
	    {"alloc_bytes", stack_alloc_bytes},
	    {"alloc_count", stack_alloc_count},
	    {"oldest_ns", stack_oldest_ns},
	    {"verdict", stack_verdict},
	    {"bytes_per_s", stack_bytes_per_s},
	    {"words", stack_words},
	    {"nodes", stack_nodes},
	    {NULL, NULL},
	};
	int error = write_table(data, "processes", data->snapshot->n_processes, processes);

	if (!error)
		error = write_table(data, "frames", intern_count(data->tree->frames), frames);
	if (!error)
		error = write_table(data, "tree", intern_count(data->tree->nodes), tree);
	return error ? error : write_table(data, "stacks", data->snapshot->n_stacks_shown, stacks);
}

static bool is_complete(const struct data *data)
{
	const struct comparison *comparison = data->comparison;

	return comparison ? snapshot_complete(comparison->before) && snapshot_complete(comparison->after)
	                  : snapshot_complete(data->snapshot);
}

/* The line that is always seen; of two, both. */
static int write_integrity(const struct data *data)
{
	const struct comparison *comparison = data->comparison;
	char *line = NULL;
	size_t size;
	FILE *memory = open_memstream(&line, &size);
	int error;

	if (!memory)
		return -ENOMEM;
	if (comparison) {
		fprintf(memory, "%s: ", comparison->before_name);
		integrity_write(memory, comparison->before, data->options);
		fprintf(memory, "; %s: ", comparison->after_name);
	}
	integrity_write(memory, comparison ? comparison->after : data->snapshot, data->options);
	script_json_key(data->out, "integrity", 0);
	error = fclose(memory) ? -ENOMEM : script_json_string(data->out, line);
	free(line);
	return error;
}

static int write_head(const struct data *data)
{
	static const char *const views[VIEW_COUNT] = {"live", "churn", "growth"}; /* of data.js's */
	const struct snapshot *snapshot = data->snapshot;
	char time[CLOCK_SIZE], date[CLOCK_SIZE];

	clock_rfc3339(time, snapshot->time_unix_ns);
	clock_date(date, snapshot->time_unix_ns, data->options->utc);
	script_json_key(data->out, "schema", 1);
	fprintf(data->out,
	        "\"memtrace-page/1\",\n\"view\":\"%s\",\n\"command\":\"%s\",\n\"time\":\"%s\",\n\"date\":\"%s\"",
	        views[data->options->view], snapshot->command, time, date);
	fprintf(data->out, ",\n\"elapsed_ns\":%" PRIu64 ",\n\"complete\":%s,\n\"placed\":%s", snapshot->elapsed_ns,
	        is_complete(data) ? "true" : "false", snapshot->placed ? "true" : "false");
	fprintf(data->out,
	        ",\n\"totals\":{\"live_bytes\":%" PRIu64 ",\"live_blocks\":%" PRIu64 ",\"alloc_bytes\":%" PRIu64
	        ",\"alloc_count\":%" PRIu64 "},\n\"n_stacks\":%zu",
	        snapshot->totals.live_bytes, snapshot->totals.live_blocks, snapshot->totals.alloc_bytes,
	        snapshot->totals.alloc_count, snapshot->n_stacks);
	return write_integrity(data);
}

static int write_all(FILE *out, const struct snapshot *snapshot, const struct comparison *comparison,
                     const struct render_options *options)
{
	struct call_tree tree = {0};
	const struct data data = {
	    .out = out, .snapshot = snapshot, .comparison = comparison, .options = options, .tree = &tree};
	int error = call_tree_build(&tree, snapshot, TREE_LINES);

	fputs("{", out);
	if (!error)
		error = write_head(&data);
	if (!error)
		error = write_tables(&data);
	if (!error)
		error = write_lists(&data);
	if (!error) {
		script_json_key(out, "history", 0);
		error = html_history_write(out, snapshot);
	}
	if (!error && comparison) {
		script_json_key(out, "comparison", 0);
		error = html_comparison_write(out, comparison, snapshot->n_stacks_shown, options);
	}
	fputs("}\n", out);
	call_tree_clear(&tree);
	return error;
}

int html_data_write(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	return write_all(out, snapshot, NULL, options);
}

int html_data_write_comparison(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	/* What has not changed is shown too: the graph shows the change as a part of all. */
	size_t n_rows = options->top ? comparison->n_shown : comparison->n_rows;
	struct snapshot *joint;
	int error = html_comparison_join(comparison, n_rows, &joint);

	if (!error)
		error = write_all(out, joint, comparison, options);
	html_comparison_free(joint);
	return error;
}
