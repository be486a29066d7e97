// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folded stacks, as tools that draw flame graphs read them: process;outermost;…;innermost BYTES, a line for each
 * stack. Nothing else fits in: what was lost is said elsewhere.
 */
#include <errno.h>
#include <inttypes.h>

#include "report/frame.h"
#include "report/owner.h"
#include "report/renderer.h"
#include "report/stream.h"

#define SEPARATOR ";"

static void add_stack(struct buffer *line, const struct snapshot *snapshot, const struct stack *stack)
{
	const struct process *process = &snapshot->processes[stack->process];
	struct printed_frame printed;

	/* Some tools take a line that begins with # for a comment. */
	owner_name_add(line, snapshot, process, SEPARATOR "#");
	for (size_t i = tree_frame_count(stack); i--;) {
		tree_frame_get(&printed, process, stack, i);
		buffer_text(line, SEPARATOR);
		frame_name_add(line, &printed.frame, SEPARATOR);
	}
}

static int folded_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct buffer line = {0};
	int unwritten;

	for (size_t i = 0; i < snapshot->n_stacks_shown && !line.failed; i++) {
		uint64_t bytes = view_bytes(snapshot, &snapshot->stacks[i], options->view);

		if (!bytes)
			continue;
		buffer_clear(&line);
		add_stack(&line, snapshot, &snapshot->stacks[i]);
		buffer_printf(&line, " %" PRIu64 "\n", bytes);
		if (!line.failed)
			fwrite(line.bytes, 1, line.size, out);
	}
	unwritten = stream_finish(out);
	if (line.failed)
		unwritten = -ENOMEM;
	buffer_free(&line);
	return unwritten;
}

const struct renderer folded_renderer = {
    .name = "folded",
    .whole = true,
    .alone = true,
    .mute = true,
    .report = folded_report,
};
