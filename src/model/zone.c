// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/zone.h"

#include <stdlib.h>
#include <string.h>

struct zone *zones_find(const struct zones *zones, int node, const char *name)
{
	for (size_t i = 0; i < zones->n; i++) {
		if (zones->list[i].node == node && !strcmp(zones->list[i].name, name))
			return &zones->list[i];
	}
	return NULL;
}

const struct zone_node *zones_node(const struct zones *zones, int node)
{
	for (size_t i = 0; i < zones->n_nodes; i++) {
		if (zones->nodes[i].node == node)
			return &zones->nodes[i];
	}
	return NULL;
}

void zones_free(struct zones *zones)
{
	for (size_t i = 0; i < zones->n; i++) {
		free(zones->list[i].name);
		free(zones->list[i].protection_pages);
		named_values_clear(&zones->list[i].values);
	}
	for (size_t i = 0; i < zones->n_nodes; i++)
		named_values_clear(&zones->nodes[i].values);
	free(zones->list);
	free(zones->nodes);
	*zones = (struct zones){0};
}
