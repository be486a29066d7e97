// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/frames_json.h"

#include "report/frame.h"
#include "report/json_value.h"

static json_t *build_frame(const struct frame *frame)
{
	bool has_offset = frame->has_offset && !frame->inlined;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "address", json_address(frame->address), "module",
	                 json_name(frame->module), "build_id", json_name_or_null(frame->build_id), "function",
	                 json_name_or_null(frame->function), "offset",
	                 has_offset ? json_uint(frame->offset) : json_null(), "file", json_name_or_null(frame->file),
	                 "line", frame->line ? json_uint(frame->line) : json_null(), "inlined", frame->inlined);
}

json_t *frames_json(const struct process *process, const struct stack *stack)
{
	json_t *frames = json_array();
	struct printed_frame printed;
	size_t n = printed_frame_count(stack);
	int failed = 0;

	for (size_t i = 0; i < n; i++) {
		printed_frame_get(&printed, process, stack, i);
		failed |= json_array_append_new(frames, build_frame(&printed.frame));
	}
	return json_whole(frames, failed);
}
