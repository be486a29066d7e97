// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for programs: docs/report.schema.json, one line each.
 *
 * Objects are built by Jansson, but never the whole report at once: a stack (and a
 * block) is built, written and freed before the next, so a report of a million
 * blocks needs no more memory than one of ten. Everything beyond ASCII is written
 * as \uXXXX, so the line is valid UTF-8 and harmless on a terminal.
 */
#include "report/renderer.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/check_json.h"
#include "report/churn_json.h"
#include "report/clock.h"
#include "report/comparison_json.h"
#include "report/frames_json.h"
#include "report/integrity_json.h"
#include "report/json_value.h"
#include "report/kernel_json.h"
#include "report/leaks_json.h"
#include "report/machine_json.h"
#include "report/stream.h"
#include "report/usage_json.h"
#include "report/verdict_json.h"

#define SCHEMA "memtrace-report/1"

static json_t *build_totals(const struct snapshot *snapshot)
{
	json_t *totals = json_object(), *kinds = json_object();
	int failed = usage_json_set(totals, &snapshot->totals);

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((kind >= KIND_OF_KERNEL) != (snapshot->kernel != NULL))
			continue;
		failed |= json_object_set_new(kinds, block_kind_name((enum block_kind)kind),
		                              usage_json(&snapshot->kinds[kind]));
	}
	failed |= json_object_set_new(totals, "kinds", kinds);
	return json_whole(totals, failed);
}

static json_t *build_node(const struct node_usage *node)
{
	return json_pack("{s:i, s:o, s:o, s:o}", "node", node->node, "live_bytes", json_uint(node->live_bytes),
	                 "live_blocks", json_uint(node->live_blocks), "cpu_live_bytes",
	                 json_uint(node->cpu_live_bytes));
}

static json_t *build_nodes(const struct placement *placement)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < placement->n_nodes; i++)
		failed |= json_array_append_new(array, build_node(&placement->nodes[i]));
	return json_whole(array, failed);
}

/* Adds where something lies, as it stands in the report, its processes and its stacks. */
static int set_placement(json_t *object, const struct snapshot *snapshot, const struct placement *placement)
{
	json_t *not_resident = snapshot->placed ? json_uint(placement->not_resident_bytes) : json_null();

	return json_object_set_new(object, "nodes", build_nodes(placement)) |
	       json_object_set_new(object, "not_resident_bytes", not_resident) |
	       json_object_set_new(object, "unplaced_bytes", json_uint(placement->unplaced_bytes)) |
	       json_object_set_new(object, "remote_bytes", json_uint(placement->remote_bytes));
}

/* A stack without a list of nodes lies on the first. */
static int set_stack_placement(json_t *object, const struct snapshot *snapshot, const struct stack *stack)
{
	struct node_usage first = {.node = snapshot->placement.n_nodes ? snapshot->placement.nodes[0].node : 0};
	struct placement only = {.nodes = &first, .n_nodes = 1};

	if (stack->placement.nodes)
		return set_placement(object, snapshot, &stack->placement);
	placement_add_only(&only, stack->usage.live_bytes, stack->usage.live_blocks);
	return set_placement(object, snapshot, &only);
}

/* null where it is not known. */
static json_t *build_memory(const struct process_memory *memory)
{
	json_t *object;
	int failed;

	if (!memory->known)
		return json_null();
	object = json_object();
	failed = json_object_set_new(object, "rss_bytes", json_uint(memory->rss_bytes)) |
	         json_object_set_new(object, "unseen_threads", json_uint(memory->unseen_threads));
	for (int part = 0; part < MEMORY_PARTS; part++)
		failed |= json_object_set_new(object, memory_part_key((enum memory_part)part),
		                              json_uint(memory->parts[part]));
	return json_whole(object, failed);
}

static json_t *build_process(const struct snapshot *snapshot, const struct process *process)
{
	bool known = process->ended && process->exit_status_known;
	json_t *object =
	    json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", (int)process->pid, "parent",
	              process->parent ? json_integer(process->parent) : json_null(), "comm", json_name(process->comm),
	              "exe", json_name(process->exe ? process->exe : ""), "exit_status",
	              known ? json_integer(process->exit_status) : json_null(), "live_bytes",
	              json_uint(process->usage.live_bytes), "live_blocks", json_uint(process->usage.live_blocks));

	return json_whole(
	    object, set_placement(object, snapshot, &process->placement) |
	                (!snapshot->kernel && json_object_set_new(object, "memory", build_memory(&process->memory))) |
	                kernel_json_set_owner(object, snapshot, process) |
	                churn_json_set_process(object, snapshot, process) |
	                leaks_json_set_process(object, snapshot, process));
}

static json_t *build_processes(const struct snapshot *snapshot)
{
	json_t *processes = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_processes; i++)
		failed |= json_array_append_new(processes, build_process(snapshot, &snapshot->processes[i]));
	return json_whole(processes, failed);
}

/* All but the stacks. */
static json_t *build_head(const struct snapshot *snapshot)
{
	char time[CLOCK_SIZE];
	json_t *head;

	clock_rfc3339(time, snapshot->time_unix_ns);
	head = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "schema", SCHEMA, "command", snapshot->command, "time", time,
	                 "elapsed_ns", json_uint(snapshot->elapsed_ns), "processes", build_processes(snapshot),
	                 "totals", build_totals(snapshot));
	return json_whole(head, set_placement(head, snapshot, &snapshot->placement) |
	                            leaks_json_set_report(head, snapshot) | churn_json_set_report(head, snapshot) |
	                            json_object_set_new(head, "integrity", integrity_json(snapshot)));
}

/* All but the blocks. */
static json_t *build_stack(const struct snapshot *snapshot, const struct stack *stack)
{
	json_t *object = json_object();
	int failed = json_object_set_new(object, "pid", json_integer(snapshot->processes[stack->process].pid)) |
	             json_object_set_new(object, "kind", json_string(block_kind_name(stack->kind))) |
	             usage_json_set(object, &stack->usage) |
	             json_object_set_new(object, "oldest_ns", json_uint(stack->oldest_ns)) |
	             set_stack_placement(object, snapshot, stack) |
	             json_object_set_new(object, "end", json_string(stack_end_name(stack->end))) |
	             json_object_set_new(object, "guessed", json_boolean(stack->guessed)) |
	             json_object_set_new(object, "verdict", verdict_json(&stack->verdict)) |
	             json_object_set_new(object, "frames", frames_json(&snapshot->processes[stack->process], stack));

	if (stack->leak != LEAK_UNJUDGED)
		failed |= leaks_json_set_stack(object, snapshot, stack);
	failed |= churn_json_set_stack(object, snapshot, stack);
	if (snapshot->kernel)
		failed |= kernel_json_set_stack(object, snapshot, stack);
	if (snapshot->judgement)
		failed |= check_json_set_stack(object, snapshot, (size_t)(stack - snapshot->stacks));
	return json_whole(object, failed);
}

static json_t *build_block(const struct block *block)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "address", json_address(block->address), "size",
	                 json_uint(block->size_bytes), "age_ns", json_uint(block->age_ns), "node",
	                 block->node >= 0 ? json_integer(block->node) : json_null(), "cpu_node", block->cpu_node,
	                 "not_resident_bytes", block->placed ? json_uint(block->not_resident_bytes) : json_null());
}

static int write_blocks(FILE *out, const struct stack *stack)
{
	fputs(", \"blocks\": [", out);
	for (size_t i = 0; i < stack->n_blocks; i++) {
		int err;

		if (i)
			fputs(", ", out);
		err = json_write(out, build_block(&stack->blocks[i]));
		if (err)
			return err;
	}
	fputc(']', out);
	return 0;
}

static int write_stack(FILE *out, const struct snapshot *snapshot, const struct stack *stack, bool show_blocks)
{
	int err;

	fputc('{', out);
	err = json_write_members(out, build_stack(snapshot, stack));
	if (!err && show_blocks)
		err = write_blocks(out, stack);
	fputc('}', out);
	return err;
}

static int write_stacks(FILE *out, const struct snapshot *snapshot, bool show_blocks)
{
	for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
		int err;

		if (i)
			fputs(", ", out);
		err = write_stack(out, snapshot, &snapshot->stacks[i], show_blocks);
		if (err)
			return err;
	}
	return 0;
}

static int json_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	int err, unwritten;

	fputc('{', out);
	err = json_write_members(out, build_head(snapshot));
	if (!err && snapshot->kernel) {
		fputs(", ", out);
		err = json_write_members(out, kernel_json_members(snapshot));
	}
	if (!err && snapshot->judgement) {
		fputs(", ", out);
		err = json_write_members(out, check_json_members(snapshot));
	}
	fputs(", \"stacks\": [", out);
	if (!err)
		err = write_stacks(out, snapshot, options->show_blocks);
	/* The line is ended even where it broke off, so that the next report stands on its own. */
	fputs(err ? "\n" : "]}\n", out);
	unwritten = stream_finish(out);
	return err ? err : unwritten;
}

const struct renderer json_renderer = {
    .name = "json",
    .report = json_report,
    .machine = machine_json,
    .comparison = comparison_json,
};
