// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/churn_text.h"

#include <inttypes.h>

#include "report/text_frames.h"
#include "util/escape.h"
#include "util/quantity.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static double a_second(const struct snapshot *snapshot, uint64_t amount)
{
	return snapshot->recent_ns ? (double)amount / ((double)snapshot->recent_ns / 1e9) : 0;
}

/* "24 allocations/s (12.3%), 3.2 KiB/s (4.5%)": of all; of all themselves without the shares. */
static void write_rates(FILE *out, const struct snapshot *snapshot, uint64_t count, uint64_t bytes, bool shares)
{
	double count_per_s = a_second(snapshot, count);
	char text[QUANTITY_SIZE];

	fprintf(out, "%.*f allocations/s", count_per_s < 10 ? 1 : 0, count_per_s);
	if (shares)
		fprintf(out, " (%.1f%%)", percent(count, snapshot->churn->recent_count));
	fprintf(out, ", %s/s", quantity_words(text, quantity_of(a_second(snapshot, bytes))));
	if (shares)
		fprintf(out, " (%.1f%%)", percent(bytes, snapshot->churn->recent_bytes));
}

/* "12,345 allocations of 3.1 MiB" since attaching */
static void write_allocated(FILE *out, const struct usage *usage)
{
	char text[QUANTITY_SIZE];

	fprintf(out, "%" PRIu64 " allocations of %s, %" PRIu64 " freed", usage->alloc_count,
	        quantity_words(text, usage->alloc_bytes), usage->free_count);
}

static void write_peak(FILE *out, const struct churn *churn)
{
	char text[QUANTITY_SIZE];

	fprintf(out, "%s%s", churn->peak_is_bound ? "at most " : "", quantity_words(text, churn->peak_live_bytes));
}

/* "freed within 1 ms 98.2%, by the function that allocates 95.0%, by another thread 0.0%" */
static void write_shares(FILE *out, const struct churn *churn)
{
	uint64_t of = churn->freed_count;

	fprintf(out, "freed within 1 ms %.1f%%, by the function that allocates %.1f%%", percent(churn->soon_count, of),
	        percent(churn->same_function_count, of));
	if (churn->unknown_function_count)
		fprintf(out, " (not known of %.1f%%)", percent(churn->unknown_function_count, of));
	fprintf(out, ", by another thread %.1f%%", percent(churn->other_thread_count, of));
}

/* "512 ns", "2.05 µs", "1.05 ms" */
static void write_time(FILE *out, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {{3600000000000, "h"}, {60000000000, "min"}, {1000000000, "s"}, {1000000, "ms"}, {1000, "µs"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns < units[i].ns)
			continue;
		fprintf(out, "%.3g %s", (double)ns / (double)units[i].ns, units[i].name);
		return;
	}
	fprintf(out, "%" PRIu64 " ns", ns);
}

/* "512 ns-1.02 µs" */
static void write_lifetime(FILE *out, unsigned int bucket)
{
	write_time(out, churn_bucket_low(bucket));
	if (bucket + 1 == CHURN_BUCKETS) {
		fputs(" and more", out);
		return;
	}
	fputc('-', out);
	write_time(out, churn_bucket_low(bucket + 1));
}

#define SMALL_BUCKETS 11 /* below a KiB the last size of a bucket is told, not the first of the next */

/* "64-127 bytes", "1.0 KiB-2.0 KiB" */
static void write_size(FILE *out, unsigned int bucket)
{
	char low[QUANTITY_SIZE], high[QUANTITY_SIZE];

	if (bucket < 2)
		fprintf(out, "%u byte%s", bucket, bucket == 1 ? "" : "s");
	else if (bucket < SMALL_BUCKETS)
		fprintf(out, "%" PRIu64 "-%" PRIu64 " bytes", churn_bucket_low(bucket),
		        churn_bucket_low(bucket + 1) - 1);
	else if (bucket + 1 < CHURN_BUCKETS)
		fprintf(out, "%s-%s", quantity_words(low, churn_bucket_low(bucket)),
		        quantity_words(high, churn_bucket_low(bucket + 1)));
	else
		fprintf(out, "%s and more", quantity_words(low, churn_bucket_low(bucket)));
}

#define LEAST_PERCENT 1 /* what has less is told in one sum */

/* "lifetimes: 512 ns-1.02 µs 12.0%, 1.02 µs-2.05 µs 80.1%, others 0.4%" */
static void write_histogram(FILE *out, const char *what, const uint64_t *buckets,
                            void (*write_bucket)(FILE *out, unsigned int bucket))
{
	uint64_t sum = 0, rest = 0;
	const char *separator = ": ";

	for (unsigned int i = 0; i < CHURN_BUCKETS; i++)
		sum += buckets[i];
	if (!sum)
		return;
	fprintf(out, TEXT_FRAME_INDENT "%s", what);
	for (unsigned int i = 0; i < CHURN_BUCKETS; i++) {
		if (percent(buckets[i], sum) < LEAST_PERCENT) {
			rest += buckets[i];
			continue;
		}
		fputs(separator, out);
		write_bucket(out, i);
		fprintf(out, " %.1f%%", percent(buckets[i], sum));
		separator = ", ";
	}
	if (rest)
		fprintf(out, "%sothers %.1f%%", separator, percent(rest, sum));
	fputc('\n', out);
}

static void write_realloc(FILE *out, const struct churn *churn)
{
	char wasted[QUANTITY_SIZE], moved[QUANTITY_SIZE];

	if (!churn->regrown_count && !churn->moved_bytes)
		return;
	fprintf(out, TEXT_FRAME_INDENT "realloc: %" PRIu64 " blocks made larger; %s left behind for that, %s moved\n",
	        churn->regrown_count, quantity_words(wasted, churn->outgrown_bytes),
	        quantity_words(moved, churn->moved_bytes));
}

/* The first of them that make up the most; the rest as a share. */
#define PLACES_SHOWN 3

static void write_places(FILE *out, const struct churn *churn)
{
	uint64_t rest = churn->elsewhere_count;

	for (size_t i = 0; i < churn->n_places; i++) {
		const struct free_place *place = &churn->places[i];

		if (i >= PLACES_SHOWN) {
			rest += place->count;
			continue;
		}
		fprintf(out, TEXT_FRAME_INDENT "freed from, %.1f%%: ", percent(place->count, churn->freed_count));
		if (place->n_frames)
			text_frame_write(out, &place->frames[0]);
		else
			fprintf(out, "0x%" PRIx64, place->address);
		fputc('\n', out);
	}
	if (rest)
		fprintf(out, TEXT_FRAME_INDENT "freed from elsewhere, %.1f%%\n", percent(rest, churn->freed_count));
}

static void write_churn(FILE *out, const struct churn *churn)
{
	fputs(TEXT_FRAME_INDENT "since attaching: peak ", out);
	write_peak(out, churn);
	fputs(" live", out);
	if (churn->freed_count) {
		fputs("; ", out);
		write_shares(out, churn);
	}
	fputc('\n', out);
	write_histogram(out, "sizes", churn->sizes_bytes, write_size);
	write_histogram(out, "lifetimes", churn->lifetimes_ns, write_lifetime);
	write_realloc(out, churn);
}

void churn_text_write_stack(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	fputs(TEXT_STACK_INDENT, out);
	write_rates(out, snapshot, stack->recent_count, stack->recent_bytes, true);
	fputs(" (", out);
	write_allocated(out, &stack->usage);
	fputs(") from stack", out);
	if (stack->kind != KIND_HEAP)
		fprintf(out, " (%s)", block_kind_name(stack->kind));
	fputc('\n', out);
	if (!stack->churn)
		return;
	write_churn(out, stack->churn);
	/* Of many stacks that were added up the places are those of a few. */
	if (stack->n_addresses)
		write_places(out, stack->churn);
}

/* "Total: 2 allocations/s, …" and what stands below it. */
static void write_totals(FILE *out, const struct snapshot *snapshot, const struct churn_totals *totals,
                         const struct usage *usage)
{
	write_rates(out, snapshot, totals->recent_count, totals->recent_bytes, false);
	fprintf(out, " in the last %.1f s; ", (double)snapshot->recent_ns / 1e9);
	write_allocated(out, usage);
	fputs(" since attaching\n", out);
	if (!totals->counted)
		return;
	write_churn(out, &totals->churn);
	for (size_t i = 0; i < totals->n_nodes && totals->n_nodes > 1; i++) {
		const struct churn_node *node = &totals->nodes[i];
		char text[QUANTITY_SIZE];

		fprintf(out,
		        TEXT_FRAME_INDENT "node %d: %.0f allocations/s, %" PRIu64 " of %s by its CPUs, %" PRIu64
		                          " freed, %.1f%% of them by another node's\n",
		        node->node, a_second(snapshot, node->recent_count), node->alloc_count,
		        quantity_words(text, node->alloc_bytes), node->free_count,
		        percent(node->other_node_count, node->free_count));
	}
}

/* The peak, the shares and the histograms are of the heap. */
static void write_mappings(FILE *out, const struct snapshot *snapshot)
{
	struct usage usage = snapshot->kinds[KIND_MMAP];

	usage_add(&usage, &snapshot->kinds[KIND_BRK]);
	if (!usage.alloc_count)
		return;
	fputs(TEXT_FRAME_INDENT "of these mappings: ", out);
	write_allocated(out, &usage);
	fputs("; all else is of the heap\n", out);
}

void churn_text_write_totals(FILE *out, const struct snapshot *snapshot)
{
	fputs("Total: ", out);
	write_totals(out, snapshot, snapshot->churn, &snapshot->totals);
	write_mappings(out, snapshot);
	for (size_t i = 0; i < snapshot->n_processes && snapshot->n_processes > 1; i++) {
		const struct process *process = &snapshot->processes[i];

		if (!process->churn || !process->usage.alloc_count)
			continue;
		fprintf(out, TEXT_STACK_INDENT "process %d (", process->pid);
		escape_write(out, process->comm);
		fputs("): ", out);
		write_totals(out, snapshot, process->churn, &process->usage);
	}
}
