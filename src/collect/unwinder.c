// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/unwinder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/array_map.h"
#include "memtrace.h"
#include "probe/bpf.h"
#include "unwind/unwind.h"
#include "util/extents.h"

#define CODE_PAGE_BITS 12
/* Rows of a table are laid down in pieces of whole pages, so that they fit into what is free. */
#define PIECE_ROWS (MT_SHARD_ROWS / 4)

/* A file's table. */
struct object {
	const struct module *module; /* one that has it; the build ID tells */
	bool all_code;
	bool without; /* it has no call frame information, or there was no room */
	unsigned int users;
	uint32_t number;
	struct extent pages, rules, *pieces;
	size_t n_pieces;
};

/* What one process uses. */
struct described {
	struct object **objects;
	size_t n;
};

struct unwinder {
	struct memtrace_bpf *bpf;
	uint64_t max_bytes;
	struct object **objects;
	size_t n_objects;
	struct described described[MT_MAX_PROCESSES];
	struct extents rows, pages, rules, numbers;
	struct mt_unwind_shard *shards[MT_MAX_SHARDS];
	uint32_t n_shards;
	struct mt_unwind_page *page_table; /* mapped, as the following */
	struct unwind_rule *rule_table;
	struct mt_unwind_object *object_table;
};

int unwinder_new(struct memtrace_bpf *bpf, uint64_t max_bytes, struct unwinder **result)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));
	int error;

	*result = unwinder;
	if (!unwinder)
		return -ENOMEM;
	unwinder->bpf = bpf;
	unwinder->max_bytes = max_bytes;
	unwinder->rows.boundary = MT_SHARD_ROWS;
	unwinder->page_table = array_map(bpf->maps.unwind_pages);
	unwinder->rule_table = array_map(bpf->maps.unwind_rules);
	unwinder->object_table = array_map(bpf->maps.unwind_objects);
	if (!unwinder->page_table || !unwinder->rule_table || !unwinder->object_table)
		return -ENOMEM;
	error = extents_give(&unwinder->pages, (struct extent){0, bpf_map__max_entries(bpf->maps.unwind_pages)});
	if (!error)
		error = extents_give(
		    &unwinder->rules,
		    (struct extent){MT_FIRST_RULE, bpf_map__max_entries(bpf->maps.unwind_rules) - MT_FIRST_RULE});
	if (!error)
		error = extents_give(&unwinder->numbers, (struct extent){0, MT_MAX_UNWIND_OBJECTS});
	return error;
}

static void table_remove(struct unwinder *unwinder, struct object *object)
{
	if (object->pages.n) {
		unwinder->object_table[object->number] = (struct mt_unwind_object){0};
		extents_give(&unwinder->numbers, (struct extent){object->number, 1});
		extents_give(&unwinder->pages, object->pages);
	}
	if (object->rules.n)
		extents_give(&unwinder->rules, object->rules);
	for (size_t i = 0; i < object->n_pieces; i++)
		extents_give(&unwinder->rows, object->pieces[i]);
	free(object->pieces);
	object->pieces = NULL;
	object->pages.n = object->rules.n = object->n_pieces = 0;
}

static int shard_add(struct unwinder *unwinder)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t number = unwinder->n_shards;
	struct mt_unwind_shard *shard;
	int fd, error = 0;

	if (number == MT_MAX_SHARDS || (number + 1) * sizeof(*shard) > unwinder->max_bytes)
		return -ENOSPC;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "memtrace_rows", sizeof(uint32_t), sizeof(*shard), 1, &opts);
	if (fd < 0)
		return fd;
	shard = mmap(NULL, sizeof(*shard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shard == MAP_FAILED || bpf_map_update_elem(bpf_map__fd(unwinder->bpf->maps.unwind_shards), &number, &fd, 0))
		error = -errno;
	close(fd);
	if (!error)
		error = extents_give(&unwinder->rows, (struct extent){number * MT_SHARD_ROWS, MT_SHARD_ROWS});
	if (error) {
		if (shard != MAP_FAILED)
			munmap(shard, sizeof(*shard));
		return error;
	}
	unwinder->shards[unwinder->n_shards++] = shard;
	return 0;
}

static int rows_take(struct unwinder *unwinder, struct object *object, uint32_t n, uint32_t *first)
{
	struct extent *pieces = reallocarray(object->pieces, object->n_pieces + 1, sizeof(*pieces));
	int error;

	if (!pieces)
		return -ENOMEM;
	object->pieces = pieces;
	error = extents_take(&unwinder->rows, n, first);
	if (error) {
		error = shard_add(unwinder);
		if (!error)
			error = extents_take(&unwinder->rows, n, first);
	}
	if (!error)
		pieces[object->n_pieces++] = (struct extent){*first, n};
	return error;
}

/* Lays down the rows of as many pages as make a piece. Returns the page after them, or -errno. */
static int64_t piece_place(struct unwinder *unwinder, struct object *object, const struct unwind_table *table,
                           size_t page)
{
	uint32_t n = table->pages[page].n_rows, first;
	size_t end = page + 1;
	int error;

	while (end < table->n_pages && n + table->pages[end].n_rows <= PIECE_ROWS)
		n += table->pages[end++].n_rows;
	if (!n)
		return end;
	error = rows_take(unwinder, object, n, &first);
	if (error)
		return error;
	for (; page < end; page++) {
		const struct unwind_page *from = &table->pages[page];

		memcpy(&unwinder->shards[first / MT_SHARD_ROWS]->row[first % MT_SHARD_ROWS],
		       &table->rows[from->first_row], from->n_rows * sizeof(uint32_t));
		unwinder->page_table[object->pages.first + page] = (struct mt_unwind_page){first, from->n_rows};
		first += from->n_rows;
	}
	return end;
}

static int table_place(struct unwinder *unwinder, struct object *object, const struct unwind_table *table)
{
	int64_t page = 0;
	int error = extents_take(&unwinder->numbers, 1, &object->number);

	if (error)
		return error;
	error = extents_take(&unwinder->pages, table->n_pages, &object->pages.first);
	if (error) {
		extents_give(&unwinder->numbers, (struct extent){object->number, 1});
		return error;
	}
	object->pages.n = table->n_pages;
	error = extents_take(&unwinder->rules, table->n_rules, &object->rules.first);
	if (error)
		return error;
	object->rules.n = table->n_rules;
	memcpy(&unwinder->rule_table[object->rules.first], table->rules, table->n_rules * sizeof(*table->rules));
	while (page >= 0 && (size_t)page < table->n_pages)
		page = piece_place(unwinder, object, table, page);
	if (page < 0)
		return (int)page;
	unwinder->object_table[object->number] = (struct mt_unwind_object){
	    .first_page = table->base >> UNWIND_PAGE_BITS,
	    .n_pages = object->pages.n,
	    .page = object->pages.first,
	    .rule = object->rules.first,
	    .all_code = object->all_code,
	};
	return 0;
}

/* 1 when there was no room for it. */
static int table_build(struct unwinder *unwinder, struct object *object)
{
	struct unwind_table table;
	int error;

	object->without = true;
	if (!unwinder->max_bytes || object->module->fd < 0 ||
	    unwind_table_build(object->module->fd, object->all_code ? UNWIND_ALL_CODE : UNWIND_CALL_SITES, &table))
		return 0;
	error = table_place(unwinder, object, &table);
	if (error)
		table_remove(unwinder, object);
	object->without = error != 0;
	unwind_table_free(&table);
	return error != 0;
}

static bool same_file(const struct module *one, const struct module *two)
{
	if (one == two)
		return true;
	return one->build_id_size && one->build_id_size == two->build_id_size &&
	       !memcmp(one->build_id, two->build_id, one->build_id_size);
}

static struct object *object_add(struct unwinder *unwinder, const struct module *module, bool all_code, int *unplaced)
{
	struct object **rows = reallocarray(unwinder->objects, unwinder->n_objects + 1, sizeof(*rows)), *object;

	if (!rows)
		return NULL;
	unwinder->objects = rows;
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	object->module = module;
	object->all_code = all_code;
	*unplaced += table_build(unwinder, object);
	rows[unwinder->n_objects++] = object;
	return object;
}

/* The newest of a file counts: one of all its code comes after that of return addresses. */
static struct object *object_get(struct unwinder *unwinder, const struct module *module, int *unplaced)
{
	for (size_t i = unwinder->n_objects; i--;) {
		if (same_file(unwinder->objects[i]->module, module))
			return unwinder->objects[i];
	}
	return object_add(unwinder, module, false, unplaced);
}

/* Once no program can be walking by the old description any more. */
static void drop(struct unwinder *unwinder, struct described *described)
{
	size_t kept = 0;

	for (size_t i = 0; i < described->n; i++)
		described->objects[i]->users--;
	free(described->objects);
	*described = (struct described){0};
	for (size_t i = 0; i < unwinder->n_objects; i++) {
		struct object *object = unwinder->objects[i];

		if (object->users) {
			unwinder->objects[kept++] = object;
			continue;
		}
		table_remove(unwinder, object);
		free(object);
	}
	unwinder->n_objects = kept;
}

static uint32_t n_pages_of(const struct code_place *place)
{
	uint64_t n = (place->end - place->start) >> CODE_PAGE_BITS;

	return n > UINT32_MAX ? UINT32_MAX : n;
}

/* Generated code comes in many mappings side by side: one range. */
static bool extends(const struct mt_code *code, const struct code_place *place, uint32_t object)
{
	const struct mt_code_range *last = code->n_ranges ? &code->range[code->n_ranges - 1] : NULL;

	return last && object == MT_OBJECT_NO_CFI && last->object == object &&
	       last->start + ((uint64_t)last->n_pages << CODE_PAGE_BITS) == place->start;
}

/* Fills in ranges, and notes the objects used. How much is left out, or -errno. */
static int fill(struct unwinder *unwinder, struct mt_code *code, struct described *described,
                const struct code_place *places, size_t n)
{
	int unplaced = 0;

	described->objects = calloc(n + 1, sizeof(struct object *));
	if (!described->objects)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct object *object = object_get(unwinder, places[i].module, &unplaced);
		uint32_t number = object && !object->without ? object->number : MT_OBJECT_NO_CFI;

		if (!object)
			return -ENOMEM;
		if (places[i].start >> 63) /* [vsyscall], which the programs' search could not order */
			continue;
		object->users++;
		described->objects[described->n++] = object;
		if (extends(code, &places[i], number)) {
			code->range[code->n_ranges - 1].n_pages += n_pages_of(&places[i]);
		} else if (code->n_ranges < MT_CODE_RANGES) {
			code->range[code->n_ranges++] =
			    (struct mt_code_range){places[i].start, places[i].bias, n_pages_of(&places[i]), number};
		} else {
			unplaced++;
		}
	}
	return unplaced;
}

/* A map of its own for what the programs read, and the place where it is filled in. */
static int code_new(struct mt_code **code)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "memtrace_code", sizeof(uint32_t), sizeof(**code), 1, &opts);

	if (fd < 0)
		return fd;
	*code = mmap(NULL, sizeof(**code), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*code == MAP_FAILED) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int unwinder_describe(struct unwinder *unwinder, uint32_t slot, const struct code_moment *moment,
                      const struct code_place *places, size_t n)
{
	struct described described = {0};
	struct mt_code *code = NULL;
	int fd = code_new(&code), unplaced;

	if (fd < 0)
		return fd;
	code->version = moment->version;
	code->events = moment->events;
	unplaced = fill(unwinder, code, &described, places, n);
	munmap(code, sizeof(*code));
	/* Returns when no program uses the former one any more: maybe_wait_bpf_programs() in the kernel. */
	if (unplaced >= 0 && bpf_map_update_elem(bpf_map__fd(unwinder->bpf->maps.codes), &slot, &fd, BPF_ANY))
		unplaced = -errno;
	close(fd);
	if (unplaced >= 0) {
		struct described former = unwinder->described[slot];

		unwinder->described[slot] = described;
		described = former;
	}
	drop(unwinder, &described);
	return unplaced;
}

void unwinder_forget(struct unwinder *unwinder, uint32_t slot)
{
	bpf_map_delete_elem(bpf_map__fd(unwinder->bpf->maps.codes), &slot);
	drop(unwinder, &unwinder->described[slot]);
}

int unwinder_take_all_code(struct unwinder *unwinder, uint32_t number)
{
	int unplaced = 0;

	for (size_t i = unwinder->n_objects; i--;) {
		struct object *object = unwinder->objects[i];

		if (object->without || object->number != number)
			continue;
		/* Asked for again before all processes were told of the first. */
		if (object->all_code || object_get(unwinder, object->module, &unplaced) != object)
			return 0;
		object = object_add(unwinder, object->module, true, &unplaced);
		if (object && object->without) { /* the one that there is will do */
			unwinder->n_objects--;
			free(object);
			return -ENOSPC;
		}
		return object ? 0 : -ENOMEM;
	}
	return 0;
}

void unwinder_free(struct unwinder *unwinder)
{
	struct memtrace_bpf *bpf;

	if (!unwinder)
		return;
	bpf = unwinder->bpf;
	for (size_t i = 0; i < MT_MAX_PROCESSES; i++)
		free(unwinder->described[i].objects);
	for (size_t i = 0; i < unwinder->n_objects; i++) {
		free(unwinder->objects[i]->pieces);
		free(unwinder->objects[i]);
	}
	free(unwinder->objects);
	for (uint32_t i = 0; i < unwinder->n_shards; i++)
		munmap(unwinder->shards[i], sizeof(*unwinder->shards[i]));
	array_unmap(unwinder->page_table, bpf->maps.unwind_pages);
	array_unmap(unwinder->rule_table, bpf->maps.unwind_rules);
	array_unmap(unwinder->object_table, bpf->maps.unwind_objects);
	extents_clear(&unwinder->rows);
	extents_clear(&unwinder->pages);
	extents_clear(&unwinder->rules);
	extents_clear(&unwinder->numbers);
	free(unwinder);
}
