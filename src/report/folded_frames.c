// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/folded_frames.h"

#include "report/frame.h"

void folded_frames_add(struct buffer *line, const struct process *process, const struct stack *stack)
{
	struct printed_frame printed;

	for (size_t i = tree_frame_count(stack); i--;) {
		tree_frame_get(&printed, process, stack, i);
		frame_name_add(line, &printed.frame, line->size ? FOLDED_SEPARATOR : FOLDED_BEGINNING);
		buffer_text(line, i ? FOLDED_SEPARATOR : "");
	}
}
