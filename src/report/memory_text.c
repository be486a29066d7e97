// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/memory_text.h"

#include <inttypes.h>

#include "util/escape.h"

static void write_parts(FILE *out, const struct process_memory *memory)
{
	const char *separator = " = ";

	for (int part = 0; part < MEMORY_PARTS; part++) {
		if (!memory->parts[part])
			continue;
		/* What is left of it is not known, but for this bound. */
		fprintf(out, "%s%s%" PRIu64 " %s", separator, part == MEMORY_BEFORE ? "at most " : "",
		        memory->parts[part], memory_part_name((enum memory_part)part));
		separator = " + ";
	}
	if (memory->unseen_threads)
		fprintf(out, " (stacks of %" PRIu64 " running threads among them)", memory->unseen_threads);
}

void memory_text_write(FILE *out, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		if (!process->memory.known)
			continue;
		fputs("Memory", out);
		if (snapshot->n_processes > 1) {
			fprintf(out, " of process %d (", process->pid);
			escape_write(out, process->comm);
			fputc(')', out);
		}
		fprintf(out, ": %" PRIu64 " bytes resident", process->memory.rss_bytes);
		write_parts(out, &process->memory);
		fputc('\n', out);
	}
}
