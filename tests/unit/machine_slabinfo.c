// SPDX-License-Identifier: GPL-2.0-or-later
/* Slab caches: the lines of /proc/slabinfo, the names of merged caches, their nodes and CPUs' stocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "machine/slabinfo.h"
#include "unit/machine_fixture.h"

#define HEAD "slabinfo - version: 2.1\n# name            <active_objs> …\n"
#define TAIL " : tunables    0    0    0 : slabdata "

static void parses_lines(void **state)
{
	static const char text[] =
	    HEAD "kmalloc-192         4211   4305    192   21    1" TAIL "    205    207      0\n"
	         "jbd2 journal 7      10     12     48   85    1" TAIL "      1      1      0\n"
	         "a : tunables b      1      2      3    4    8" TAIL "      5      6      0\n"
	         "short               1      2      3    4" TAIL "      5      6      0\n"
	         "no tunables         1      2      3    4    8\n"
	         "huge 99999999999999999999 2 3 4 8" TAIL " 5 6 0\n"
	         "  1 2 3 4 8" TAIL " 5 6 0\n"
	         "no-slabdata 1 2 3 4 8 : tunables 0 0 0\n";
	struct slab_caches caches;

	(void)state;
	assert_int_equal(slabinfo_parse(text, &caches), 0);
	assert_int_equal(caches.n, 3);
	assert_string_equal(caches.list[0].name, "kmalloc-192");
	assert_int_equal(caches.list[0].active_objects, 4211);
	assert_int_equal(caches.list[0].objects, 4305);
	assert_int_equal(caches.list[0].slot_size_bytes, 192);
	assert_int_equal(caches.list[0].objects_per_slab, 21);
	assert_int_equal(caches.list[0].pages_per_slab, 1);
	assert_int_equal(caches.list[0].slabs, 207);
	assert_int_equal(slab_cache_bytes(&caches.list[0], 4096), 207 * 4096);
	assert_string_equal(caches.list[1].name, "jbd2 journal 7");
	assert_string_equal(caches.list[2].name, "a : tunables b");
	assert_int_equal(caches.list[2].pages_per_slab, 8);
	slab_caches_free(&caches);
}

static void refuses_other_files(void **state)
{
	struct slab_caches caches;

	(void)state;
	assert_int_equal(slabinfo_parse("", &caches), -EINVAL);
	assert_int_equal(slabinfo_parse("slabinfo - version: 1.1\n", &caches), -EINVAL);
	assert_int_equal(slabinfo_parse("MemTotal: 1 kB\n", &caches), -EINVAL);
	assert_int_equal(slabinfo_parse("slabinfo - version: 2.2\n", &caches), 0);
	slab_caches_free(&caches);
}

struct seen {
	int n, nodes[8];
	uint64_t values[8];
};

static void see(void *context, int node, uint64_t value)
{
	struct seen *seen = context;

	assert_true(seen->n < 8);
	seen->nodes[seen->n] = node;
	seen->values[seen->n++] = value;
}

static void parses_nodes(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_true(slabinfo_parse_nodes("123 N0=100 N3=23\n", see, &seen));
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.nodes[1], 3);
	assert_int_equal(seen.values[1], 23);
	seen.n = 0;
	assert_true(slabinfo_parse_nodes("0\n", see, &seen));
	assert_true(slabinfo_parse_nodes("1 N=1 N-1=1 N1024=1 M0=1 N0= N0=x N99999999999999999999=1 N2=9", see, &seen));
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.nodes[0], 2);
	assert_false(slabinfo_parse_nodes("", see, &seen));
	assert_false(slabinfo_parse_nodes("N0=1", see, &seen));
}

/* A small machine, written to a directory of its own. */
static void put(const char *root, const char *path, const char *text)
{
	char name[512];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *slash = strchr(name + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int drop(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int read_tree(const char *root, unsigned int parts, struct slab_caches *caches)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY), error = slabinfo_read(fd, parts, caches);

	close(fd);
	return error;
}

#define LINE(name) name " 4 8 64 64 1" TAIL " 1 1 0\n"

static void reads_merged_caches(void **state)
{
	char root[] = "/tmp/memtrace-unit-XXXXXX", link[128];
	struct slab_caches caches;

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "proc/slabinfo", HEAD LINE("pid") LINE("dm/x") LINE("..") LINE("gone"));
	put(root, "sys/kernel/slab/:0000064/object_size", "60\n");
	put(root, "sys/kernel/slab/:0000064/cpu_partial", "30\n");
	put(root, "sys/kernel/slab/:0000064/slabs", "3 N0=1 N1=2\n");
	put(root, "sys/kernel/slab/:0000064/total_objects", "24 N1=16 N0=8\n");
	put(root, "sys/kernel/slab/:0000064/objects", "20 N0=7 N1=13\n");
	put(root, "sys/kernel/slab/dm!x/sheaf_capacity", "12\n");
	put(root, "sys/kernel/slab/dm!x/reclaim_account", "1\n");
	put(root, "secret", "1\n");
	static const char *const names[] = {"pid", "zz\xff", "aa"};
	for (size_t i = 0; i < 3; i++) {
		snprintf(link, sizeof(link), "%s/sys/kernel/slab/%s", root, names[i]);
		assert_int_equal(symlink(":0000064", link), 0);
	}
	assert_int_equal(read_tree(root, SLABINFO_ALIASES | SLABINFO_DETAILS | SLABINFO_NODES_ACTIVE, &caches), 0);
	assert_int_equal(caches.n, 4);
	assert_int_equal(caches.aliases_error, 0);
	assert_int_equal(caches.list[0].n_aliases, 2);
	assert_string_equal(caches.list[0].aliases[0], "aa");
	assert_string_equal(caches.list[0].aliases[1], "zz\xff");
	assert_int_equal(caches.list[0].object_size_bytes, 60);
	assert_true(caches.list[0].cpu_known);
	assert_int_equal(caches.list[0].n_nodes, 2);
	assert_int_equal(caches.list[0].nodes[1].node, 1);
	assert_int_equal(caches.list[0].nodes[1].slabs, 2);
	assert_int_equal(caches.list[0].nodes[1].objects, 16);
	assert_int_equal(caches.list[0].nodes[1].active_objects, 13);
	assert_true(caches.list[0].nodes_active_known);
	/* A slab in use and one more: 60 objects are under one slab of 64. */
	assert_int_equal(slab_cache_cpu_stock(&caches.list[0]), 128);
	assert_int_equal(slab_cache_node_stock(&caches.list[0]), 0);
	assert_ptr_equal(slab_caches_find(&caches, "aa"), &caches.list[0]);
	assert_null(slab_caches_find(&caches, ":0000064"));
	assert_int_equal(caches.list[1].sheaf_objects, 12);
	assert_true(caches.list[1].reclaimable_known && caches.list[1].reclaimable);
	assert_false(caches.list[1].cpu_known);
	assert_int_equal(slab_cache_cpu_stock(&caches.list[1]), 64 + 36);
	assert_int_equal(slab_cache_node_stock(&caches.list[1]), 120);
	for (int i = 2; i < 4; i++) {
		assert_int_equal(caches.list[i].n_aliases, 0);
		assert_int_equal(caches.list[i].n_nodes, 0);
	}
	assert_int_equal(nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
	slab_caches_free(&caches);
}

static void reads_without_sysfs(void **state)
{
	char root[] = "/tmp/memtrace-unit-XXXXXX";
	struct slab_caches caches;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(read_tree(root, SLABINFO_ALIASES, &caches), -ENOENT);
	put(root, "proc/slabinfo", HEAD LINE("pid"));
	assert_int_equal(read_tree(root, SLABINFO_ALIASES, &caches), 0);
	assert_int_equal(caches.aliases_error, -ENOENT);
	assert_int_equal(caches.n, 1);
	slab_caches_free(&caches);
	assert_int_equal(nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Of every recorded machine: all lines are understood, and the parts agree with each other. */
static void reads_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_RECORDED; i++) {
		struct machine *machine = recorded_read(recorded_machines[i].name);
		size_t merged = 0, with_nodes = 0;

		assert_in_range(machine->slabs.n, 90, 1000);
		assert_int_equal(machine->slabs.aliases_error, 0);
		for (size_t j = 0; j < machine->slabs.n; j++) {
			const struct slab_cache *cache = &machine->slabs.list[j];

			assert_true(cache->active_objects <= cache->objects);
			assert_true(cache->object_size_bytes && cache->object_size_bytes <= cache->slot_size_bytes);
			assert_true(cache->slot_size_bytes * cache->objects_per_slab <=
			            cache->pages_per_slab * machine->page_size_bytes);
			assert_true(cache->cpu_known && cache->reclaimable_known);
			merged += cache->n_aliases;
			with_nodes += cache->n_nodes > 0;
			assert_true(cache->n_nodes <= recorded_machines[i].n_nodes);
		}
		assert_in_range(merged, 20, 1000);
		assert_in_range(with_nodes, 50, 1000);
		assert_non_null(slab_caches_find(&machine->slabs, "kmalloc-192"));
		machine_free(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_lines),        cmocka_unit_test(refuses_other_files),
	    cmocka_unit_test(parses_nodes),        cmocka_unit_test(reads_merged_caches),
	    cmocka_unit_test(reads_without_sysfs), cmocka_unit_test(reads_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
