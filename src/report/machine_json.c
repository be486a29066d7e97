// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a machine's memory is, for programs. Members that the kernel names are in objects of their own. */
#include "report/machine_json.h"

#include <errno.h>
#include <string.h>

#include "report/clock.h"
#include "report/json_value.h"
#include "report/stream.h"
#include "util/number.h"

#define SCHEMA "memtrace-system/1"

static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static int set_uint(json_t *object, const char *key, uint64_t value)
{
	return set(object, key, json_uint(value));
}

/* A key that may hold any bytes. */
static int set_named(json_t *object, const char *name, json_t *value)
{
	json_t *key = json_name(name);
	int failed = key ? set(object, json_string_value(key), value) : -1;

	if (!key)
		json_decref(value);
	json_decref(key);
	return failed;
}

static json_t *build_values(const struct named_values *values)
{
	json_t *object = json_object();
	int failed = !object;

	for (size_t i = 0; i < values->n && !failed; i++)
		failed |= set_named(object, values->list[i].name, json_uint(values->list[i].value));
	return json_whole(object, failed);
}

/* Those that changed, and by how much. `before` is NULL in a first report. */
static json_t *build_changes(const struct named_values *before, const struct named_values *now)
{
	json_t *object = json_object();
	int failed = !object;

	for (size_t i = 0; before && i < now->n && !failed; i++) {
		int64_t change = named_values_change(before, now, now->list[i].name);

		if (change)
			failed |= set_named(object, now->list[i].name, json_integer(change));
	}
	return json_whole(object, failed);
}

static json_t *build_uints(const uint64_t *values, size_t n)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < n && !failed; i++)
		failed |= json_array_append_new(array, json_uint(values[i]));
	return json_whole(array, failed);
}

static json_t *build_memory(const struct machine_memory *memory)
{
	return json_pack("{s:o, s:o}", "bytes", build_values(&memory->bytes), "counts", build_values(&memory->counts));
}

static json_t *build_uses(const struct machine_report *report)
{
	json_t *object = json_object();
	int failed = !object;

	for (size_t i = 0; i < report->n_uses && !failed; i++)
		failed |= set_uint(object, report->uses[i].key, report->uses[i].bytes);
	return json_whole(object, failed);
}

static json_t *build_node(const struct machine_report *report, const struct machine_node *node)
{
	const struct machine_node *before = machine_report_node_before(report, node->node);

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "node", node->node, "cpus",
	                 json_name_or_null(node->cpus), "distances", build_uints(node->distances, node->n_distances),
	                 "memory", build_memory(&node->memory), "numa", build_values(&node->numa), "numa_changes",
	                 build_changes(before ? &before->numa : NULL, &node->numa), "counters",
	                 build_values(&node->counters), "counter_changes",
	                 build_changes(before ? &before->counters : NULL, &node->counters));
}

static json_t *build_nodes(const struct machine_report *report)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < report->now->n_nodes && !failed; i++)
		failed |= json_array_append_new(array, build_node(report, &report->now->nodes[i]));
	return json_whole(array, failed);
}

static json_t *build_fragmentation(const struct zone *zone, const struct machine_zone_state *state)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < zone->n_orders && !failed; i++)
		failed |= json_array_append_new(array, state->fragmentation[i] == FRAGMENTATION_NONE
		                                           ? json_null()
		                                           : json_integer(state->fragmentation[i]));
	return json_whole(array, failed);
}

static json_t *build_zone(const struct zone *zone, const struct machine_zone_state *state)
{
	json_t *object = json_object();
	int failed =
	    !object || set(object, "node", json_integer(zone->node)) || set(object, "name", json_name(zone->name)) ||
	    set_uint(object, "free_pages", zone->free_pages) || set_uint(object, "min_pages", zone->min_pages) ||
	    set_uint(object, "low_pages", zone->low_pages) || set_uint(object, "high_pages", zone->high_pages) ||
	    set_uint(object, "spanned_pages", zone->spanned_pages) ||
	    set_uint(object, "present_pages", zone->present_pages) ||
	    set_uint(object, "managed_pages", zone->managed_pages) || set_uint(object, "cpu_pages", zone->cpu_pages) ||
	    set(object, "protection_pages", build_uints(zone->protection_pages, zone->n_protection)) ||
	    set(object, "free_blocks", build_uints(zone->free_blocks, zone->n_orders)) ||
	    set(object, "fragmentation", build_fragmentation(zone, state)) ||
	    set(object, "values", build_values(&zone->values));

	return json_whole(object, failed);
}

static json_t *build_zones(const struct machine_report *report)
{
	const struct zones *zones = &report->now->zones;
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < zones->n && !failed; i++)
		failed |= json_array_append_new(array, build_zone(&zones->list[i], &report->zones[i]));
	return json_whole(array, failed);
}

static json_t *build_zone_nodes(const struct zones *zones)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < zones->n_nodes && !failed; i++)
		failed |= json_array_append_new(array, json_pack("{s:i, s:o}", "node", zones->nodes[i].node, "counters",
		                                                 build_values(&zones->nodes[i].values)));
	return json_whole(array, failed);
}

static json_t *build_names(char *const *names, size_t n)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < n && !failed; i++)
		failed |= json_array_append_new(array, json_name(names[i]));
	return json_whole(array, failed);
}

static json_t *build_cache_nodes(const struct slab_cache *cache)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < cache->n_nodes && !failed; i++)
		failed |= json_array_append_new(array, json_pack("{s:i, s:o, s:o}", "node", cache->nodes[i].node,
		                                                 "objects", json_uint(cache->nodes[i].objects), "slabs",
		                                                 json_uint(cache->nodes[i].slabs)));
	return json_whole(array, failed);
}

static json_t *build_cache(const struct machine_slab_row *row)
{
	const struct slab_cache *cache = row->cache;
	json_t *object = json_object();
	int failed =
	    !object || set(object, "name", json_name(cache->name)) ||
	    set(object, "aliases", build_names(cache->aliases, cache->n_aliases)) ||
	    set_uint(object, "bytes", row->bytes) || set_uint(object, "active_objects", cache->active_objects) ||
	    set_uint(object, "objects", cache->objects) || set_uint(object, "slabs", cache->slabs) ||
	    set_uint(object, "slot_size_bytes", cache->slot_size_bytes) ||
	    set(object, "object_size_bytes",
	        cache->object_size_bytes ? json_uint(cache->object_size_bytes) : json_null()) ||
	    set_uint(object, "objects_per_slab", cache->objects_per_slab) ||
	    set_uint(object, "pages_per_slab", cache->pages_per_slab) ||
	    set(object, "reclaimable", cache->reclaimable_known ? json_boolean(cache->reclaimable) : json_null()) ||
	    set(object, "growth_objects", row->growth_known ? json_integer(row->growth_objects) : json_null()) ||
	    set(object, "growth_bytes", row->growth_known ? json_integer(row->growth_bytes) : json_null()) ||
	    set(object, "nodes", build_cache_nodes(cache));

	return json_whole(object, failed);
}

static json_t *build_slab(const struct machine_report *report, size_t top)
{
	json_t *caches = json_array();
	uint64_t bytes = 0;
	int failed = !caches;

	for (size_t i = 0; i < report->n_slabs; i++) {
		bytes += report->slabs[i].bytes;
		if (!failed && (!top || i < top))
			failed |= json_array_append_new(caches, build_cache(&report->slabs[i]));
	}
	return json_pack("{s:o, s:o, s:o, s:b, s:o}", "n_caches", json_uint(report->n_slabs), "bytes", json_uint(bytes),
	                 "outside_bytes", json_uint(report->slab_outside_bytes), "aliases_known",
	                 report->n_slabs && !report->now->slabs.aliases_error, "caches", json_whole(caches, failed));
}

static json_t *build_huge(const struct machine *machine)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < machine->n_huge && !failed; i++) {
		const struct machine_huge *huge = &machine->huge[i];

		failed |= json_array_append_new(
		    array, json_pack("{s:o, s:o, s:o}", "node", huge->node < 0 ? json_null() : json_integer(huge->node),
		                     "size_bytes", json_uint(huge->size_bytes), "pages", build_values(&huge->pages)));
	}
	return json_whole(array, failed);
}

static json_t *build_transparent(const struct machine *machine)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < machine->n_transparent && !failed; i++)
		failed |= json_array_append_new(
		    array, json_pack("{s:o, s:o}", "size_bytes", json_uint(machine->transparent[i].size_bytes),
		                     "counters", build_values(&machine->transparent[i].counters)));
	return json_whole(array, failed);
}

static json_t *build_swaps(const struct machine *machine)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < machine->n_swaps && !failed; i++) {
		const struct machine_swap *swap = &machine->swaps[i];

		failed |= json_array_append_new(
		    array, json_pack("{s:o, s:o, s:o, s:o, s:i}", "path", json_name(swap->path), "type",
		                     json_name(swap->type), "size_bytes", json_uint(swap->size_bytes), "used_bytes",
		                     json_uint(swap->used_bytes), "priority", swap->priority));
	}
	return json_whole(array, failed);
}

static json_t *build_stall(const struct machine_stall *stall)
{
	if (!stall->known)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:o}", "avg10_hundredths", (int)stall->avg10_bp, "avg60_hundredths",
	                 (int)stall->avg60_bp, "avg300_hundredths", (int)stall->avg300_bp, "total_us",
	                 json_uint(stall->total_us));
}

static json_t *build_pressure(const struct machine *machine)
{
	json_t *object = json_object();
	int failed = !object;

	for (size_t i = 0; i < machine->n_pressures && !failed; i++) {
		const struct machine_pressure *pressure = &machine->pressures[i];

		failed |= set(object, pressure->resource,
		              json_pack("{s:o, s:o}", "some", build_stall(&pressure->some), "full",
		                        build_stall(&pressure->full)));
	}
	return json_whole(object, failed);
}

static json_t *build_settings(const struct machine *machine)
{
	json_t *object = json_object();
	int failed = !object;

	for (size_t i = 0; i < machine->n_settings && !failed; i++) {
		const struct machine_setting *setting = &machine->settings[i];
		uint64_t number;

		failed |=
		    set_named(object, setting->name,
		              number_parse(setting->value, &number) ? json_name(setting->value) : json_uint(number));
	}
	return json_whole(object, failed);
}

static json_t *build_process(const struct machine_process *process)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", (int)process->pid, "name",
	                 json_name(process->name), "rss_bytes", json_uint(process->rss_bytes), "anon_bytes",
	                 json_uint(process->anon_bytes), "file_bytes", json_uint(process->file_bytes), "shmem_bytes",
	                 json_uint(process->shmem_bytes), "swap_bytes", json_uint(process->swap_bytes),
	                 "page_table_bytes", json_uint(process->page_table_bytes), "huge_bytes",
	                 json_uint(process->huge_bytes));
}

static json_t *build_process_list(const struct machine_process *const *list, size_t n)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < n && !failed; i++)
		failed |= json_array_append_new(array, build_process(list[i]));
	return json_whole(array, failed);
}

static json_t *build_processes(const struct machine_report *report)
{
	if (!report->now->processes_known)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "count", json_uint(report->now->n_processes), "by_rss",
	                 build_process_list(report->by_rss, report->n_by_rss), "by_swap",
	                 build_process_list(report->by_swap, report->n_by_swap), "by_page_tables",
	                 build_process_list(report->by_page_tables, report->n_by_page_tables));
}

static json_t *build_vmalloc(const struct machine *machine, size_t top)
{
	json_t *callers;
	int failed;

	if (!machine->vmalloc_known)
		return json_null();
	callers = json_array();
	failed = !callers;
	for (size_t i = 0; i < machine->n_vmalloc && (!top || i < top) && !failed; i++) {
		const struct machine_vmalloc *user = &machine->vmalloc[i];

		failed |= json_array_append_new(callers,
		                                json_pack("{s:o, s:o, s:o}", "caller", json_name(user->caller), "areas",
		                                          json_uint(user->areas), "pages", json_uint(user->pages)));
	}
	return json_pack("{s:o, s:o}", "stack_pages", json_uint(machine->vmalloc_stack_pages), "callers",
	                 json_whole(callers, failed));
}

static json_t *build_findings(const struct machine_report *report)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < report->n_findings && !failed; i++)
		failed |= json_array_append_new(array, json_pack("{s:s, s:o}", "key", report->findings[i].key, "text",
		                                                 json_name(report->findings[i].text)));
	return json_whole(array, failed);
}

static json_t *build_next(const struct machine_report *report)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < report->n_next && !failed; i++)
		failed |= json_array_append_new(array, json_pack("{s:o, s:o}", "why", json_name(report->next[i].why),
		                                                 "command", json_name(report->next[i].command)));
	return json_whole(array, failed);
}

static json_t *build_missing(const struct machine *machine)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < machine->n_missing && !failed; i++)
		failed |=
		    json_array_append_new(array, json_pack("{s:o, s:s}", "path", json_name(machine->missing[i].path),
		                                           "reason", strerror(-machine->missing[i].error)));
	return json_whole(array, failed);
}

static int set_head(json_t *object, const struct machine_report *report)
{
	const struct machine *now = report->now;
	char time[CLOCK_SIZE];

	clock_rfc3339(time, now->time_unix_ns);
	return set(object, "schema", json_string(SCHEMA)) || set(object, "time", json_string(time)) ||
	       set_uint(object, "read_ns", now->read_ns) ||
	       set(object, "drift_bytes", json_integer(now->drift_bytes)) ||
	       set(object, "interval_ns", report->before ? json_uint(report->interval_ns) : json_null()) ||
	       set(object, "release", json_name_or_null(now->release)) ||
	       set_uint(object, "page_size_bytes", now->page_size_bytes);
}

static int set_body(json_t *object, const struct machine_report *report, size_t top)
{
	const struct machine *now = report->now, *before = report->before;

	return set(object, "memory", build_memory(&now->memory)) || set(object, "uses", build_uses(report)) ||
	       set(object, "unexplained_bytes", json_integer(report->unexplained_bytes)) ||
	       set(object, "counters", build_values(&now->counters)) ||
	       set(object, "counter_changes", build_changes(before ? &before->counters : NULL, &now->counters)) ||
	       set(object, "nodes", build_nodes(report)) || set(object, "zones", build_zones(report)) ||
	       set(object, "zone_nodes", build_zone_nodes(&now->zones)) ||
	       set(object, "slab", build_slab(report, top)) || set(object, "huge_pages", build_huge(now)) ||
	       set(object, "transparent_huge_pages", build_transparent(now)) ||
	       set(object, "swaps", build_swaps(now)) || set(object, "pressure", build_pressure(now)) ||
	       set(object, "settings", build_settings(now)) || set(object, "processes", build_processes(report)) ||
	       set(object, "vmalloc", build_vmalloc(now, top)) || set(object, "findings", build_findings(report)) ||
	       set(object, "next", build_next(report)) || set(object, "missing", build_missing(now));
}

int machine_json(FILE *out, const struct machine_report *report, const struct render_options *options)
{
	json_t *object = json_object();
	int failed = !object || set_head(object, report) || set_body(object, report, options->top);
	int error = json_write(out, json_whole(object, failed));

	if (error)
		return error;
	fputc('\n', out);
	return stream_finish(out);
}
