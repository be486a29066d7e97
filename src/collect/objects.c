// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probe/elf_file.h"
#include "probe/guard.h"
#include "probe/site.h"

struct objects {
	char **named;
	size_t n_named;
	struct object **rows;
	size_t n;
};

struct objects *objects_new(char **named, size_t n_named)
{
	struct objects *objects = calloc(1, sizeof(*objects));

	if (objects) {
		objects->named = named;
		objects->n_named = n_named;
	}
	return objects;
}

static void object_free(struct object *object)
{
	if (!object)
		return;
	free(object->points);
	free(object->wrappers);
	free(object->flushes);
	free(object);
}

void objects_free(struct objects *objects)
{
	if (!objects)
		return;
	for (size_t i = 0; i < objects->n; i++)
		object_free(objects->rows[i]);
	free(objects->rows);
	free(objects);
}

static bool is_named(const struct objects *objects, const struct module *module)
{
	for (size_t i = 0; i < objects->n_named; i++) {
		struct stat status, file;

		if (!strcmp(objects->named[i], module->path))
			return true;
		if (!stat(objects->named[i], &status) && !fstat(module->fd, &file) && status.st_dev == file.st_dev &&
		    status.st_ino == file.st_ino)
			return true;
	}
	return false;
}

/* Where a function is probed of which neither arguments nor return are wanted. */
static uint64_t entry_site(const struct elf_file *file, const char *name)
{
	struct elf_symbol symbol;
	const uint8_t *code;
	struct site site;
	size_t size;

	if (elf_file_symbol(file, name, &symbol))
		return 0;
	size = elf_file_code(file, symbol.value, symbol.size_bytes ? symbol.size_bytes : 64, &code);
	if (!size || site_choose(code, size, symbol.value, 0, false, &site))
		return symbol.file_offset;
	return symbol.file_offset + site.offset;
}

/* In a program that holds glibc's allocator (static), only these map for it. */
static void find_own_ranges(struct object *object, const struct elf_file *file)
{
	static const char *const names[OBJECT_OWN_RANGES] = {
	    "sysmalloc", "new_heap", "alloc_new_heap", "__default_morecore", "__glibc_morecore", "sysmalloc_mmap"};

	for (size_t i = 0; i < OBJECT_OWN_RANGES; i++) {
		struct elf_symbol symbol;

		if (!elf_file_symbol(file, names[i], &symbol))
			object->own[object->n_own++] = (struct address_range){
			    symbol.value, symbol.value + (symbol.size_bytes ? symbol.size_bytes : 1)};
	}
}

static bool any_throws(const struct object *object)
{
	for (size_t i = 0; i < object->n_points; i++) {
		if (catalog_may_throw(object->points[i].row))
			return true;
	}
	return false;
}

static int find_allocator(const struct objects *objects, struct object *object, const struct elf_file *file)
{
	bool named = is_named(objects, object->module);
	struct elf_symbol symbol;
	int error;

	if (!named && (objects->n_named || !resolve_is_allocator(file)))
		return 0;
	error = resolve_points(file, named, &object->points, &object->n_points);
	if (error || !object->n_points)
		return error;
	object->throws = named || any_throws(object);
	object->is_libc = !object->is_program && !elf_file_symbol(file, "sbrk", &symbol);
	if (object->is_program)
		find_own_ranges(object, file);
	return resolve_flush_ranges(file, &object->flushes, &object->n_flushes);
}

static int find_facts(const struct objects *objects, const struct mapping *mapping, const struct elf_file *file,
                      struct object *object)
{
	struct elf_symbol symbol;
	int error;

	object->is_program = elf_file_is_program(file);
	object->asks_size = elf_file_imports(file, "malloc_usable_size");
	if (elf_file_code_delta(file, mapping->offset, &object->address_less_offset))
		return 0;
	error = resolve_wrappers(file, &object->wrappers, &object->n_wrappers);
	if (!error)
		error = find_allocator(objects, object, file);
	object->unwinder_offset = entry_site(file, GUARD_FUNCTION);
	/* A static program carries the loader's functions too, and never calls them. */
	if (!object->is_program && !elf_file_symbol(file, "_dl_debug_state", &symbol))
		object->loader_offset = symbol.file_offset;
	return error;
}

static int examine(const struct objects *objects, const struct mapping *mapping, struct object **result)
{
	struct object *object = calloc(1, sizeof(*object));
	struct elf_file *file;
	char why[160];
	int error;

	if (!object)
		return -ENOMEM;
	object->module = mapping->module;
	if (mapping->module->fd >= 0 && !elf_file_open(mapping->module->fd, &file, why, sizeof(why))) {
		error = find_facts(objects, mapping, file, object);
		elf_file_free(file);
		if (error) {
			object_free(object);
			return error;
		}
	}
	*result = object;
	return 0;
}

int objects_get(struct objects *objects, const struct mapping *mapping, const struct object **result)
{
	struct object **rows, *object;
	int error;

	for (size_t i = 0; i < objects->n; i++) {
		if (objects->rows[i]->module == mapping->module) {
			*result = objects->rows[i];
			return 0;
		}
	}
	rows = realloc(objects->rows, (objects->n + 1) * sizeof(struct object *));
	if (!rows)
		return -ENOMEM;
	objects->rows = rows;
	error = examine(objects, mapping, &object);
	if (error)
		return error;
	rows[objects->n++] = object;
	*result = object;
	return 0;
}

uint64_t object_address(const struct object *object, const struct mapping *mapping, uint64_t address)
{
	return address - (uint64_t)object->address_less_offset - mapping->offset + mapping->start;
}
