// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/machine.h"

#include <stdlib.h>
#include <string.h>

const char *machine_setting(const struct machine *machine, const char *name)
{
	for (size_t i = 0; i < machine->n_settings; i++) {
		if (!strcmp(machine->settings[i].name, name))
			return machine->settings[i].value;
	}
	return NULL;
}

const struct machine_node *machine_node(const struct machine *machine, int node)
{
	for (size_t i = 0; i < machine->n_nodes; i++) {
		if (machine->nodes[i].node == node)
			return &machine->nodes[i];
	}
	return NULL;
}

const struct machine_huge *machine_huge(const struct machine *machine, int node, uint64_t size_bytes)
{
	for (size_t i = 0; i < machine->n_huge; i++) {
		if (machine->huge[i].node == node && machine->huge[i].size_bytes == size_bytes)
			return &machine->huge[i];
	}
	return NULL;
}

void machine_memory_clear(struct machine_memory *memory)
{
	named_values_clear(&memory->bytes);
	named_values_clear(&memory->counts);
}

static void free_nodes(struct machine *machine)
{
	for (size_t i = 0; i < machine->n_nodes; i++) {
		struct machine_node *node = &machine->nodes[i];

		free(node->cpus);
		machine_memory_clear(&node->memory);
		named_values_clear(&node->numa);
		named_values_clear(&node->counters);
		free(node->distances);
	}
	free(machine->nodes);
}

static void free_huge(struct machine *machine)
{
	for (size_t i = 0; i < machine->n_huge; i++)
		named_values_clear(&machine->huge[i].pages);
	for (size_t i = 0; i < machine->n_transparent; i++)
		named_values_clear(&machine->transparent[i].counters);
	free(machine->huge);
	free(machine->transparent);
}

static void free_names(struct machine *machine)
{
	for (size_t i = 0; i < machine->n_swaps; i++) {
		free(machine->swaps[i].path);
		free(machine->swaps[i].type);
	}
	for (size_t i = 0; i < machine->n_settings; i++) {
		free(machine->settings[i].name);
		free(machine->settings[i].value);
	}
	for (size_t i = 0; i < machine->n_processes; i++)
		free(machine->processes[i].name);
	for (size_t i = 0; i < machine->n_vmalloc; i++)
		free(machine->vmalloc[i].caller);
	for (size_t i = 0; i < machine->n_missing; i++)
		free(machine->missing[i].path);
}

void machine_free(struct machine *machine)
{
	if (!machine)
		return;
	free_nodes(machine);
	free_huge(machine);
	free_names(machine);
	free(machine->swaps);
	free(machine->settings);
	free(machine->processes);
	free(machine->vmalloc);
	free(machine->missing);
	free(machine->pressures);
	free(machine->release);
	machine_memory_clear(&machine->memory);
	named_values_clear(&machine->counters);
	zones_free(&machine->zones);
	slab_caches_free(&machine->slabs);
	free(machine);
}
