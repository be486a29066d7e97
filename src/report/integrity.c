// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/integrity.h"

#include <inttypes.h>

#include "report/clock.h"

static void write_lost(FILE *out, const struct snapshot *snapshot)
{
	const char *separator = "lost: ";

	if (snapshot_complete(snapshot)) {
		fputs("nothing lost", out);
		return;
	}
	for (int i = 0; i < LOSS_COUNT; i++) {
		if (!snapshot->lost[i])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", separator, snapshot->lost[i], loss_words((enum loss)i));
		separator = "; ";
	}
}

static void write_count(FILE *out, uint64_t count, const char *one, const char *many)
{
	if (count)
		fprintf(out, "; %" PRIu64 " %s", count, count == 1 ? one : many);
}

/* "; 5 incomplete stacks (3 depth, 2 no-cfi)" */
static void write_ends(FILE *out, const struct snapshot *snapshot)
{
	const char *separator = " (";

	write_count(out, snapshot->incomplete_stacks, "incomplete stack", "incomplete stacks");
	for (int i = END_COMPLETE + 1; i < END_COUNT; i++) {
		if (!snapshot->ends[i])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", separator, snapshot->ends[i], stack_end_name((enum stack_end)i));
		separator = ", ";
	}
	if (separator[0] == ',')
		fputc(')', out);
}

void integrity_write(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	char since[CLOCK_SIZE];

	clock_date(since, snapshot->since_unix_ns, options->utc);
	fputs("Integrity: ", out);
	write_lost(out, snapshot);
	write_count(out, snapshot->abandoned_calls, "abandoned call", "abandoned calls");
	if (snapshot->unknown_frees_known)
		write_count(out, snapshot->unknown_frees, "free of an unknown block", "frees of unknown blocks");
	else
		fputs("; unknown frees not told apart under a filter", out);
	if (snapshot->unknown_frees_known)
		write_count(out, snapshot->inherited_frees, "free of an inherited block", "frees of inherited blocks");
	write_ends(out, snapshot);
	write_count(out, snapshot->untraced_children, "untraced child", "untraced children");
	fprintf(out, "; watched since %s (%.1f s)", since, (double)snapshot->elapsed_ns / 1e9);
}
