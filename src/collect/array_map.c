// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/array_map.h"

#include <stddef.h>
#include <sys/mman.h>

#include <bpf/libbpf.h>

static size_t bytes_of(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) / 8 * 8);
}

void *array_map(const struct bpf_map *map)
{
	void *elements = mmap(NULL, bytes_of(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return elements == MAP_FAILED ? NULL : elements;
}

void array_unmap(void *elements, const struct bpf_map *map)
{
	if (elements)
		munmap(elements, bytes_of(map));
}
