// SPDX-License-Identifier: GPL-2.0-or-later
/* Versions of jemalloc as rows, for pages of 4 KiB and addresses of 48 bits. */
#include "heap/jemalloc_layout.h"

#include <string.h>

#include "heap/walker.h"

#define CLASSES_FROM_80_ON 227
#define SMALL_FROM_80_ON 31 /* as far as 14 KiB */

/* Since 5.3: the end by its lowest 16 bits. */
static struct jemalloc_list list_by_bits(const uint8_t *bytes)
{
	struct jemalloc_list list = {.head = heap_word(bytes)};
	uint16_t end;

	memcpy(&end, bytes + 20, sizeof(end));
	list.end = list.head + (uint16_t)(end - list.head);
	return list;
}

/* Before: the end, and how many there are. It is -1 for a moment where one has been asked of an empty list. */
static struct jemalloc_list list_by_count(const uint8_t *bytes)
{
	struct jemalloc_list list = {.end = heap_word(bytes + 16)};
	int32_t n;

	memcpy(&n, bytes + 4, sizeof(n));
	list.head = list.end - (n > 0 ? (uint64_t)n : 0) * sizeof(uint64_t);
	return list;
}

const struct jemalloc_layout jemalloc_layouts[] = {
    /* 5.3.0, blocks at multiples of 16 bytes */
    {
        .class_of_80 = 5,
        .state_shift = 17,
        .state_width = 3,
        .class_shift = 20,
        .free_shift = 28,
        .tree_flags = 127,
        .tree_state_shift = 2,
        .tree_state_width = 3,
        .thread_bytes = 2632,
        .state = 816,
        .has_cache = 0,
        .seen_leaves = 432,
        .thread_cache = {2632, 296, 416, 864, 1728, 2, {{424, 856}, {856, 256}}},
        .own_cache = {1936, 1800, 1920, 8, 872, 2, {{0, 1760}, {1928, 0}}},
        .max_lists = 73,
        .lists_align = 4096,
        .has_marks = true,
        .list = list_by_bits,
    },
    /* 5.3.0, blocks at multiples of 8 bytes (--with-lg-quantum=3), as Redis 7.2 and later have their own copy */
    {
        .class_of_80 = 8,
        .state_shift = 17,
        .state_width = 3,
        .class_shift = 20,
        .free_shift = 28,
        .tree_flags = 127,
        .tree_state_shift = 2,
        .tree_state_width = 3,
        .thread_bytes = 2720,
        .state = 832,
        .has_cache = 0,
        .seen_leaves = 448,
        .thread_cache = {2720, 296, 432, 880, 1816, 2, {{440, 872}, {872, 256}}},
        .own_cache = {2024, 1872, 2008, 8, 944, 2, {{0, 1832}, {2016, 0}}},
        .max_lists = 76,
        .lists_align = 4096,
        .has_marks = true,
        .list = list_by_bits,
    },
    /* 5.2.1, blocks at multiples of 16 bytes */
    {
        .class_of_80 = 5,
        .state_shift = 16,
        .state_width = 2,
        .class_shift = 18,
        .free_shift = 26,
        .tree_flags = 1,
        .thread_bytes = 6216,
        .state = 0,
        .has_cache = 1,
        .seen_leaves = 48,
        .thread_cache = {6216, 1448, 0, 512, 1496, 0, {{0}}},
        .own_cache = {5704, 952, 0, 16, 1000, 0, {{0}}},
        .max_lists = 232,
        .lists_align = 64,
        .list = list_by_count,
    },
    /* 5.2.1, blocks at multiples of 8 bytes, as Redis 6 and 7.0 have */
    {
        .class_of_80 = 8,
        .state_shift = 16,
        .state_width = 2,
        .class_shift = 18,
        .free_shift = 26,
        .tree_flags = 1,
        .thread_bytes = 6296,
        .state = 0,
        .has_cache = 1,
        .seen_leaves = 48,
        .thread_cache = {6296, 1520, 0, 512, 1576, 0, {{0}}},
        .own_cache = {5784, 1024, 0, 16, 1080, 0, {{0}}},
        .max_lists = 235,
        .lists_align = 64,
        .list = list_by_count,
    },
};

const size_t n_jemalloc_layouts = sizeof(jemalloc_layouts) / sizeof(jemalloc_layouts[0]);

uint32_t jemalloc_small_classes(const struct jemalloc_layout *layout)
{
	return layout->class_of_80 + SMALL_FROM_80_ON;
}

uint32_t jemalloc_classes(const struct jemalloc_layout *layout)
{
	return layout->class_of_80 + CLASSES_FROM_80_ON;
}

uint64_t jemalloc_class_size(const struct jemalloc_layout *layout, uint64_t size_class)
{
	bool by_8 = layout->class_of_80 == 8;
	uint64_t group, step;

	if (size_class < layout->class_of_80)
		return by_8 ? (size_class + 1) * 8 : size_class ? size_class * 16 : 8;
	group = (size_class - layout->class_of_80) / 4;
	step = (size_class - layout->class_of_80) % 4 + 1;
	return (64UL << group) + step * (16UL << group);
}

uint64_t jemalloc_block_size(const struct jemalloc_layout *layout, uint64_t bytes)
{
	uint32_t size_class = 0;

	while (size_class + 1 < jemalloc_classes(layout) && jemalloc_class_size(layout, size_class) < bytes)
		size_class++;
	return jemalloc_class_size(layout, size_class);
}
