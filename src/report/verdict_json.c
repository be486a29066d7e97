// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/verdict_json.h"

#include <stdbool.h>

#include "report/json_value.h"

#define HOUR_S 3600

/* Integers are what a reader can rely on; by the hour also a slow leak is one. */
static json_t *per_hour(double bytes_per_s)
{
	double bytes = bytes_per_s * HOUR_S;

	if (bytes >= (double)INT64_MAX)
		return json_integer(INT64_MAX);
	if (bytes <= (double)INT64_MIN)
		return json_integer(INT64_MIN);
	return json_integer((json_int_t)(bytes < 0 ? bytes - 0.5 : bytes + 0.5));
}

json_t *verdict_json(const struct verdict *verdict)
{
	bool growing = verdict->kind == VERDICT_GROWING, churning = verdict->kind == VERDICT_CHURNING;

	if (verdict->kind == VERDICT_NONE)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
	                 verdict_name(verdict->kind), "points", json_uint(verdict->points), "window_ns",
	                 json_uint(verdict->window_ns), "bytes_per_hour", per_hour(verdict->bytes_per_s),
	                 "low_bytes_per_hour", per_hour(verdict->low_bytes_per_s), "confidence_percent",
	                 VERDICT_CONFIDENCE, "high_bytes_per_hour", per_hour(verdict->high_bytes_per_s), "low_bytes",
	                 json_uint(verdict->low_bytes), "high_bytes", json_uint(verdict->high_bytes), "lifetime_ns",
	                 churning ? json_uint(verdict->lifetime_ns) : json_null(), "projected_bytes",
	                 growing ? json_uint(verdict->projected_bytes) : json_null(), "projected_ns",
	                 growing ? json_uint(verdict->projected_ns) : json_null());
}
