// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report on kernel memory for people:
 *
 *	[03:00:41] Slab caches that grew in 5.0 s, by the kernel's own count:
 *	filp: +15000 objects, +2.7 MiB; 100% explained; 3000/s allocated, 0/s freed
 *	    2760000 bytes in 15000 objects from stack (120000 slack, oldest 4.1 s)
 *	        alloc_empty_file+0x55 [kernel]
 */
#include "report/kernel_text.h"

#include <inttypes.h>

#include "model/gfp.h"
#include "report/clock.h"
#include "report/integrity.h"
#include "report/stream.h"
#include "report/text_frames.h"
#include "report/verdict_text.h"
#include "util/escape.h"
#include "util/quantity.h"

struct page {
	FILE *out;
	const struct snapshot *snapshot;
	const struct render_options *options;
};

/* "+2.7 MiB" */
static void write_growth(FILE *out, int64_t bytes)
{
	char text[QUANTITY_SIZE];

	fprintf(out, "%c%s", bytes < 0 ? '-' : '+',
	        quantity_words(text, bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes));
}

static double per_second(const struct page *page, uint64_t count)
{
	double seconds = (double)page->snapshot->elapsed_ns / 1e9;

	return seconds > 0 ? (double)count / seconds : 0;
}

static void write_heading(const struct page *page)
{
	const struct kernel_memory *memory = page->snapshot->kernel;
	char time[CLOCK_SIZE];

	clock_time(time, page->snapshot->time_unix_ns, page->options->utc);
	fprintf(page->out, "%s[%s] Slab caches that grew in %.1f s, %s:%s\n", page->options->colour ? "\033[1m" : "",
	        time, (double)page->snapshot->elapsed_ns / 1e9,
	        memory->exact_counts ? "by the kernel's own count" : "as /proc/slabinfo has them",
	        page->options->colour ? "\033[0m" : "");
	if (!memory->n_caches_shown)
		fprintf(page->out, "none\n");
}

static void write_aliases(FILE *out, const struct cache_growth *cache)
{
	const char *separator = " (also ";

	for (size_t i = 0; i < cache->n_aliases; i++) {
		fputs(separator, out);
		escape_write(out, cache->aliases[i]);
		separator = ", ";
	}
	if (cache->n_aliases)
		fputc(')', out);
}

static void write_nodes(FILE *out, const struct cache_growth *cache)
{
	const char *separator = "    objects on ";

	if (cache->n_nodes < 2)
		return;
	for (size_t i = 0; i < cache->n_nodes; i++) {
		fprintf(out, "%snode %d: %" PRIu64, separator, cache->nodes[i].node, cache->nodes[i].objects);
		separator = ", ";
	}
	fputc('\n', out);
}

/* How far the kernel's count and the events can be held against each other. */
static void write_doubts(const struct page *page, const struct cache_growth *cache)
{
	int64_t told = (int64_t)(cache->alloc_count - cache->free_count);
	FILE *out = page->out;

	if (cache->unverifiable)
		fprintf(out,
		        "    not all frees of this cache can be seen on this kernel: of %" PRIu64
		        " objects traced and not seen freed at most %" PRIu64 " can be live\n",
		        cache->live_blocks, cache->possible_objects);
	else if (!page->snapshot->kernel->filtered &&
	         cache->growth_objects > told + (int64_t)cache->capacity_objects + cache->growth_objects / 20 + 16)
		fprintf(out, "    %" PRId64 " objects came by allocations that no event tells of\n",
		        cache->growth_objects - told);
	if (cache->capacity_objects)
		fprintf(out, "    the kernel's count has up to %" PRIu64 " free objects in it that CPUs keep at hand\n",
		        cache->capacity_objects);
}

static void write_cache(const struct page *page, const struct cache_growth *cache)
{
	FILE *out = page->out;
	char slack[QUANTITY_SIZE];

	escape_write(out, cache->name);
	write_aliases(out, cache);
	fprintf(out, ": %+" PRId64 " objects, ", cache->growth_objects);
	write_growth(out, cache->growth_bytes);
	if (cache->growth_objects > 0)
		fprintf(out, "; %.0f%% explained",
		        100.0 * (double)cache->explained_objects / (double)cache->growth_objects);
	fprintf(out, "; %.1f/s allocated, %.1f/s freed", per_second(page, cache->alloc_count),
	        per_second(page, cache->free_count));
	if (cache->slack_bytes)
		fprintf(out, "; slack %s", quantity_words(slack, cache->slack_bytes));
	fputc('\n', out);
	verdict_text_write(out, &cache->verdict, 0, TEXT_STACK_INDENT);
	write_nodes(out, cache);
	write_doubts(page, cache);
}

static void write_class(FILE *out, const struct memory_class *class)
{
	const char *migratetype = migratetype_name(class->migratetype);
	char gfp[GFP_TEXT_SIZE];

	if (class->kind != KIND_PAGE)
		return;
	gfp_text(gfp, sizeof(gfp), class->gfp);
	fprintf(out, ", order %u, %s, %s", class->order, migratetype ? migratetype : "unknown type", gfp);
}

static void write_stack_nodes(const struct page *page, const struct stack *stack)
{
	const struct placement *placement = &stack->placement;
	const char *separator = "; ";

	if (!page->snapshot->placed)
		return;
	for (size_t i = 0; i < placement->n_nodes; i++) {
		fprintf(page->out, "%snode %d: %" PRIu64, separator, placement->nodes[i].node,
		        placement->nodes[i].live_bytes);
		separator = ", ";
	}
	if (stack->misplaced_blocks)
		fprintf(page->out, "; %" PRIu64 " not on the node asked for", stack->misplaced_blocks);
}

static void write_whom(const struct page *page, const struct stack *stack)
{
	const struct process *process = &page->snapshot->processes[stack->process];

	if (page->snapshot->kernel->laid_to == LAID_TO_NOBODY)
		return;
	if (!process->pid && !process->cgroup) {
		/* Rows without a stack are sums of what had none, whoever it was. */
		if (stack->n_addresses)
			fputs(" in interrupts", page->out);
		return;
	}
	if (process->cgroup_path) {
		fputs(" of cgroup ", page->out);
		escape_write(page->out, process->cgroup_path);
		return;
	}
	if (process->cgroup) {
		fprintf(page->out, " of cgroup %" PRIu32, process->cgroup);
		return;
	}
	fprintf(page->out, " of process %d", process->pid);
	if (!process->comm[0])
		return;
	fputs(" (", page->out);
	escape_write(page->out, process->comm);
	fputc(')', page->out);
}

static void write_blocks(const struct page *page, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_blocks; i++) {
		const struct block *block = &stack->blocks[i];

		fprintf(page->out, TEXT_FRAME_INDENT "addr = 0x%" PRIx64 " size = %" PRIu64 " age = %.3f s",
		        block->address, block->size_bytes, (double)block->age_ns / 1e9);
		if (block->node >= 0)
			fprintf(page->out, " node = %d", block->node);
		fputc('\n', page->out);
	}
}

static void write_stack(const struct page *page, const struct stack *stack)
{
	FILE *out = page->out;

	fprintf(out, TEXT_STACK_INDENT "%" PRIu64 " bytes in %" PRIu64 " %s from stack", stack->usage.live_bytes,
	        stack->usage.live_blocks, stack->kind == KIND_SLAB ? "objects" : "allocations");
	write_whom(page, stack);
	fprintf(out, " (%s", block_kind_name(stack->kind));
	write_class(out, &page->snapshot->kernel->classes[stack->class_index]);
	if (stack->slack_bytes)
		fprintf(out, ", %" PRIu64 " slack", stack->slack_bytes);
	if (stack->usage.live_blocks)
		fprintf(out, ", oldest %.1f s", (double)stack->oldest_ns / 1e9);
	write_stack_nodes(page, stack);
	fputs(")\n", out);
	verdict_text_write(out, &stack->verdict, stack->oldest_ns, TEXT_FRAME_INDENT);
	text_frames_write(out, page->snapshot, stack);
	if (page->options->show_blocks)
		write_blocks(page, stack);
}

/* Of stacks in their order, those of a group until they have told 95% of it; then how many more there are. */
static void write_group(const struct page *page, size_t from, size_t until, uint64_t live_bytes)
{
	uint64_t told = 0, left = 0;

	for (size_t i = from; i < until; i++) {
		const struct stack *stack = &page->snapshot->stacks[i];

		if (i > from && page->options->top && told > live_bytes - live_bytes / 20) {
			left += stack->usage.live_bytes;
			if (i + 1 == until)
				fprintf(page->out, TEXT_STACK_INDENT "%" PRIu64 " bytes from further stacks\n", left);
			continue;
		}
		told += stack->usage.live_bytes;
		write_stack(page, stack);
	}
}

static const struct cache_growth *cache_of(const struct snapshot *snapshot, const struct stack *stack)
{
	const struct kernel_memory *memory = snapshot->kernel;
	size_t cache = memory->classes[stack->class_index].cache;

	return stack->kind == KIND_SLAB && cache < memory->n_caches ? &memory->caches[cache] : NULL;
}

static bool same_group(const struct snapshot *snapshot, const struct stack *a, const struct stack *b)
{
	return a->kind == b->kind && cache_of(snapshot, a) == cache_of(snapshot, b);
}

static size_t group_end(const struct snapshot *snapshot, size_t from)
{
	size_t until = from;

	while (until < snapshot->n_stacks_shown &&
	       same_group(snapshot, &snapshot->stacks[from], &snapshot->stacks[until]))
		until++;
	return until;
}

/* The stacks of a cache stand together; `at` is where the next group begins. */
static void write_caches(const struct page *page, size_t *at)
{
	const struct snapshot *snapshot = page->snapshot;
	const struct kernel_memory *memory = snapshot->kernel;
	size_t hidden = 0;

	for (size_t i = 0; i < memory->n_caches_shown; i++) {
		const struct cache_growth *cache = &memory->caches[i];

		if (!cache->shown) {
			hidden++;
			continue;
		}
		write_cache(page, cache);
		if (*at < snapshot->n_stacks_shown && cache_of(snapshot, &snapshot->stacks[*at]) == cache) {
			size_t until = group_end(snapshot, *at);

			write_group(page, *at, until, cache->live_bytes);
			*at = until;
		}
	}
	if (hidden)
		fprintf(page->out, "%zu more caches grew by less (--top)\n", hidden);
}

static const char *kind_heading(enum block_kind kind)
{
	switch (kind) {
	case KIND_PAGE:
		return "Pages of the kernel's own";
	case KIND_PERCPU:
		return "Per-CPU memory";
	case KIND_VMALLOC:
		return "Mappings in the kernel (vmalloc and others)";
	default:
		return "Slab objects of caches that did not grow";
	}
}

/* Of slab objects those alone that stand in none of the caches above. */
static struct usage usage_of_kind(const struct snapshot *snapshot, size_t from, size_t until)
{
	enum block_kind kind = snapshot->stacks[from].kind;
	struct usage usage = {0};

	if (kind != KIND_SLAB)
		return snapshot->kinds[kind];
	for (size_t i = from; i < until; i++)
		usage_add(&usage, &snapshot->stacks[i].usage);
	return usage;
}

/* What is of no cache that grew: by kind. */
static void write_kinds(const struct page *page, size_t at)
{
	const struct snapshot *snapshot = page->snapshot;

	while (at < snapshot->n_stacks_shown) {
		enum block_kind kind = snapshot->stacks[at].kind;
		size_t until = at;
		struct usage usage;

		while (until < snapshot->n_stacks_shown && snapshot->stacks[until].kind == kind)
			until++;
		usage = usage_of_kind(snapshot, at, until);
		fprintf(page->out, "%s: %" PRIu64 " bytes in %" PRIu64 " allocations not freed\n", kind_heading(kind),
		        usage.live_bytes, usage.live_blocks);
		write_group(page, at, until, usage.live_bytes);
		at = until;
	}
}

static void write_zones(const struct page *page)
{
	const struct kernel_memory *memory = page->snapshot->kernel;
	const char *separator = "Traced pages by zone: ";

	for (size_t i = 0; i < memory->n_zones; i++) {
		const char *name = zone_type_name(memory->zones[i].zone);

		fprintf(page->out, "%snode %d %s %" PRIu64, separator, memory->zones[i].node, name ? name : "?",
		        memory->zones[i].live_bytes);
		separator = ", ";
	}
	if (memory->n_zones)
		fputc('\n', page->out);
}

/* The kernel's counters that changed. */
static void write_counters(const struct page *page)
{
	const struct kernel_memory *memory = page->snapshot->kernel;
	const char *separator = "Counted by the kernel: ";

	for (size_t i = 0; i < memory->n_counters; i++) {
		const struct counter_growth *counter = &memory->counters[i];

		if (counter->before_bytes == counter->after_bytes)
			continue;
		fputs(separator, page->out);
		escape_write(page->out, counter->name);
		fputc(' ', page->out);
		write_growth(page->out, (int64_t)(counter->after_bytes - counter->before_bytes));
		separator = ", ";
	}
	if (separator[0] == ',')
		fputc('\n', page->out);
	if (memory->slab_page_bytes || memory->user_page_bytes)
		fprintf(page->out,
		        "Left out of the pages: %" PRIu64 " bytes of slabs, which the caches count, %" PRIu64
		        " of user memory and page cache\n",
		        memory->slab_page_bytes, memory->user_page_bytes);
}

static void write_untraced(const struct page *page)
{
	const struct kernel_memory *memory = page->snapshot->kernel;

	if (!memory->kinds[KIND_VMALLOC] && memory->kinds[KIND_PERCPU])
		fputs("vmalloc is not traced: this kernel has no events of it (Linux 6.2)\n", page->out);
}

static void write_integrity(const struct page *page)
{
	bool red = page->options->colour && !snapshot_complete(page->snapshot);

	fputs(red ? "\033[31m" : "", page->out);
	integrity_write(page->out, page->snapshot, page->options);
	fputs(red ? "\033[0m\n" : "\n", page->out);
}

int kernel_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct page page = {.out = out, .snapshot = snapshot, .options = options};
	size_t at = 0;

	write_heading(&page);
	write_caches(&page, &at);
	write_kinds(&page, at);
	write_zones(&page);
	write_counters(&page);
	write_untraced(&page);
	write_integrity(&page);
	return stream_finish(out);
}
