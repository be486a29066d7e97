/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/function.h"
#include "probe/machine.h"
#include "probe/resolve_internal.h"

#define PREFIXES_MAX 32

struct point_list {
	struct probe_point *points;
	size_t n, capacity;
};

static bool defines(const struct elf_file *file, const char *prefix, const char *name)
{
	struct elf_symbol symbol;
	char full[PROBE_NAME_MAX];

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	return !elf_file_symbol(file, full, &symbol);
}

/* A static program that frees nothing has no free linked in: with musl, most that only leak. */
static bool is_static_program(const struct elf_file *file)
{
	return elf_file_is_program(file) && !elf_file_is_dynamic(file);
}

static bool has_standard(const struct elf_file *file, const char *prefix)
{
	return defines(file, prefix, "malloc") &&
	       (defines(file, prefix, "free") || (!*prefix && is_static_program(file)));
}

static bool has_extended(const struct elf_file *file, const char *prefix)
{
	return defines(file, prefix, "mallocx") && defines(file, prefix, "dallocx");
}

/* glibc's: "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1". */
static bool is_glibc_loader(const struct elf_file *file)
{
	const char *name = elf_file_soname(file);

	return name && !strncmp(name, "ld-linux", strlen("ld-linux"));
}

bool resolve_is_allocator(const struct elf_file *file)
{
	if (is_glibc_loader(file))
		return false;
	for (size_t i = 0; i < catalog_n_prefixes; i++)
		if (has_standard(file, catalog_prefixes[i]) || has_extended(file, catalog_prefixes[i]))
			return true;
	return false;
}

static bool calls_address(const struct elf_file *file, const struct function *function, uint64_t address)
{
	struct decoder decoder;
	bool found = false;
	size_t at = 0;

	if (decoder_open(&decoder))
		return false;
	while (!found && decoder_next(&decoder, function->code, function->size, function->address, &at)) {
		uint64_t target;

		found = decoder_leaves(&decoder) && function_target(file, &decoder, &target) && target == address;
	}
	decoder_close(&decoder);
	return found;
}

bool resolve_new_wraps_malloc(const struct elf_file *file)
{
	struct elf_symbol operator_new, allocate;
	struct function function;

	if (elf_file_symbol(file, "_Znwm", &operator_new))
		return false;
	if (elf_file_symbol(file, "malloc", &allocate))
		return true;
	function = function_of(file, &operator_new);
	return operator_new.value != allocate.value && calls_address(file, &function, allocate.value);
}

/* Which families of rows the object is searched for. */
struct scope {
	bool named;
	bool operators;
	bool standard[PREFIXES_MAX], extended[PREFIXES_MAX]; /* by prefix */
};

static void find_scope(const struct elf_file *file, bool named, struct scope *scope)
{
	memset(scope, 0, sizeof(*scope));
	for (size_t i = 0; i < catalog_n_prefixes && i < PREFIXES_MAX; i++) {
		scope->standard[i] = has_standard(file, catalog_prefixes[i]);
		scope->extended[i] = has_extended(file, catalog_prefixes[i]);
	}
	scope->operators = scope->standard[0] && !resolve_new_wraps_malloc(file);
	scope->named = named && !resolve_is_allocator(file);
}

static bool prefix_is(size_t prefix, const char *name)
{
	return !strcmp(catalog_prefixes[prefix], name);
}

/* Is the row to be looked up under this prefix? */
static bool in_scope(const struct scope *scope, const struct catalog_row *row, size_t prefix)
{
	bool found = false;

	switch (row->family) {
	case CATALOG_C:
		return scope->named || scope->standard[prefix];
	case CATALOG_EXTENDED:
		return scope->named || scope->standard[prefix] || scope->extended[prefix];
	case CATALOG_CXX:
		/* Else probe/guard.c cannot put return addresses back for an exception. */
		return MACHINE_CALL_PUSHES && prefix == 0 && (scope->named || scope->operators);
	case CATALOG_TCMALLOC:
	case CATALOG_MIMALLOC:
		for (size_t i = 0; i < catalog_n_prefixes; i++)
			found |= scope->standard[i] && prefix_is(i, row->family == CATALOG_TCMALLOC ? "tc_" : "mi_");
		return prefix == 0 && (scope->named || found);
	}
	return false;
}

static int add_point(struct point_list *list, const struct catalog_row *row, const char *name,
                     const struct elf_symbol *symbol)
{
	struct probe_point *point;

	for (size_t i = 0; i < list->n; i++)
		if (list->points[i].symbol.value == symbol->value)
			return 0;
	if (list->n == list->capacity) {
		size_t grown = list->capacity ? list->capacity * 2 : 32;
		struct probe_point *points = reallocarray(list->points, grown, sizeof(*points));

		if (!points)
			return -ENOMEM;
		list->points = points;
		list->capacity = grown;
	}
	point = &list->points[list->n++];
	memset(point, 0, sizeof(*point));
	point->row = row;
	point->symbol = *symbol;
	snprintf(point->name, sizeof(point->name), "%s", name);
	return 0;
}

static int find_functions(const struct elf_file *file, const struct scope *scope, struct point_list *list)
{
	int err = 0;

	for (size_t i = 0; i < catalog_rows && !err; i++)
		for (size_t p = 0; p < catalog_n_prefixes && !err; p++) {
			char name[PROBE_NAME_MAX];
			struct elf_symbol symbol;

			if (!in_scope(scope, &catalog[i], p))
				continue;
			snprintf(name, sizeof(name), "%s%s", catalog_prefixes[p], catalog[i].name);
			if (!elf_file_symbol(file, name, &symbol))
				err = add_point(list, &catalog[i], name, &symbol);
		}
	return err;
}

static bool is_listed(void *context, uint64_t address)
{
	const struct point_list *list = context;

	for (size_t i = 0; i < list->n; i++)
		if (list->points[i].symbol.value == address)
			return true;
	return false;
}

/* Chooses the site; false where there is none: code that is not there, or does not decode, or hands on. */
static bool place(const struct elf_file *file, struct point_list *all, struct probe_point *point)
{
	struct function function = function_of(file, &point->symbol);

	if (!function.size || (!MACHINE_CALL_PUSHES && catalog_may_throw(point->row)) ||
	    (point->symbol.size_bytes == function.size && function_forwards(file, &function, is_listed, all)) ||
	    site_choose(function.code, function.size, function.address, catalog_needed_arguments(point->row),
	                catalog_wants_return(point->row), &point->site))
		return false;
	point->site_file_offset = point->symbol.file_offset + point->site.offset;
	return true;
}

static int compare_points(const void *a, const void *b)
{
	const struct probe_point *x = a, *y = b;

	return x->symbol.value < y->symbol.value ? -1 : x->symbol.value > y->symbol.value;
}

static int place_all(const struct elf_file *file, struct point_list *list)
{
	bool *placed = calloc(list->n ? list->n : 1, sizeof(*placed));
	size_t kept = 0;

	if (!placed)
		return -ENOMEM;
	/* All are listed while it is found out what hands on to what. */
	for (size_t i = 0; i < list->n; i++)
		placed[i] = place(file, list, &list->points[i]);
	for (size_t i = 0; i < list->n; i++)
		if (placed[i])
			list->points[kept++] = list->points[i];
	list->n = kept;
	free(placed);
	if (kept)
		qsort(list->points, kept, sizeof(*list->points), compare_points);
	return 0;
}

int resolve_points(const struct elf_file *file, bool named, struct probe_point **points, size_t *n)
{
	struct point_list list = {0};
	struct scope scope;
	int err;

	*points = NULL;
	*n = 0;
	if (is_glibc_loader(file) || (!named && !resolve_is_allocator(file)))
		return 0;
	find_scope(file, named, &scope);
	err = find_functions(file, &scope, &list);
	if (!err)
		err = place_all(file, &list);
	if (err) {
		free(list.points);
		return err;
	}
	*points = list.points;
	*n = list.n;
	return 0;
}
