// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/placement.h"

#include <errno.h>
#include <stdlib.h>

int placement_init(struct placement *placement, const struct node_usage *nodes, size_t n)
{
	*placement = (struct placement){.nodes = calloc(n, sizeof(*placement->nodes)), .n_nodes = n};
	if (!placement->nodes) {
		placement->n_nodes = 0;
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		placement->nodes[i].node = nodes[i].node;
	return 0;
}

void placement_free(struct placement *placement)
{
	free(placement->nodes);
	*placement = (struct placement){.nodes = NULL};
}

void placement_add_only(struct placement *to, uint64_t live_bytes, uint64_t live_blocks)
{
	if (!to->n_nodes)
		return;
	to->nodes[0].live_bytes += live_bytes;
	to->nodes[0].live_blocks += live_blocks;
	to->nodes[0].cpu_live_bytes += live_bytes;
}

void placement_add_block(struct placement *to, uint64_t bytes, int node, int cpu_node)
{
	for (size_t i = 0; i < to->n_nodes; i++) {
		if (to->nodes[i].node == node) {
			to->nodes[i].live_bytes += bytes;
			to->nodes[i].live_blocks++;
		}
		if (to->nodes[i].node == cpu_node)
			to->nodes[i].cpu_live_bytes += bytes;
	}
	if (node < 0)
		to->unplaced_bytes += bytes;
	else if (node != cpu_node)
		to->remote_bytes += bytes;
}

void placement_add(struct placement *to, const struct placement *from)
{
	for (size_t i = 0; i < to->n_nodes && i < from->n_nodes; i++) {
		to->nodes[i].live_bytes += from->nodes[i].live_bytes;
		to->nodes[i].live_blocks += from->nodes[i].live_blocks;
		to->nodes[i].cpu_live_bytes += from->nodes[i].cpu_live_bytes;
	}
	to->not_resident_bytes += from->not_resident_bytes;
	to->unplaced_bytes += from->unplaced_bytes;
	to->remote_bytes += from->remote_bytes;
}

void placement_clear(struct placement *placement)
{
	for (size_t i = 0; i < placement->n_nodes; i++)
		placement->nodes[i] = (struct node_usage){.node = placement->nodes[i].node};
	placement->not_resident_bytes = placement->unplaced_bytes = placement->remote_bytes = 0;
}

uint64_t placement_resident_bytes(const struct placement *placement)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < placement->n_nodes; i++)
		bytes += placement->nodes[i].live_bytes;
	return bytes;
}
