// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/gfp.h"

#include <stdio.h>

/* Flags of several bits first, the most bits foremost. Bits 0 to 22 mean the same since Linux 5.10. */
static const struct {
	uint32_t bits;
	const char *name;
} rows[] = {
    {0x100cca, "GFP_HIGHUSER_MOVABLE"},
    {0x100cc2, "GFP_HIGHUSER"},
    {0x400cc0, "GFP_KERNEL_ACCOUNT"},
    {0x100cc0, "GFP_USER"},
    {0x000cc0, "GFP_KERNEL"},
    {0x000c40, "GFP_NOFS"},
    {0x000820, "GFP_ATOMIC"},
    {0x000c00, "GFP_NOIO"},
    {0x000800, "GFP_NOWAIT"},
    {0x000001, "GFP_DMA"},
    {0x000004, "GFP_DMA32"},
    {0x000002, "__GFP_HIGHMEM"},
    {0x000008, "__GFP_MOVABLE"},
    {0x000010, "__GFP_RECLAIMABLE"},
    {0x000020, "__GFP_HIGH"},
    {0x000040, "__GFP_IO"},
    {0x000080, "__GFP_FS"},
    {0x000100, "__GFP_ZERO"},
    {0x000400, "__GFP_DIRECT_RECLAIM"},
    {0x001000, "__GFP_WRITE"},
    {0x002000, "__GFP_NOWARN"},
    {0x004000, "__GFP_RETRY_MAYFAIL"},
    {0x008000, "__GFP_NOFAIL"},
    {0x010000, "__GFP_NORETRY"},
    {0x020000, "__GFP_MEMALLOC"},
    {0x040000, "__GFP_COMP"},
    {0x080000, "__GFP_NOMEMALLOC"},
    {0x100000, "__GFP_HARDWALL"},
    {0x200000, "__GFP_THISNODE"},
    {0x400000, "__GFP_ACCOUNT"},
};

void gfp_text(char *text, size_t size, uint32_t gfp)
{
	const char *separator = "";
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && used < size; i++) {
		if ((gfp & rows[i].bits) != rows[i].bits)
			continue;
		gfp &= ~rows[i].bits;
		used += (size_t)snprintf(text + used, size - used, "%s%s", separator, rows[i].name);
		separator = "|";
	}
	if ((gfp || !used) && used < size)
		snprintf(text + used, size - used, "%s0x%x", separator, gfp);
}
