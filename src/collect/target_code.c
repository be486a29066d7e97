// SPDX-License-Identifier: GPL-2.0-or-later
/* What a target has mapped executable, and what it had: stacks of then are read by what was there then. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/procfs.h"
#include "collect/target.h"

struct reading {
	struct target *target;
	pid_t thread; /* a live one: what is mapped cannot be read by a main thread that has ended */
	struct mapping *rows;
	size_t n, size;
};

static int add_mapping(struct reading *reading, const struct mapping *mapping)
{
	if (reading->n == reading->size) {
		size_t size = reading->size ? 2 * reading->size : 64;
		struct mapping *rows = reallocarray(reading->rows, size, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		reading->rows = rows;
		reading->size = size;
	}
	reading->rows[reading->n++] = *mapping;
	return 0;
}

static int add_row(void *context, const struct maps_row *row)
{
	struct reading *reading = context;
	struct mapping mapping = {.start = row->start, .end = row->end, .offset = row->offset, .until = MAPPING_STAYS};

	if (!row->executable)
		return 0;
	mapping.module = modules_get(reading->target->tracing->modules, reading->thread, row);
	return mapping.module ? add_mapping(reading, &mapping) : -ENOMEM;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct mapping *one = a, *two = b;

	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	return (one->from > two->from) - (one->from < two->from);
}

static bool overlap(const struct mapping *one, const struct mapping *two)
{
	return one->start < two->end && two->start < one->end;
}

/* The same file in the same place, though perhaps more or less of it. */
static bool continues(const struct mapping *one, const struct mapping *two)
{
	return one->module == two->module &&
	       (one->module->fd < 0 || one->start - one->offset == two->start - two->offset);
}

/*
 * When a mapping came: after the last one that was there before it; or with that, if it is the same
 * again: what is said of that goes on.
 */
static void find_from(struct target *target, struct mapping *row)
{
	struct mapping *last = NULL;

	for (size_t i = 0; i < target->n_mappings; i++) {
		struct mapping *old = &target->mappings[i];

		if (overlap(old, row) && (!last || old->until > last->until))
			last = old;
	}
	if (!last)
		return;
	row->from = continues(last, row) ? last->from : last->until + 1;
	if (continues(last, row))
		last->until = MAPPING_STAYS;
}

/*
 * What is there now beside what was: the rows that continue it take its place, and others cannot
 * be there before it was said to be gone: they are left for when that event has come.
 */
static bool conflicts(const struct target *target, const struct mapping *row)
{
	for (size_t i = 0; i < target->n_mappings; i++) {
		const struct mapping *old = &target->mappings[i];

		if (old->until == MAPPING_STAYS && overlap(old, row) && !continues(old, row))
			return true;
	}
	return false;
}

static bool is_continued(const struct mapping *old, const struct mapping *rows, size_t n)
{
	for (size_t i = 0; i < n && old->until == MAPPING_STAYS; i++) {
		if (overlap(old, &rows[i]))
			return true;
	}
	return false;
}

static bool same_places(const struct mapping *one, size_t n_one, const struct mapping *two, size_t n_two)
{
	for (size_t i = 0; i < n_one && n_one == n_two; i++) {
		if (one[i].start != two[i].start || one[i].end != two[i].end || one[i].module != two[i].module ||
		    one[i].offset != two[i].offset)
			return false;
	}
	return n_one == n_two;
}

/* The rows become what is mapped; what was mapped before stays known beside it. 0 or -ENOMEM. */
static int adopt(struct target *target, struct reading *reading)
{
	size_t n = 0;
	struct mapping *mapped;

	for (size_t i = 0; i < reading->n; i++) {
		if (conflicts(target, &reading->rows[i]))
			continue;
		find_from(target, &reading->rows[i]);
		reading->rows[n++] = reading->rows[i];
	}
	reading->n = n;
	qsort(reading->rows, n, sizeof(*reading->rows), compare_mappings);
	mapped = calloc(n + 1, sizeof(*mapped));
	if (!mapped)
		return -ENOMEM;
	memcpy(mapped, reading->rows, n * sizeof(*mapped));
	for (size_t i = 0; i < target->n_mappings; i++) {
		if (!is_continued(&target->mappings[i], mapped, n) && add_mapping(reading, &target->mappings[i])) {
			free(mapped);
			return -ENOMEM;
		}
	}
	target->code_changed |= !same_places(mapped, n, target->mapped, target->n_mapped);
	free(target->mapped);
	target->mapped = mapped;
	target->n_mapped = n;
	qsort(reading->rows, reading->n, sizeof(*reading->rows), compare_mappings);
	free(target->mappings);
	target->mappings = reading->rows;
	target->n_mappings = reading->n;
	return 0;
}

int target_read_mappings(struct target *target)
{
	const struct mt_process *process = &target->tracing->processes[target->slot];
	struct reading reading = {.target = target, .thread = procfs_live_thread(target->pid)};
	struct code_moment moment = {.version = __atomic_load_n(&process->code_version, __ATOMIC_ACQUIRE),
	                             .events = __atomic_load_n(&process->code_events, __ATOMIC_ACQUIRE)};
	int error = reading.thread ? maps_read(reading.thread, add_row, &reading) : -ESRCH;

	if (!error && !reading.n)
		error = -ESRCH;
	if (!error)
		error = adopt(target, &reading);
	if (error) {
		free(reading.rows);
		return error;
	}
	target->code_changed |=
	    moment.version != target->mapped_at.version || moment.events != target->mapped_at.events;
	target->mapped_at = moment;
	return 0;
}

void target_code_gone(struct target *target, uint64_t address, uint64_t length, uint32_t version)
{
	const struct mapping gone = {.start = address, .end = address + length};

	for (size_t i = 0; i < target->n_mappings; i++) {
		struct mapping *mapping = &target->mappings[i];

		if (mapping->until == MAPPING_STAYS && overlap(mapping, &gone))
			mapping->until = version - 1;
	}
}
