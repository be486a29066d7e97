// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/programs.h"

#include <stdbool.h>
#include <string.h>

#include <bpf/libbpf.h>

/* Sections of the programs on kernel memory (bpf/kernel). */
static const char *const kernel_sections[] = {"tp_btf/", "iter/kmem_cache", "syscall", "fentry/", "fexit/"};

/* Maps that only they use, and those that they share with the others, which have the rest to themselves. */
static const char *const kernel_maps[] = {"classes",    "class_numbers", "kernel_memos",
                                          "cpu_states", "task_marks",    "wanted_processes",
                                          "places",     "cpus",          "cpu_probe"};
static const char *const shared_maps[] = {"stacks",    "pieces", "free_rows", "free_pieces", "stack_index",
                                          "scratches", "levels", "odd",       "events"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_kernels(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	for (size_t i = 0; i < LENGTH(kernel_sections); i++) {
		if (!strncmp(section, kernel_sections[i], strlen(kernel_sections[i])))
			return true;
	}
	return false;
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool map_needed(const struct bpf_map *map, enum program_set set)
{
	const char *name = bpf_map__name(map);

	if (bpf_map__is_internal(map) || is_among(name, shared_maps, LENGTH(shared_maps)))
		return true;
	return is_among(name, kernel_maps, LENGTH(kernel_maps)) == (set == PROGRAMS_OF_KERNEL);
}

int programs_choose(struct bpf_object *object, enum program_set set)
{
	struct bpf_program *program;
	struct bpf_map *map;
	int error = 0;

	bpf_object__for_each_program (program, object) {
		if (!error && is_kernels(program) != (set == PROGRAMS_OF_KERNEL))
			error = bpf_program__set_autoload(program, false);
	}
	bpf_object__for_each_map(map, object)
	{
		if (!error && !map_needed(map, set))
			error = bpf_map__set_autocreate(map, false);
	}
	return error;
}
