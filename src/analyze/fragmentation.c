// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/fragmentation.h"

#define SHARE_MAX 1999

/*
 * A block that fits is free: no failure. Else the fewer and larger the free blocks are, compared with
 * free pages by request size, the nearer to 0; the more there are of them, the nearer to 1.
 */
int fragmentation_index(const struct zone *zone, unsigned int order)
{
	uint64_t blocks = 0, pages = 0, share;

	for (unsigned int i = 0; i < zone->n_orders; i++) {
		if (i >= order && zone->free_blocks[i])
			return FRAGMENTATION_NONE;
		blocks += zone->free_blocks[i];
		pages += zone->free_blocks[i] << i;
	}
	if (!blocks)
		return 0;
	/* Below 2000 for any real zone: a block that fits would have been met. */
	share = (1000 + (pages * 1000 >> order)) / blocks;
	return 1000 - (int)(share < SHARE_MAX ? share : SHARE_MAX);
}
