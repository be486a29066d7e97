// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of nodes: never more numbers than there is room for, and none out of bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/nodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how much room there is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t max = size ? data[0] : 0, n;
	int *nodes = malloc(max * sizeof(*nodes));
	char *list = strndup((const char *)data + (size > 0), size - (size > 0));

	n = nodes_parse(list, nodes, max);
	if (n > max)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (nodes[i] < 0 || nodes[i] >= 1024)
			abort();
	}
	free(list);
	free(nodes);
	return 0;
}
