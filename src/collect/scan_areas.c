// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/scan_areas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "util/grow.h"

#define WORD_BYTES 8ULL

/* Memory of the kernel's that the process sees. Nothing of its own is there. */
static bool is_kernels(const char *name)
{
	static const char *const names[] = {"[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[uprobes]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

/* Files that are memory only: what is mapped to be read here may be written elsewhere. */
static bool is_memory(const char *name)
{
	static const char *const beginnings[] = {"/memfd:", "/dev/zero",      "/dev/shm/",
	                                         "/SYSV",   "/anon_hugepage", "[anon_shmem"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	}
	return false;
}

static enum scan_area_kind kind_of(const struct maps_row *row)
{
	if (!strcmp(row->name, "[stack]"))
		return SCAN_AREA_STACK;
	if (!strcmp(row->name, "[heap]"))
		return SCAN_AREA_ALLOCATOR;
	return row->name[0] == '/' && !row->shared ? SCAN_AREA_GLOBALS : SCAN_AREA_MAPPED;
}

/* Zeroed globals are anonymous memory behind a file's last mapping. */
static bool continues(const struct scan_areas *areas, const struct maps_row *row)
{
	const struct scan_area *before = areas->n_areas ? &areas->areas[areas->n_areas - 1] : NULL;

	return before && before->kind == SCAN_AREA_GLOBALS && before->end == row->start && !row->name[0] &&
	       row->writable && !row->shared;
}

int scan_areas_add(struct scan_areas *areas, const struct maps_row *row)
{
	size_t n = areas->n_areas;
	bool more = continues(areas, row);
	const char *name = more ? areas->areas[n - 1].name : row->name;
	int error = grow_list((void **)&areas->areas, n, sizeof(*areas->areas));

	if (!error)
		error = grow_list((void **)&areas->parts, n, sizeof(*areas->parts));
	if (error)
		return error;
	areas->areas[n] = (struct scan_area){.start = row->start,
	                                     .end = row->end,
	                                     .kind = more ? SCAN_AREA_GLOBALS : kind_of(row),
	                                     .name = strdup(name)};
	if (!areas->areas[n].name)
		return -ENOMEM;
	areas->parts[n] = (struct scan_part){
	    .start = row->start,
	    .end = row->end,
	    .skip = is_kernels(row->name) || (row->shared && !row->writable && !is_memory(row->name)),
	    .private_alone = !row->shared,
	    .protected = !row->readable,
	    .writable = row->writable,
	    .heap_kind = (uint8_t)heap_mapping_kind(row->name),
	    .guard = !row->readable && !row->writable && !row->executable && !row->name[0],
	};
	areas->n_areas++;
	return 0;
}

static int on_row(void *context, const struct maps_row *row)
{
	return scan_areas_add(context, row);
}

int scan_areas_read(struct scan_areas *areas, pid_t thread)
{
	return maps_read(thread, on_row, areas);
}

void scan_areas_clear(struct scan_areas *areas)
{
	for (size_t i = 0; i < areas->n_areas; i++)
		free(areas->areas[i].name);
	free(areas->areas);
	free(areas->parts);
	*areas = (struct scan_areas){.areas = NULL};
}

void scan_areas_thread(struct scan_areas *areas, pid_t thread, uint64_t stack_pointer, uint64_t own_start,
                       uint64_t red_zone_bytes)
{
	size_t i = scan_area_index(areas->areas, areas->n_areas, stack_pointer);
	struct scan_area *area = &areas->areas[i];
	struct scan_part *part = &areas->parts[i];
	uint64_t from = (stack_pointer - red_zone_bytes) / WORD_BYTES * WORD_BYTES;
	const struct scan_part *guard;
	bool is_own;

	if (i == areas->n_areas)
		return;
	guard = i && areas->parts[i - 1].guard && areas->areas[i - 1].end == area->start ? part - 1 : NULL;
	is_own = guard && own_start >= guard->start && own_start < guard->end;
	if (area->kind != SCAN_AREA_STACK && !is_own)
		return;
	if (from < area->start)
		from = area->start;
	if (!part->cut || from < part->start) {
		area->thread = thread;
		part->start = from;
	}
	area->kind = SCAN_AREA_STACK;
	part->cut = true;
}
