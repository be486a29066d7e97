// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/kernel_json.h"

#include "model/gfp.h"
#include "report/json_value.h"
#include "report/verdict_json.h"

static json_t *build_aliases(const struct cache_growth *cache)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < cache->n_aliases; i++)
		failed |= json_array_append_new(array, json_name(cache->aliases[i]));
	return json_whole(array, failed);
}

static json_t *build_cache_nodes(const struct cache_growth *cache)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < cache->n_nodes; i++)
		failed |= json_array_append_new(array, json_pack("{s:i, s:o}", "node", cache->nodes[i].node, "objects",
		                                                 json_uint(cache->nodes[i].objects)));
	return json_whole(array, failed);
}

static json_t *build_cache(const struct cache_growth *cache)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
	    {"object_size", cache->object_bytes},
	    {"slot_size", cache->slot_bytes},
	    {"objects_before", cache->objects_before},
	    {"objects_after", cache->objects_after},
	    {"explained_objects", cache->explained_objects},
	    {"possible_objects", cache->possible_objects},
	    {"live_blocks", cache->live_blocks},
	    {"alloc_count", cache->alloc_count},
	    {"free_count", cache->free_count},
	    {"unknown_frees", cache->unknown_frees},
	    {"unseen_frees", cache->unseen_frees},
	    {"slack_bytes", cache->slack_bytes},
	    {"capacity_objects", cache->capacity_objects},
	};
	json_t *object = json_object();
	int failed = json_object_set_new(object, "name", json_name(cache->name)) |
	             json_object_set_new(object, "aliases", build_aliases(cache)) |
	             json_object_set_new(object, "growth_objects", json_integer(cache->growth_objects)) |
	             json_object_set_new(object, "growth_bytes", json_integer(cache->growth_bytes)) |
	             json_object_set_new(object, "nodes", build_cache_nodes(cache)) |
	             json_object_set_new(object, "verdict", verdict_json(&cache->verdict)) |
	             json_object_set_new(object, "unverifiable", json_boolean(cache->unverifiable));

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		failed |= json_object_set_new(object, numbers[i].key, json_uint(numbers[i].value));
	return json_whole(object, failed);
}

static json_t *build_caches(const struct kernel_memory *memory)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < memory->n_caches_shown; i++)
		failed |= json_array_append_new(array, build_cache(&memory->caches[i]));
	return json_whole(array, failed);
}

static json_t *build_counters(const struct kernel_memory *memory)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < memory->n_counters; i++) {
		const struct counter_growth *counter = &memory->counters[i];

		failed |= json_object_set_new(object, counter->name,
		                              json_pack("{s:o, s:o}", "before_bytes", json_uint(counter->before_bytes),
		                                        "after_bytes", json_uint(counter->after_bytes)));
	}
	return json_whole(object, failed);
}

static json_t *build_zones(const struct kernel_memory *memory)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < memory->n_zones; i++) {
		const struct zone_usage *zone = &memory->zones[i];
		const char *name = zone_type_name(zone->zone);

		failed |= json_array_append_new(array, json_pack("{s:i, s:o, s:o, s:o}", "node", zone->node, "zone",
		                                                 name ? json_string(name) : json_null(), "live_bytes",
		                                                 json_uint(zone->live_bytes), "live_blocks",
		                                                 json_uint(zone->live_blocks)));
	}
	return json_whole(array, failed);
}

static json_t *build_traced(const struct kernel_memory *memory)
{
	json_t *array = json_array();
	int failed = 0;

	for (int kind = KIND_OF_KERNEL; kind < KIND_COUNT; kind++) {
		if (memory->kinds[kind])
			failed |= json_array_append_new(array, json_string(block_kind_name((enum block_kind)kind)));
	}
	return json_whole(array, failed);
}

json_t *kernel_json_members(const struct snapshot *snapshot)
{
	const struct kernel_memory *memory = snapshot->kernel;

	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "caches", build_caches(memory), "counters",
	                 build_counters(memory), "zones", build_zones(memory), "traced_kinds", build_traced(memory),
	                 "exact_counts", memory->exact_counts, "slab_page_bytes", json_uint(memory->slab_page_bytes),
	                 "user_page_bytes", json_uint(memory->user_page_bytes));
}

static int set_page_class(json_t *object, const struct memory_class *class)
{
	const char *migratetype = migratetype_name(class->migratetype);
	char gfp[GFP_TEXT_SIZE];

	gfp_text(gfp, sizeof(gfp), class->gfp);
	return json_object_set_new(object, "gfp", json_string(gfp)) |
	       (class->kind == KIND_PAGE &&
	        (json_object_set_new(object, "order", json_integer(class->order)) |
	         json_object_set_new(object, "migratetype", migratetype ? json_string(migratetype) : json_null())));
}

int kernel_json_set_owner(json_t *object, const struct snapshot *snapshot, const struct process *owner)
{
	if (!snapshot->kernel || snapshot->kernel->laid_to != LAID_TO_CGROUP)
		return 0;
	return json_object_set_new(object, "cgroup_id", json_uint(owner->cgroup)) |
	       json_object_set_new(object, "cgroup", json_name_or_null(owner->cgroup_path));
}

int kernel_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack)
{
	const struct kernel_memory *memory = snapshot->kernel;
	const struct memory_class *class = &memory->classes[stack->class_index];
	const struct cache_growth *cache = class->cache < memory->n_caches ? &memory->caches[class->cache] : NULL;
	int failed = json_object_set_new(object, "slack_bytes", json_uint(stack->slack_bytes)) |
	             json_object_set_new(object, "misplaced_blocks", json_uint(stack->misplaced_blocks)) |
	             json_object_set_new(object, "possible_blocks", json_uint(stack->possible_blocks)) |
	             json_object_set_new(object, "unverifiable", json_boolean(cache && cache->unverifiable));

	if (cache)
		failed |= json_object_set_new(object, "cache", json_name(cache->name));
	if (stack->kind == KIND_PAGE || stack->kind == KIND_PERCPU)
		failed |= set_page_class(object, class);
	return failed | kernel_json_set_owner(object, snapshot, &snapshot->processes[stack->process]);
}
