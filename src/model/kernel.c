// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/kernel.h"

#include <stdlib.h>

void kernel_memory_free(struct kernel_memory *memory)
{
	if (!memory)
		return;
	for (size_t i = 0; i < memory->n_caches; i++) {
		struct cache_growth *cache = &memory->caches[i];

		free(cache->name);
		for (size_t j = 0; j < cache->n_aliases; j++)
			free(cache->aliases[j]);
		free(cache->aliases);
		free(cache->nodes);
	}
	for (size_t i = 0; i < memory->n_counters; i++)
		free(memory->counters[i].name);
	free(memory->caches);
	free(memory->classes);
	free(memory->counters);
	free(memory->zones);
	free(memory);
}

const char *migratetype_name(unsigned int migratetype)
{
	static const char *const names[] = {"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate"};

	return migratetype < sizeof(names) / sizeof(names[0]) ? names[migratetype] : NULL;
}

const char *zone_type_name(int zone)
{
	static const char *const names[] = {"DMA", "DMA32", "Normal", "Movable", "Device"};

	return zone >= 0 && zone < (int)(sizeof(names) / sizeof(names[0])) ? names[zone] : NULL;
}
