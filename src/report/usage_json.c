// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/usage_json.h"

#include "report/json_value.h"

int usage_json_set(json_t *object, const struct usage *usage)
{
	return json_object_set_new(object, "live_bytes", json_uint(usage->live_bytes)) |
	       json_object_set_new(object, "live_blocks", json_uint(usage->live_blocks)) |
	       json_object_set_new(object, "alloc_bytes", json_uint(usage->alloc_bytes)) |
	       json_object_set_new(object, "alloc_count", json_uint(usage->alloc_count)) |
	       json_object_set_new(object, "free_bytes", json_uint(usage->free_bytes)) |
	       json_object_set_new(object, "free_count", json_uint(usage->free_count));
}

json_t *usage_json(const struct usage *usage)
{
	json_t *object = json_object();

	return json_whole(object, usage_json_set(object, usage));
}
