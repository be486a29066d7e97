// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports on kernel memory against tests/golden/report-kernel-NAME.{txt,json}. Run from the top folder; with
 * MEMTRACE_UPDATE_GOLDEN set the files are written instead (read the diff).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>

#include "analyze/kernel_growth.h"
#include "report/renderer.h"
#include "unit/golden.h"
#include "unit/sample_kernel.h"

/* Ranks as `memtrace kernel` would, and renders in both forms. */
static void check_golden(const char *name, struct snapshot *snapshot, const struct kernel_selection *selection,
                         struct render_options options)
{
	assert_int_equal(kernel_growth(snapshot, selection), 0);
	options.top = selection->top;
	golden_check(name, snapshot, options);
}

static const struct frame eventfd_frames[] = {
    {.address = 0xffffffff8140103d,
     .module = "kernel",
     .function = "alloc_empty_file",
     .offset = 0x3d,
     .has_offset = true},
    {.address = 0xffffffff8145e0b8, .module = "kernel", .function = "do_eventfd", .offset = 0xb8, .has_offset = true},
    {.address = 0xffffffff81e00077,
     .module = "kernel",
     .function = "entry_SYSCALL_64_after_hwframe",
     .offset = 0x77,
     .has_offset = true},
};

static const struct frame module_frames[] = {
    {.address = 0xffffffffc0123478, .module = "leaky", .function = "leak_now", .offset = 0x28, .has_offset = true},
    {.address = 0xffffffff810c0152,
     .module = "kernel",
     .function = "process_one_work",
     .offset = 2,
     .has_offset = true},
    /* Without /proc/kallsyms. */
    {.address = 0xffffffff810c1000, .module = "kernel"},
};

static const struct frame slab_frames[] = {
    {.address = 0xffffffff81300010, .module = "kernel", .function = "allocate_slab", .offset = 16, .has_offset = true},
};

#define SET_FRAMES(stack, from) set_frames(stack, from, sizeof(from) / sizeof((from)[0]))

static void set_frames(struct stack *stack, const struct frame *frames, size_t n)
{
	stack->frames = sample_copy(frames, n * sizeof(*frames));
	stack->n_frames = n;
}

static void rename_cache(struct snapshot *snapshot, size_t number, const char *name)
{
	free(snapshot->kernel->caches[number].name);
	snapshot->kernel->caches[number].name = strdup(name);
}

static void set_counters(struct snapshot *snapshot)
{
	struct kernel_memory *memory = snapshot->kernel;

	memory->counters = calloc(3, sizeof(*memory->counters));
	assert_non_null(memory->counters);
	memory->counters[0] = (struct counter_growth){strdup("nr_free_pages"), 4ULL << 30, 3ULL << 30};
	memory->counters[1] = (struct counter_growth){strdup("nr_kernel_stack"), 1 << 20, 1 << 20};
	memory->counters[2] = (struct counter_growth){strdup("nr_slab_unreclaimable"), 1 << 20, 4 << 20};
	memory->n_counters = 3;
}

static void set_zones(struct snapshot *snapshot)
{
	static const struct zone_usage zones[] = {
	    {.node = 0, .zone = 1, .live_bytes = 8192, .live_blocks = 1},
	    {.node = 1, .zone = 2, .live_bytes = 65536, .live_blocks = 4},
	    {.node = 1, .zone = 7, .live_bytes = 4096, .live_blocks = 1},
	};

	snapshot->kernel->zones = sample_copy(zones, sizeof(zones));
	snapshot->kernel->n_zones = 3;
}

/* One cache that grew, and the stack that made it grow. */
static void plain(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(1, 1);
	struct stack *stack;

	(void)state;
	rename_cache(snapshot, 0, "eventpoll_epi");
	sample_count(snapshot, 0, 20, 15020);
	stack = sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 15000, 15000, SAMPLE_OBJECT_BYTES);
	stack->oldest_ns = 4800000000;
	stack->slack_bytes = 15000ULL * (SAMPLE_SLOT_BYTES - SAMPLE_OBJECT_BYTES);
	SET_FRAMES(stack, eventfd_frames);
	set_counters(snapshot);
	check_golden("kernel-plain", snapshot, &(struct kernel_selection){.top = 10}, (struct render_options){0});
}

/* Nothing grew, on a kernel without vmalloc's events, whose counts are /proc/slabinfo's. */
static void nothing(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(2, 0);

	(void)state;
	sample_count(snapshot, 1, 500, 400);
	snapshot->kernel->exact_counts = false;
	snapshot->kernel->kinds[KIND_VMALLOC] = false;
	check_golden("kernel-nothing", snapshot, &(struct kernel_selection){.top = 10}, (struct render_options){0});
}

/* Caches that are exact, cannot be trusted, or come by allocations unseen; each other kind of memory. */
static struct snapshot *make_everything(void)
{
	static const struct block blocks[] = {
	    {.address = 0xffff888100001000, .size_bytes = 100, .age_ns = 4800000000, .placed = true, .node = 1},
	    {.address = 0xffff888100002000, .size_bytes = 100, .age_ns = 1500000, .node = -1, .cpu_node = 1},
	};
	struct snapshot *snapshot = sample_kernel_new(5, 12);
	struct kernel_memory *memory = snapshot->kernel;
	size_t pages = SAMPLE_CLASS_OF_KIND(snapshot, KIND_PAGE), percpu = SAMPLE_CLASS_OF_KIND(snapshot, KIND_PERCPU),
	       vmalloc = SAMPLE_CLASS_OF_KIND(snapshot, KIND_VMALLOC);
	struct stack *stack;

	sample_count(snapshot, 0, 0, 1000);
	sample_count(snapshot, 1, 0, 900);
	sample_count(snapshot, 2, 0, 800);
	sample_count(snapshot, 3, 0, 700);
	sample_count(snapshot, 4, 100, 100);
	sample_alias(snapshot, 0, "kmalloc-128");
	sample_alias(snapshot, 0, "other");
	stack = sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 2500, 900, 100);
	stack->oldest_ns = 4800000000;
	stack->slack_bytes = 25200;
	stack->misplaced_blocks = 3;
	stack->blocks = sample_copy(blocks, sizeof(blocks));
	stack->n_blocks = 2;
	SET_FRAMES(stack, eventfd_frames);
	stack = sample_kernel_stack(snapshot, 1, SAMPLE_CLASS(0), 60, 60, 100);
	stack->end = END_DEPTH;
	SET_FRAMES(stack, module_frames);
	/* Beyond 95% of the cache. */
	SET_FRAMES(sample_kernel_stack(snapshot, 2, SAMPLE_CLASS(0), 30, 30, 100), slab_frames);
	SET_FRAMES(sample_kernel_stack(snapshot, 3, SAMPLE_CLASS(0), 10, 10, 100), slab_frames);
	SET_FRAMES(sample_kernel_stack(snapshot, 4, SAMPLE_CLASS(1), 100000, 100000, 100), module_frames);
	SET_FRAMES(sample_kernel_stack(snapshot, 5, SAMPLE_CLASS(2), 100, 100, 100), module_frames);
	memory->caches[2].capacity_objects = 60;
	memory->classes[pages].order = 2;
	memory->classes[pages].gfp = 0xcc0 | 0x40000;
	SET_FRAMES(sample_kernel_stack(snapshot, 6, pages, 4, 4, 16384), module_frames);
	SET_FRAMES(sample_kernel_stack(snapshot, 7, pages, 2, 2, 16384), slab_frames);
	memory->classes[percpu].gfp = 0xdc0;
	SET_FRAMES(sample_kernel_stack(snapshot, 8, percpu, 1, 1, 64), module_frames);
	SET_FRAMES(sample_kernel_stack(snapshot, 9, vmalloc, 1, 1, 20480), module_frames);
	/* A stack that was lost, and one of no known class. */
	stack = sample_kernel_stack(snapshot, 10, vmalloc, 1, 1, 8192);
	free(stack->addresses);
	stack->addresses = NULL;
	stack->n_addresses = 0;
	sample_kernel_stack(snapshot, 11, 0, 5, 5, 100);
	set_counters(snapshot);
	set_zones(snapshot);
	snapshot->unknown_frees = 7;
	snapshot->lost[LOSS_CLASSES] = 5;
	return snapshot;
}

static void everything(void **state)
{
	(void)state;
	check_golden("kernel-everything", make_everything(), &(struct kernel_selection){.top = 3},
	             (struct render_options){.show_blocks = true});
}

/* Beside stacks of which nothing is live, also those of no known cache. */
static void all(void **state)
{
	(void)state;
	check_golden("kernel-all", make_everything(), &(struct kernel_selection){.top = 0}, (struct render_options){0});
}

/* Two processes, an interrupt, two nodes; what others allocate was left out. */
static struct snapshot *make_processes(enum laid_to laid_to)
{
	static const struct cache_node cache_nodes[] = {{.node = 0, .objects = 400}, {.node = 1, .objects = 600}};
	struct snapshot *snapshot = sample_new(3, 3, 2), *memory = sample_kernel_new(1, 0);

	snapshot->command = "kernel";
	snapshot->kernel = memory->kernel;
	memory->kernel = NULL;
	snapshot_free(memory);
	snapshot->processes[2].pid = 0;
	strcpy(snapshot->processes[2].comm, "kernel");
	snapshot->processes[1].comm[0] = '\0';
	snapshot->kernel->laid_to = laid_to;
	snapshot->kernel->filtered = laid_to == LAID_TO_PROCESS;
	snapshot->unknown_frees_known = !snapshot->kernel->filtered;
	snapshot->kernel->caches[0].unknown_frees = 400;
	snapshot->kernel->caches[0].nodes = sample_copy(cache_nodes, sizeof(cache_nodes));
	snapshot->kernel->caches[0].n_nodes = 2;
	sample_count(snapshot, 0, 0, 1000);
	for (size_t i = 0; i < 3; i++) {
		struct node_usage nodes[] = {{0, 100 * i, i, 0}, {1, 5000, 50, 100 * i + 5000}};
		struct stack *stack = sample_kernel_stack(snapshot, i, SAMPLE_CLASS(0), 60 + i, 50 + i, 100);

		stack->process = i;
		stack->placement = (struct placement){.nodes = sample_copy(nodes, sizeof(nodes)), .n_nodes = 2};
		SET_FRAMES(stack, eventfd_frames);
	}
	return snapshot;
}

static void by_process(void **state)
{
	(void)state;
	check_golden("kernel-process", make_processes(LAID_TO_PROCESS), &(struct kernel_selection){.top = 10},
	             (struct render_options){0});
}

/* One whose directory is known, and one that has gone. */
static void by_cgroup(void **state)
{
	struct snapshot *snapshot = make_processes(LAID_TO_CGROUP);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snapshot->processes[i].cgroup = snapshot->processes[i].pid;
		snapshot->processes[i].pid = 0;
		snapshot->processes[i].comm[0] = '\0';
	}
	snapshot->processes[0].cgroup_path = strdup("/system.slice/app\033.service");
	check_golden("kernel-cgroup", snapshot, &(struct kernel_selection){.top = 10}, (struct render_options){0});
}

/* Names that would break a terminal or a line: of caches, processes, modules and functions. */
static struct snapshot *make_hostile(void)
{
	static const struct frame frames[] = {
	    {.address = 0xffffffffc0000010,
	     .module = "mod\033]0;owned\007",
	     .function = "evil\nInjected+0x0 [kernel]",
	     .offset = 1,
	     .has_offset = true},
	    {.address = 0xffffffffc0000020, .module = "bidi\u202e\u2066", .function = "\xff\xfe\"\\"},
	};
	struct snapshot *snapshot = sample_kernel_new(1, 1);
	struct stack *stack;

	rename_cache(snapshot, 0, "cache\033[31m\n: +1 objects");
	sample_alias(snapshot, 0, "alias\xf0\x9f");
	sample_alias(snapshot, 0, "\r\u202e\\x1b");
	snapshot->processes[0].pid = 4711;
	strcpy(snapshot->processes[0].comm, "\033c\n\xed\xa0\x80");
	snapshot->kernel->laid_to = LAID_TO_PROCESS;
	sample_count(snapshot, 0, 0, 10);
	stack = sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 10, 10, 100);
	SET_FRAMES(stack, frames);
	return snapshot;
}

static void hostile(void **state)
{
	(void)state;
	check_golden("kernel-hostile", make_hostile(), &(struct kernel_selection){.top = 10},
	             (struct render_options){0});
}

/* Whatever the golden files say: each line of text has characters alone that a terminal shows. */
static void no_name_upsets_a_terminal(void **state)
{
	struct snapshot *snapshot = make_hostile();
	char *text, *json;

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 10}), 0);
	text = golden_render(&text_renderer, snapshot, &(struct render_options){.utc = true});
	json = golden_render(&json_renderer, snapshot, &(struct render_options){.utc = true});
	for (const char *at = text; *at; at++)
		assert_true((*at >= ' ' && *at < 0x7f) || *at == '\n');
	assert_null(strstr(text, "\nInjected"));
	assert_null(strstr(text, "\n: +1 objects"));
	assert_ptr_equal(strchr(json, '\n'), json + strlen(json) - 1);
	free(text);
	free(json);
	snapshot_free(snapshot);
}

/* Numbers beyond what Jansson holds, and the largest loss that a cache can have. */
static void enormous(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(2, 1);
	struct cache_growth *caches = snapshot->kernel->caches;

	(void)state;
	caches[0].objects_after = (uint64_t)INT64_MAX + 1;
	caches[0].growth_objects = caches[0].growth_bytes = INT64_MAX;
	caches[1].objects_before = UINT64_MAX;
	caches[1].growth_objects = caches[1].growth_bytes = INT64_MIN / 2;
	sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 1, 1, 1)->slack_bytes = UINT64_MAX;
	snapshot->kernel->counters = calloc(1, sizeof(struct counter_growth));
	snapshot->kernel->counters[0] = (struct counter_growth){strdup("Percpu"), UINT64_MAX, 0};
	snapshot->kernel->n_counters = 1;
	check_golden("kernel-enormous", snapshot, &(struct kernel_selection){.top = 10}, (struct render_options){0});
}

static void colours_only_when_asked(void **state)
{
	struct snapshot *snapshot = make_everything();
	char *plain_text, *coloured;

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 10}), 0);
	plain_text = golden_render(&text_renderer, snapshot, &(struct render_options){.utc = true});
	coloured = golden_render(&text_renderer, snapshot, &(struct render_options){.utc = true, .colour = true});
	assert_null(strchr(plain_text, '\033'));
	assert_memory_equal(coloured, "\033[1m[03:00:41]", strlen("\033[1m[03:00:41]"));
	assert_non_null(strstr(coloured, "\033[31mIntegrity: lost: "));
	free(plain_text);
	free(coloured);
	snapshot_free(snapshot);
}

static void returns_what_writing_failed_with(void **state)
{
	struct snapshot *snapshot = make_everything();

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 10}), 0);
	for (size_t i = 0; renderers[i]; i++) {
		FILE *full;

		if (renderers[i]->of_verdicts || (renderers[i]->missing && renderers[i]->missing()))
			continue;
		full = fopen("/dev/full", "w");

		assert_int_equal(renderers[i]->report(full, snapshot, &(struct render_options){.top = 10}), -ENOSPC);
		fclose(full);
	}
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain),
	    cmocka_unit_test(nothing),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(all),
	    cmocka_unit_test(by_process),
	    cmocka_unit_test(by_cgroup),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(no_name_upsets_a_terminal),
	    cmocka_unit_test(enormous),
	    cmocka_unit_test(colours_only_when_asked),
	    cmocka_unit_test(returns_what_writing_failed_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
