// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folded stacks with two columns, as Brendan Gregg's difffolded.pl writes and his flamegraph.pl reads them:
 * outermost;…;innermost OLD NEW, live bytes. Stacks that have not changed are among them, for the graph shows the
 * change as a part of all. Those of several processes are one, so there is no process in front.
 */
#include "report/comparison_folded.h"

#include <inttypes.h>

#include "report/folded_frames.h"
#include "report/stream.h"

int comparison_folded(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	size_t n = options->top ? comparison->n_shown : comparison->n_rows;
	struct buffer line = {0};

	for (size_t i = 0; i < n && !line.failed; i++) {
		const struct compared *row = &comparison->rows[i];

		if (!row->before.live_bytes && !row->after.live_bytes)
			continue;
		buffer_clear(&line);
		folded_frames_add(&line, &row->snapshot->processes[row->stack->process], row->stack);
		buffer_printf(&line, " %" PRIu64 " %" PRIu64 "\n", row->before.live_bytes, row->after.live_bytes);
		if (!line.failed)
			fwrite(line.bytes, 1, line.size, out);
	}
	return stream_finish_lines(out, &line);
}
