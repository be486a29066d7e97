// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_MASK (~4095ULL)

size_t nodes_parse(const char *list, int *nodes, size_t max)
{
	size_t n = 0;

	while (*list) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (end == list || first < 0 || first >= NODES_MAX)
			break;
		if (*end == '-') {
			list = end + 1;
			last = strtol(list, &end, 10);
			if (end == list || last >= NODES_MAX)
				break;
		}
		for (; first <= last && n < max; first++)
			nodes[n++] = first;
		if (*end != ',')
			break;
		list = end + 1;
	}
	return n;
}

/* The numbers in a list of the kernel's: of nodes that are "online", "possible", …; a kernel without NUMA has node 0.
 */
static int *read_nodes(const char *list, size_t *n)
{
	int *nodes = calloc(NODES_MAX, sizeof(*nodes));
	char path[64], text[4096] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/%s", list);
	file = fopen(path, "re");
	*n = 0;
	if (nodes && file && fgets(text, sizeof(text), file))
		*n = nodes_parse(text, nodes, NODES_MAX);
	if (file)
		fclose(file);
	if (nodes && !*n)
		*n = 1;
	return nodes;
}

int *nodes_online(size_t *n)
{
	return read_nodes("online", n);
}

int nodes_end(void)
{
	size_t n;
	int *nodes = read_nodes("possible", &n), end = 1;

	for (size_t i = 0; nodes && i < n; i++)
		end = nodes[i] >= end ? nodes[i] + 1 : end;
	free(nodes);
	return end;
}

int nodes_check(unsigned int node, char *error, size_t error_size)
{
	size_t n, used = 0;
	int *nodes = nodes_online(&n);
	char list[128] = "";

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (nodes[i] == (int)node) {
			free(nodes);
			return 0;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%d", i ? ", " : "", nodes[i]);
	}
	free(nodes);
	snprintf(error, error_size, "--node: this machine has no node %u; its nodes are %s", node, list);
	return -EINVAL;
}

int nodes_of_pages(pid_t pid, const uint64_t *addresses, size_t n, int *nodes)
{
	enum { BATCH = 4096 };
	void **pages = calloc(BATCH, sizeof(*pages));

	if (!pages)
		return -ENOMEM;
	for (size_t first = 0; first < n; first += BATCH) {
		size_t count = n - first < BATCH ? n - first : BATCH;

		for (size_t i = 0; i < count; i++)
			pages[i] = (void *)(addresses[first + i] & PAGE_MASK);
		if (syscall(SYS_move_pages, pid, count, pages, NULL, nodes + first, 0) < 0) {
			int error = -errno;

			free(pages);
			return error;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (nodes[i] < 0)
			nodes[i] = -1;
	}
	free(pages);
	return 0;
}
