// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/churn_json.h"

#include "report/frames_json.h"
#include "report/json_value.h"
#include "util/quantity.h"

/* A second, rounded: who wants more has the amount and the interval. */
static json_t *rate(const struct snapshot *snapshot, uint64_t amount)
{
	double s = (double)snapshot->recent_ns / 1e9;

	return json_uint(s > 0 ? quantity_of((double)amount / s + 0.5) : 0);
}

static int set_rates(json_t *object, const struct snapshot *snapshot, uint64_t count, uint64_t bytes)
{
	return json_object_set_new(object, "interval_alloc_count", json_uint(count)) |
	       json_object_set_new(object, "interval_alloc_bytes", json_uint(bytes)) |
	       json_object_set_new(object, "alloc_per_s", rate(snapshot, count)) |
	       json_object_set_new(object, "alloc_bytes_per_s", rate(snapshot, bytes));
}

/* The buckets that hold something: from `from` to less than `to`, which is null for the last. */
static json_t *build_histogram(const uint64_t *buckets)
{
	json_t *array = json_array();
	int failed = 0;

	for (unsigned int i = 0; i < CHURN_BUCKETS; i++) {
		if (!buckets[i])
			continue;
		failed |= json_array_append_new(
		    array, json_pack("{s:o, s:o, s:o}", "from", json_uint(churn_bucket_low(i)), "to",
		                     i + 1 < CHURN_BUCKETS ? json_uint(churn_bucket_low(i + 1)) : json_null(), "count",
		                     json_uint(buckets[i])));
	}
	return json_whole(array, failed);
}

static json_t *build_churn(const struct churn *churn)
{
	json_t *object = json_object();

	return json_whole(
	    object,
	    json_object_set_new(object, "freed_count", json_uint(churn->freed_count)) |
	        json_object_set_new(object, "freed_within_1ms_count", json_uint(churn->soon_count)) |
	        json_object_set_new(object, "freed_within_1ms_bytes", json_uint(churn->soon_bytes)) |
	        json_object_set_new(object, "freed_by_same_function_count", json_uint(churn->same_function_count)) |
	        json_object_set_new(object, "freed_by_unknown_function_count",
	                            json_uint(churn->unknown_function_count)) |
	        json_object_set_new(object, "freed_by_other_thread_count", json_uint(churn->other_thread_count)) |
	        json_object_set_new(object, "realloc_grown_count", json_uint(churn->regrown_count)) |
	        json_object_set_new(object, "realloc_wasted_bytes", json_uint(churn->outgrown_bytes)) |
	        json_object_set_new(object, "realloc_moved_bytes", json_uint(churn->moved_bytes)) |
	        json_object_set_new(object, "peak_live_bytes", json_uint(churn->peak_live_bytes)) |
	        json_object_set_new(object, "peak_is_bound", json_boolean(churn->peak_is_bound)) |
	        json_object_set_new(object, "lifetimes_ns", build_histogram(churn->lifetimes_ns)) |
	        json_object_set_new(object, "sizes_bytes", build_histogram(churn->sizes_bytes)));
}

static json_t *build_place(const struct process *process, const struct free_place *place)
{
	struct stack stack = {.addresses = (uint64_t *)&place->address,
	                      .n_addresses = 1,
	                      .frames = place->frames,
	                      .n_frames = place->n_frames};

	return json_pack("{s:o, s:o, s:o}", "count", json_uint(place->count), "same_function",
	                 place->function_known ? json_boolean(place->same_function) : json_null(), "frames",
	                 frames_json(process, &stack));
}

static int set_places(json_t *object, const struct process *process, const struct churn *churn)
{
	json_t *places = json_array();
	int failed = 0;

	for (size_t i = 0; i < churn->n_places; i++)
		failed |= json_array_append_new(places, build_place(process, &churn->places[i]));
	return failed | json_object_set_new(object, "freed_from", places) |
	       json_object_set_new(object, "freed_elsewhere_count", json_uint(churn->elsewhere_count));
}

static json_t *build_node(const struct snapshot *snapshot, const struct churn_node *node)
{
	json_t *object = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "node", node->node, "alloc_bytes",
	                           json_uint(node->alloc_bytes), "alloc_count", json_uint(node->alloc_count),
	                           "free_bytes", json_uint(node->free_bytes), "free_count", json_uint(node->free_count),
	                           "freed_by_other_node_count", json_uint(node->other_node_count));

	return json_whole(object, set_rates(object, snapshot, node->recent_count, node->recent_bytes));
}

static json_t *build_nodes(const struct snapshot *snapshot, const struct churn_totals *totals)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < totals->n_nodes; i++)
		failed |= json_array_append_new(array, build_node(snapshot, &totals->nodes[i]));
	return json_whole(array, failed);
}

static int set_totals(json_t *object, const struct snapshot *snapshot, const struct churn_totals *totals)
{
	json_t *churn;

	if (!totals)
		return 0;
	churn = totals->counted ? build_churn(&totals->churn) : json_null();
	return set_rates(object, snapshot, totals->recent_count, totals->recent_bytes) |
	       (totals->counted && json_object_set_new(churn, "nodes", build_nodes(snapshot, totals))) |
	       json_object_set_new(object, "churn", churn);
}

int churn_json_set_report(json_t *object, const struct snapshot *snapshot)
{
	if (!snapshot->churn)
		return 0;
	return json_object_set_new(object, "interval_ns", json_uint(snapshot->recent_ns)) |
	       set_totals(object, snapshot, snapshot->churn);
}

int churn_json_set_process(json_t *object, const struct snapshot *snapshot, const struct process *process)
{
	return snapshot->churn ? set_totals(object, snapshot, process->churn) : 0;
}

int churn_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack)
{
	json_t *churn;

	if (!snapshot->churn)
		return 0;
	churn = stack->churn ? build_churn(stack->churn) : json_null();
	return set_rates(object, snapshot, stack->recent_count, stack->recent_bytes) |
	       (stack->churn && set_places(churn, &snapshot->processes[stack->process], stack->churn)) |
	       json_object_set_new(object, "churn", churn);
}
