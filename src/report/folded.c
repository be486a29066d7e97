// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folded stacks, as tools that draw flame graphs read them: process;outermost;…;innermost BYTES, a line for each
 * stack. Nothing else fits in: what was lost is said elsewhere.
 */
#include <inttypes.h>

#include "report/comparison_folded.h"
#include "report/folded_frames.h"
#include "report/owner.h"
#include "report/renderer.h"
#include "report/stream.h"

static int folded_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct buffer line = {0};

	for (size_t i = 0; i < snapshot->n_stacks_shown && !line.failed; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		const struct process *process = &snapshot->processes[stack->process];
		uint64_t bytes = view_bytes(snapshot, stack, options->view);

		if (!bytes)
			continue;
		buffer_clear(&line);
		owner_name_add(&line, snapshot, process, FOLDED_BEGINNING);
		buffer_text(&line, FOLDED_SEPARATOR);
		folded_frames_add(&line, process, stack);
		buffer_printf(&line, " %" PRIu64 "\n", bytes);
		if (!line.failed)
			fwrite(line.bytes, 1, line.size, out);
	}
	return stream_finish_lines(out, &line);
}

const struct renderer folded_renderer = {
    .name = "folded",
    .whole = true,
    .alone = true,
    .mute = true,
    .report = folded_report,
    .comparison = comparison_folded,
};
