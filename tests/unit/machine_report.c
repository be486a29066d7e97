// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is said of machines: of recorded ones, of one that changes, of one with hostile names, of one
 * of which little can be read. Reports are held against tests/golden/system-NAME.{txt,json}; with
 * MEMTRACE_UPDATE_GOLDEN set these are written instead (read the diff).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyze/machine_report.h"
#include "analyze/machine_uses.h"
#include "report/renderer.h"
#include "report/sheet.h"
#include "unit/machine_fixture.h"
#include "util/escape.h"

static struct machine_report *report_on(const struct machine *before, const struct machine *now, size_t top)
{
	struct machine_report *report;

	assert_int_equal(machine_report_new(before, now, top, &report), 0);
	return report;
}

static char *render(const struct renderer *renderer, const struct machine_report *report, size_t top)
{
	const struct render_options options = {.utc = true, .top = top};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(renderer->machine(out, report, &options), 0);
	fclose(out);
	return text;
}

static char *read_file(const char *path)
{
	const size_t room = 1 << 18;
	char *text = calloc(1, room);
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(text, 1, room - 1, in) < room - 1);
	fclose(in);
	return text;
}

static void compare_golden(const char *name, const char *extension, const char *text)
{
	char path[128], *expected;

	snprintf(path, sizeof(path), "tests/golden/system-%s.%s", name, extension);
	if (getenv("MEMTRACE_UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(text, out);
		fclose(out);
	}
	expected = read_file(path);
	assert_string_equal(text, expected);
	free(expected);
}

/* Characters, as a terminal counts them, of the widest line. */
static size_t widest_line(const char *text)
{
	size_t widest = 0, width = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* No byte of a name may reach the terminal that could do something to it. */
static void check_harmless(const char *text)
{
	while (*text) {
		unsigned int character;
		size_t length = utf8_decode(text, &character);

		assert_true(length > 0);
		assert_true(character == '\n' || (character >= 0x20 && character != 0x7f));
		assert_false(character >= 0x80 && character < 0xa0);
		assert_false(character >= 0x202a && character <= 0x202e);
		text += length;
	}
}

/* A moment of its own for what is not the machine's. */
static void set_moment(struct machine *machine, uint64_t after_ns)
{
	machine->time_unix_ns = 1772334041123456789 + after_ns;
	machine->monotonic_ns = 1000000000 + after_ns;
	machine->read_ns = 12345678;
}

static void check_report(const char *name, const struct machine *before, const struct machine *now, size_t top)
{
	struct machine_report *report = report_on(before, now, top);
	char *text = render(&text_renderer, report, top), *json = render(&json_renderer, report, top);

	assert_in_range(widest_line(text), 40, SHEET_COLUMNS);
	check_harmless(text);
	check_harmless(json);
	compare_golden(name, "txt", text);
	compare_golden(name, "json", json);
	free(text);
	free(json);
	machine_report_free(report);
}

static const struct machine_finding *find(const struct machine_report *report, const char *key)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		if (!strcmp(report->findings[i].key, key))
			return &report->findings[i];
	}
	return NULL;
}

static void recorded_goldens(void **state)
{
	static const char *const names[] = {"5.10-2", "6.1-4", "6.12-8", "7-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct machine *machine = recorded_read(names[i]);

		set_moment(machine, 0);
		check_report(names[i], NULL, machine, 3);
		machine_free(machine);
	}
}

/* Of every machine: nodes are found, what they have is the whole, and what is used adds up to it. */
static void recorded_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_RECORDED; i++) {
		struct machine *machine = recorded_read(recorded_machines[i].name);
		struct machine_report *report = report_on(NULL, machine, 0);
		uint64_t total = named_values_get(&machine->memory.bytes, "MemTotal"), of_nodes = 0, sum = 0, slab = 0;
		char *text = render(&text_renderer, report, 0);

		assert_string_equal(machine->release ? "yes" : "no", "yes");
		assert_int_equal(
		    strncmp(machine->release, recorded_machines[i].release, strlen(recorded_machines[i].release)), 0);
		assert_int_equal(machine->n_nodes, recorded_machines[i].n_nodes);
		for (size_t j = 0; j < machine->n_nodes; j++) {
			of_nodes += named_values_get(&machine->nodes[j].memory.bytes, "MemTotal");
			assert_int_equal(machine->nodes[j].n_distances, machine->n_nodes);
			assert_int_equal(machine->nodes[j].distances[j], 10);
			assert_non_null(machine->nodes[j].cpus);
			assert_non_null(named_values_find(&machine->nodes[j].numa, "numa_hit"));
		}
		if (strcmp(recorded_machines[i].name, "6.18-here"))
			assert_int_equal(of_nodes, total);
		for (size_t j = 0; j < report->n_uses; j++)
			sum += report->uses[j].bytes;
		assert_true((int64_t)(total - sum) == report->unexplained_bytes);
		assert_true(llabs((long long)report->unexplained_bytes) < (long long)(total / 100));
		/* Some stacks are kept for new tasks. */
		assert_in_range(machine->vmalloc_stack_pages * machine->page_size_bytes,
		                named_values_get(&machine->memory.bytes, "KernelStack"),
		                named_values_get(&machine->memory.bytes, "KernelStack") * 115 / 100);
		/* All slab is in caches, but for kmallocs of more than two pages. */
		for (size_t j = 0; j < report->n_slabs; j++)
			slab += report->slabs[j].bytes;
		assert_in_range(slab, named_values_get(&machine->memory.bytes, "Slab") * 85 / 100,
		                named_values_get(&machine->memory.bytes, "Slab"));
		assert_int_equal(report->slab_outside_bytes, named_values_get(&machine->memory.bytes, "Slab") - slab);
		assert_int_equal(machine->n_missing, 0);
		assert_true(machine->n_settings > 40);
		assert_in_range(widest_line(text), 40, SHEET_COLUMNS);
		check_harmless(text);
		free(text);
		machine_report_free(report);
		machine_free(machine);
	}
}

static const char *text_of(const char *name, const char *key)
{
	static char text[512];
	struct machine *machine = recorded_read(name);
	struct machine_report *report = report_on(NULL, machine, 0);
	const struct machine_finding *finding = find(report, key);

	snprintf(text, sizeof(text), "%s", finding ? finding->text : "");
	machine_report_free(report);
	machine_free(machine);
	return text;
}

/* What machines.tsv has arranged. */
static void recorded_findings(void **state)
{
	(void)state;
	assert_non_null(strstr(text_of("6.1-4", "huge_pages"), "keeps 24 huge pages (48 MiB)"));
	assert_non_null(strstr(text_of("6.1-4", "overcommit_limit"), "overcommit_memory is 2: "));
	assert_non_null(strstr(text_of("6.18-2", "min_free"), "min_free_kbytes is 65536: 64 MiB"));
	assert_non_null(strstr(text_of("6.18-2", "watermark_scale"), "watermark_scale_factor is 300: "));
	assert_non_null(strstr(text_of("7-1", "drop_caches"), "1 time for the page cache"));
	assert_non_null(strstr(text_of("7-4", "huge_pages"), "keeps 100 huge pages"));
	assert_string_equal(text_of("5.10-1", "huge_pages"), "");
	assert_string_equal(text_of("5.10-1", "zone_reclaim"), "");
	assert_string_equal(text_of("5.10-1", "totals_differ"), "");
}

static void set_value(struct named_values *values, const char *name, uint64_t value)
{
	struct named_value *found = (struct named_value *)named_values_find(values, name);

	if (found)
		found->value = value;
	else
		assert_int_equal(named_values_add(values, name, strlen(name), value), 0);
}

static void set_setting(struct machine *machine, const char *name, const char *value)
{
	for (size_t i = 0; i < machine->n_settings; i++) {
		if (strcmp(machine->settings[i].name, name))
			continue;
		free(machine->settings[i].value);
		machine->settings[i].value = strdup(value);
		return;
	}
	fail_msg("no setting %s", name);
}

#define GIB (1ULL << 30)

/* One change makes the finding, taking it back unmakes it. */
static void zone_reclaim_finding(void **state)
{
	struct machine *machine = recorded_read("5.10-2");
	struct machine_report *report;

	(void)state;
	for (int i = 0; i < 2; i++)
		set_value(&machine->nodes[i].memory.bytes, "MemTotal", 16 * GIB);
	set_value(&machine->nodes[0].memory.bytes, "MemFree", GIB / 2);
	set_value(&machine->nodes[1].memory.bytes, "MemFree", 14 * GIB);
	set_setting(machine, "vm.zone_reclaim_mode", "1");
	report = report_on(NULL, machine, 0);
	assert_non_null(find(report, "zone_reclaim"));
	assert_string_equal(find(report, "zone_reclaim")->text,
	                    "zone_reclaim_mode is 1: node 0 reclaims its cache while node 1 has 14 GiB free");
	assert_null(find(report, "node_imbalance"));
	machine_report_free(report);

	set_setting(machine, "vm.zone_reclaim_mode", "0");
	report = report_on(NULL, machine, 0);
	assert_null(find(report, "zone_reclaim"));
	assert_non_null(find(report, "node_imbalance"));
	machine_report_free(report);

	set_value(&machine->nodes[0].memory.bytes, "MemFree", 4 * GIB);
	report = report_on(NULL, machine, 0);
	assert_null(find(report, "node_imbalance"));
	machine_report_free(report);
	machine_free(machine);
}

static void fragmentation_finding(void **state)
{
	struct machine *machine = recorded_read("7-1");
	struct zone *zone = zones_find(&machine->zones, 0, "DMA32");
	struct machine_report *report;

	(void)state;
	assert_non_null(zone);
	memset(zone->free_blocks, 0, sizeof(zone->free_blocks));
	zone->free_blocks[0] = 100000;
	report = report_on(NULL, machine, 0);
	assert_non_null(find(report, "fragmentation"));
	assert_non_null(strstr(find(report, "fragmentation")->text,
	                       "an order-9 request would fail for fragmentation, not for lack of memory (index 0.999"));
	machine_report_free(report);
	zone->free_blocks[0] = 0;
	zone->free_blocks[8] = 1;
	report = report_on(NULL, machine, 0);
	assert_non_null(strstr(find(report, "fragmentation")->text, "would fail for lack of memory"));
	machine_report_free(report);
	zone->free_blocks[9] = 1;
	report = report_on(NULL, machine, 0);
	assert_null(find(report, "fragmentation"));
	machine_report_free(report);
	machine_free(machine);
}

static struct slab_cache *cache(struct machine *machine, const char *name)
{
	struct slab_cache *found = slab_caches_find(&machine->slabs, name);

	assert_non_null(found);
	return found;
}

/* Ten seconds in which a cache, a process and counters grow, and another cache shrinks. */
static void growth(void **state)
{
	struct machine *before = recorded_read("7-1"), *now = recorded_read("7-1");
	struct machine_report *report;

	(void)state;
	set_moment(before, 0);
	set_moment(now, 10000000000);
	cache(now, "kmalloc-192")->slabs += 600;
	cache(now, "kmalloc-192")->active_objects += 12000;
	cache(before, "dentry")->slabs += 100;
	assert_true(before->n_processes > 0);
	set_value(&now->counters, "pgfault", named_values_get(&before->counters, "pgfault") + 12345);
	set_value(&now->counters, "pgscan_direct", named_values_get(&before->counters, "pgscan_direct") + 500);
	set_value(&now->nodes[0].numa, "numa_hit", named_values_get(&before->nodes[0].numa, "numa_hit") + 50000);
	set_value(&now->nodes[0].numa, "numa_foreign", named_values_get(&before->nodes[0].numa, "numa_foreign") + 2000);
	now->processes[0].anon_bytes = before->processes[0].anon_bytes + (5 << 20);
	report = report_on(before, now, 5);
	assert_int_equal(report->interval_ns, 10000000000);
	assert_int_equal(report->n_next, 2);
	assert_string_equal(report->next[0].why, "kmalloc-192 grew 14 MiB/min");
	assert_string_equal(report->next[0].command, "memtrace kernel --cache kmalloc-192");
	assert_non_null(strstr(report->next[1].why, "grew 30 MiB/min"));
	assert_non_null(find(report, "direct_reclaim"));
	assert_string_equal(find(report, "direct_reclaim")->text,
	                    "who allocates reclaims by itself: 50 pages/s scanned, 0 pages/s got");
	assert_string_equal(find(report, "numa_foreign")->text,
	                    "node 0: 200 pages/s that were meant for it came from other nodes (numa_foreign)");
	for (size_t i = 0; i < report->n_slabs; i++) {
		const struct machine_slab_row *row = &report->slabs[i];

		assert_true(row->growth_known);
		if (!strcmp(row->cache->name, "kmalloc-192")) {
			assert_int_equal(row->growth_objects, 12000);
			assert_int_equal(row->growth_bytes, 600 * 4096);
		}
		assert_true(i == 0 || report->slabs[i - 1].bytes >= row->bytes);
	}
	machine_report_free(report);
	check_report("growth", before, now, 5);
	machine_free(before);
	machine_free(now);
}

/* Two caches of one name each keep their own growth, and a new one has grown from nothing. */
static void caches_of_one_name(void **state)
{
	static const uint64_t slabs_before[] = {5, 7}, slabs_now[] = {1, 6, 9};
	struct machine *before = calloc(1, sizeof(*before)), *now = calloc(1, sizeof(*now));
	struct machine_report *report;
	int64_t growth_sum = 0;

	(void)state;
	before->slabs.list = calloc(2, sizeof(struct slab_cache));
	now->slabs.list = calloc(3, sizeof(struct slab_cache));
	before->slabs.n = 2;
	now->slabs.n = 3;
	before->page_size_bytes = now->page_size_bytes = 1;
	for (int i = 0; i < 3; i++) {
		now->slabs.list[i] =
		    (struct slab_cache){.name = strdup("same"), .slabs = slabs_now[i], .pages_per_slab = 1};
		if (i < 2)
			before->slabs.list[i] =
			    (struct slab_cache){.name = strdup("same"), .slabs = slabs_before[i], .pages_per_slab = 1};
	}
	set_moment(before, 0);
	set_moment(now, 1000000000);
	report = report_on(before, now, 0);
	assert_int_equal(report->slabs[0].growth_bytes, 2);
	assert_int_equal(report->slabs[1].growth_bytes, 1);
	assert_int_equal(report->slabs[2].growth_bytes, 1);
	for (int i = 0; i < 3; i++)
		growth_sum += report->slabs[i].growth_bytes;
	assert_int_equal(growth_sum, 4);
	machine_report_free(report);
	machine_free(before);
	machine_free(now);
}

static const char hostile_name[] = "\033[31mred\n\xff\xe2\x80\xae'$(id)\\";

/* Whatever can be named by others is, and in all lengths; numbers are as large as they come. */
static void hostile(void **state)
{
	struct machine *before = recorded_read("7-1"), *now = recorded_read("7-1");
	char name[300];

	(void)state;
	set_moment(before, 0);
	set_moment(now, 1);
	for (size_t i = 0; i < now->n_processes; i++) {
		size_t length = i * 7 % 290;

		memset(name, 'x', sizeof(name));
		snprintf(name + length, sizeof(name) - length, "%.9s", hostile_name);
		free(now->processes[i].name);
		now->processes[i].name = strdup(i ? name : hostile_name);
		now->processes[i].rss_bytes = i ? now->processes[i].rss_bytes : UINT64_MAX;
	}
	for (size_t i = 0; i < now->slabs.n; i++) {
		struct slab_cache *changed = &now->slabs.list[i];

		if (i % 2) {
			free(changed->name);
			changed->name = strdup(hostile_name);
			changed->slabs = UINT64_MAX / 4096 / (changed->pages_per_slab + i);
		}
		for (size_t j = 0; j < changed->n_aliases; j++) {
			memset(name, 'y', sizeof(name));
			snprintf(name + j * 40 % 250, 40, "%s", hostile_name);
			free(changed->aliases[j]);
			changed->aliases[j] = strdup(name);
		}
	}
	for (size_t i = 0; i < now->n_settings; i++) {
		free(now->settings[i].value);
		now->settings[i].value = strdup(hostile_name);
	}
	for (size_t i = 0; i < now->counters.n; i++)
		now->counters.list[i].value = UINT64_MAX;
	for (size_t i = 0; i < now->zones.n; i++) {
		free(now->zones.list[i].name);
		now->zones.list[i].name = strdup(hostile_name);
		now->zones.list[i].free_pages = UINT64_MAX;
	}
	free(now->nodes[0].cpus);
	now->nodes[0].cpus =
	    strdup("0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42,44,46,48,50,52,54,56,58,60");
	free(now->release);
	now->release = strdup(hostile_name);
	free(now->counters.list[0].name);
	now->counters.list[0].name = strdup(hostile_name);
	check_report("hostile", before, now, 4);
	machine_free(before);
	machine_free(now);
}

/* A tree with nothing but /proc/meminfo: the rest is left out, and said to be. */
static void little_to_read(void **state)
{
	char root[] = "/tmp/memtrace-unit-XXXXXX", path[64];
	struct machine *machine;
	FILE *file;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(root));
	fd = open(root, O_RDONLY | O_DIRECTORY);
	assert_int_equal(machine_read(fd, &machine), -ENOENT);
	snprintf(path, sizeof(path), "%s/proc", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	file = fopen(path, "w");
	fputs("MemTotal: 1000 kB\nMemFree: 400 kB\nAnonPages: 100 kB\n", file);
	fclose(file);
	assert_int_equal(machine_read(fd, &machine), 0);
	set_moment(machine, 0);
	assert_true(machine->n_missing >= 12);
	assert_string_equal(machine->missing[0].path, "/proc/vmstat");
	assert_int_equal(machine->missing[0].error, -ENOENT);
	machine->page_size_bytes = 4096;
	check_report("little", NULL, machine, 10);
	machine_free(machine);
	close(fd);
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc", root);
	rmdir(path);
	rmdir(root);
}

/* An enormous share that nothing explains is told, with where to look. */
static void unexplained(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	struct machine_report *report;

	(void)state;
	machine->page_size_bytes = 4096;
	set_value(&machine->memory.bytes, "MemTotal", 16 * GIB);
	set_value(&machine->memory.bytes, "MemFree", 4 * GIB);
	set_value(&machine->memory.bytes, "Cached", 3 * GIB);
	set_value(&machine->memory.bytes, "Shmem", GIB);
	set_value(&machine->memory.bytes, "KernelStack", GIB);
	set_value(&machine->memory.bytes, "VmallocUsed", 2 * GIB);
	report = report_on(NULL, machine, 0);
	/* 16 - 4 free - 2 cache - 1 shared - 1 stacks - 1 other vmalloc. */
	assert_int_equal(report->unexplained_bytes, 7 * GIB);
	assert_int_equal(machine_use(report, "page_cache"), 2 * GIB);
	assert_int_equal(machine_use(report, "vmalloc"), GIB);
	assert_non_null(find(report, "unexplained"));
	assert_int_equal(report->n_next, 1);
	assert_string_equal(report->next[0].command, "memtrace kernel");
	machine_report_free(report);
	machine_free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recorded_goldens),      cmocka_unit_test(recorded_add_up),
	    cmocka_unit_test(recorded_findings),     cmocka_unit_test(zone_reclaim_finding),
	    cmocka_unit_test(fragmentation_finding), cmocka_unit_test(growth),
	    cmocka_unit_test(caches_of_one_name),    cmocka_unit_test(hostile),
	    cmocka_unit_test(little_to_read),        cmocka_unit_test(unexplained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
