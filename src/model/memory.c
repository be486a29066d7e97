// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/memory.h"

static const struct {
	const char *key, *name;
} parts[MEMORY_PARTS] = {
    [MEMORY_LIVE] = {"live_bytes", "live blocks"},
    [MEMORY_SLACK] = {"slack_bytes", "allocator slack"},
    [MEMORY_MAPPINGS] = {"mapping_bytes", "mappings"},
    [MEMORY_STACKS] = {"stack_bytes", "stacks"},
    [MEMORY_DATA] = {"data_bytes", "data"},
    [MEMORY_FILES] = {"file_bytes", "file pages"},
    [MEMORY_BEFORE] = {"before_bytes", "from before"},
};

const char *memory_part_key(enum memory_part part)
{
	return parts[part].key;
}

const char *memory_part_name(enum memory_part part)
{
	return parts[part].name;
}
