// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/integrity_json.h"

#include "report/json_value.h"

json_t *integrity_json(const struct snapshot *snapshot)
{
	json_t *lost = json_object(), *ends = json_object();
	int failed = 0, failed_ends = 0;

	for (int i = 0; i < LOSS_COUNT; i++)
		failed |= json_object_set_new(lost, loss_key((enum loss)i), json_uint(snapshot->lost[i]));
	for (int i = 0; i < END_COUNT; i++)
		failed_ends |=
		    json_object_set_new(ends, stack_end_name((enum stack_end)i), json_uint(snapshot->ends[i]));
	return json_pack(
	    "{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "complete", snapshot_complete(snapshot), "lost",
	    json_whole(lost, failed), "abandoned_calls", json_uint(snapshot->abandoned_calls), "unknown_frees",
	    snapshot->unknown_frees_known ? json_uint(snapshot->unknown_frees) : json_null(), "inherited_frees",
	    snapshot->unknown_frees_known ? json_uint(snapshot->inherited_frees) : json_null(), "incomplete_stacks",
	    json_uint(snapshot->incomplete_stacks), "untraced_children", json_uint(snapshot->untraced_children), "ends",
	    json_whole(ends, failed_ends));
}
