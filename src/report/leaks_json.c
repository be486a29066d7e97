// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/leaks_json.h"

#include <string.h>

#include "report/frame.h"
#include "report/json_value.h"
#include "report/leak_words.h"

static bool on_leaks(const struct snapshot *snapshot)
{
	return !strcmp(snapshot->command, "leaks");
}

int leaks_json_set_report(json_t *report, const struct snapshot *snapshot)
{
	json_t *classes;
	int failed = 0;

	if (!on_leaks(snapshot))
		return 0;
	classes = json_object();
	for (int class = LEAK_DEFINITE; class < LEAK_CLASS_COUNT; class ++)
		failed |= json_object_set_new(classes, leak_class_name((enum leak_class) class),
		                              json_pack("{s:o, s:o}", "live_bytes",
		                                        json_uint(snapshot->leaks[class].live_bytes), "live_blocks",
		                                        json_uint(snapshot->leaks[class].live_blocks)));
	return json_object_set_new(report, "leaks", json_whole(classes, failed));
}

int leaks_json_set_process(json_t *object, const struct snapshot *snapshot, const struct process *process)
{
	const struct scan *scan = process->scan;

	if (!on_leaks(snapshot))
		return 0;
	if (!scan)
		return json_object_set_new(object, "scan", json_null());
	return json_object_set_new(object, "scan",
	                           json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "stopped", scan->stopped,
	                                     "pause_ns", json_uint(scan->pause_ns), "threads",
	                                     json_uint(scan->n_threads), "read_bytes", json_uint(scan->read_bytes),
	                                     "unreadable_bytes", json_uint(scan->unreadable_bytes), "unjudged_blocks",
	                                     json_uint(scan->unjudged_blocks), "unjudged_bytes",
	                                     json_uint(scan->unjudged_bytes), "heap_bytes", json_uint(scan->heap_bytes),
	                                     "unknown_heap_bytes", json_uint(scan->unknown_heap_bytes)));
}

static json_t *build_site(const struct snapshot *snapshot, const struct stack *site)
{
	struct printed_frame printed;

	if (!printed_frame_count(site))
		return json_null();
	printed_frame_get(&printed, &snapshot->processes[site->process], site, 0);
	return json_name_or_null(printed.frame.function);
}

static json_t *build_holding(const struct snapshot *snapshot, const struct process *process,
                             const struct holding *holding)
{
	bool address = REACH_IS_ADDRESS(holding->at), reg = REACH_IS_REGISTER(holding->at);
	const struct scan_area *area = holding->area;
	json_int_t thread = reg ? (json_int_t)REACH_THREAD(holding->at) : 0;

	if (area && area->kind == SCAN_AREA_STACK)
		thread = area->thread;
	return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "place", leak_words_place(holding), "kept",
	                 leak_words_kept(holding), "address", address ? json_address(holding->at) : json_null(),
	                 "value", json_address(holding->value), "register",
	                 reg ? json_string(scan_register_name(process->scan, REACH_REGISTER(holding->at)))
	                     : json_null(),
	                 "thread", thread ? json_integer(thread) : json_null(), "module",
	                 area && area->name[0] ? json_name(area->name) : json_null(), "block_size",
	                 holding->block_bytes ? json_uint(holding->block_bytes) : json_null(), "function",
	                 holding->site ? build_site(snapshot, holding->site) : json_null());
}

int leaks_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack)
{
	json_t *held_by = json_array();
	int failed = 0;

	for (size_t i = 0; i < stack->n_held_by; i++)
		failed |= json_array_append_new(
		    held_by, build_holding(snapshot, &snapshot->processes[stack->process], &stack->held_by[i]));
	return json_object_set_new(object, "before", json_boolean(stack->before)) |
	       json_object_set_new(object, "leak", json_string(leak_class_name(stack->leak))) |
	       json_object_set_new(object, "held_by", json_whole(held_by, failed));
}
