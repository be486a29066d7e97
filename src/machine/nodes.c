// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "machine/meminfo.h"
#include "machine/missing.h"
#include "machine/root.h"
#include "machine/text.h"
#include "machine/vmstat.h"
#include "util/grow.h"

#define DIRECTORY "sys/devices/system/node"

/* Reads a file of the node; one that is missing is noted. 0, *text being NULL if so, or -ENOMEM. */
static int read_file(int root_fd, struct machine *machine, int node, const char *file, char **text)
{
	int error = root_read(root_fd, text, DIRECTORY "/node%d/%s", node, file);

	if (!error)
		return 0;
	*text = NULL;
	return missing_add(machine, error, DIRECTORY "/node%d/%s", node, file);
}

static int read_node(int root_fd, struct machine *machine, struct machine_node *node)
{
	char *text;
	int error = read_file(root_fd, machine, node->node, "meminfo", &text);

	if (text)
		error = meminfo_parse(text, &node->memory);
	free(text);
	if (error)
		return error;
	error = read_file(root_fd, machine, node->node, "numastat", &text);
	if (text)
		error = vmstat_parse(text, &node->numa);
	free(text);
	if (error)
		return error;
	error = read_file(root_fd, machine, node->node, "vmstat", &text);
	if (text)
		error = vmstat_parse(text, &node->counters);
	free(text);
	return error;
}

static int by_number(const void *a, const void *b)
{
	return ((const struct machine_node *)a)->node - ((const struct machine_node *)b)->node;
}

static int list_nodes(int root_fd, struct machine *machine)
{
	struct root_names names;
	int error = root_list(root_fd, &names, DIRECTORY);

	if (error)
		return error;
	for (size_t i = 0; i < names.n && !error; i++) {
		int node = root_index(names.list[i], "node");

		if (node < 0)
			continue;
		error = grow_list((void **)&machine->nodes, machine->n_nodes, sizeof(*machine->nodes));
		if (!error)
			machine->nodes[machine->n_nodes++] = (struct machine_node){.node = node};
	}
	root_names_free(&names);
	if (machine->n_nodes)
		qsort(machine->nodes, machine->n_nodes, sizeof(*machine->nodes), by_number);
	return error;
}

int machine_nodes_read(int root_fd, struct machine *machine)
{
	int error = list_nodes(root_fd, machine);

	for (size_t i = 0; i < machine->n_nodes && !error; i++)
		error = read_node(root_fd, machine, &machine->nodes[i]);
	return error;
}

static int parse_distances(const char *text, struct machine_node *node)
{
	struct span line = {text, strcspn(text, "\n")};
	uint64_t distance;

	while (span_number(&line, &distance)) {
		int error = grow_list((void **)&node->distances, node->n_distances, sizeof(distance));

		if (error)
			return error;
		node->distances[node->n_distances++] = distance;
	}
	return 0;
}

static int describe(int root_fd, struct machine *machine, struct machine_node *node)
{
	char *text;
	int error = read_file(root_fd, machine, node->node, "cpulist", &text);

	if (text) {
		node->cpus = strndup(text, strcspn(text, "\n"));
		error = node->cpus ? 0 : -ENOMEM;
	}
	free(text);
	if (error)
		return error;
	error = read_file(root_fd, machine, node->node, "distance", &text);
	if (text)
		error = parse_distances(text, node);
	free(text);
	return error;
}

int machine_nodes_describe(int root_fd, struct machine *machine)
{
	int error = 0;

	for (size_t i = 0; i < machine->n_nodes && !error; i++)
		error = describe(root_fd, machine, &machine->nodes[i]);
	return error;
}
