// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/huge.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/root.h"
#include "machine/text.h"
#include "util/grow.h"

#define BYTES_PER_KB 1024
#define TRANSPARENT "sys/kernel/mm/transparent_hugepage"

uint64_t huge_size_bytes(const char *name)
{
	struct span rest = {name, strlen(name)}, number;
	uint64_t size;

	if (!span_skip(&rest, "hugepages-") || !span_until(&rest, 'k', &number) || !span_is(rest, "B") ||
	    !span_decimal(number, &size) || __builtin_mul_overflow(size, BYTES_PER_KB, &size))
		return 0;
	return size;
}

/* All files of a directory that hold a number. 0 or -errno of the directory. */
static int read_numbers(int root_fd, const char *directory, struct named_values *values)
{
	struct root_names names;
	int error = root_list(root_fd, &names, directory);
	uint64_t value;

	if (error)
		return error;
	for (size_t i = 0; i < names.n && !error; i++) {
		if (!root_number(root_fd, &value, "%s/%s", directory, names.list[i]))
			error = named_values_add(values, names.list[i], strlen(names.list[i]), value);
	}
	root_names_free(&names);
	return error;
}

static int add_huge(int root_fd, const char *directory, int node, uint64_t size_bytes, struct machine *machine)
{
	struct machine_huge *huge;
	int error = grow_list((void **)&machine->huge, machine->n_huge, sizeof(*huge));

	if (error)
		return error;
	huge = &machine->huge[machine->n_huge++];
	*huge = (struct machine_huge){.node = node, .size_bytes = size_bytes};
	return read_numbers(root_fd, directory, &huge->pages);
}

int huge_read(int root_fd, int node, struct machine *machine)
{
	char directory[64] = "sys/kernel/mm/hugepages", path[PATH_MAX];
	struct root_names names;
	int error;

	if (node >= 0)
		snprintf(directory, sizeof(directory), "sys/devices/system/node/node%d/hugepages", node);
	error = root_list(root_fd, &names, directory);
	if (error)
		return error;
	for (size_t i = 0; i < names.n && error != -ENOMEM; i++) {
		uint64_t size_bytes = huge_size_bytes(names.list[i]);

		if (size_bytes && snprintf(path, sizeof(path), "%s/%s", directory, names.list[i]) < (int)sizeof(path))
			error = add_huge(root_fd, path, node, size_bytes, machine);
	}
	root_names_free(&names);
	return error == -ENOMEM ? error : 0;
}

static int by_size(const void *a, const void *b)
{
	const struct machine_transparent *left = a, *right = b;

	return (left->size_bytes > right->size_bytes) - (left->size_bytes < right->size_bytes);
}

static int add_transparent(int root_fd, const char *name, struct machine *machine)
{
	struct machine_transparent *transparent;
	char path[PATH_MAX];
	int error = grow_list((void **)&machine->transparent, machine->n_transparent, sizeof(*transparent));

	if (error)
		return error;
	transparent = &machine->transparent[machine->n_transparent];
	*transparent = (struct machine_transparent){.size_bytes = huge_size_bytes(name)};
	if (!transparent->size_bytes ||
	    snprintf(path, sizeof(path), TRANSPARENT "/%s/stats", name) >= (int)sizeof(path))
		return 0;
	error = read_numbers(root_fd, path, &transparent->counters);
	if (!error || error == -ENOMEM)
		machine->n_transparent++;
	return error;
}

int transparent_read(int root_fd, struct machine *machine)
{
	struct root_names names;
	int error = root_list(root_fd, &names, TRANSPARENT);

	if (error)
		return error;
	for (size_t i = 0; i < names.n && error != -ENOMEM; i++)
		error = add_transparent(root_fd, names.list[i], machine);
	root_names_free(&names);
	if (machine->n_transparent)
		qsort(machine->transparent, machine->n_transparent, sizeof(*machine->transparent), by_size);
	return error == -ENOMEM ? error : 0;
}
