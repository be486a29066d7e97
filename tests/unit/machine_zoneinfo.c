// SPDX-License-Identifier: GPL-2.0-or-later
/* Zones, their free blocks, and the fragmentation index against the kernel's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "analyze/fragmentation.h"
#include "machine/root.h"
#include "machine/vmstat.h"
#include "machine/zoneinfo.h"
#include "unit/machine_fixture.h"

static const char zoneinfo[] = "Node 0, zone      DMA\n"
                               "  per-node stats\n"
                               "      nr_inactive_anon 1721\n"
                               "      nr_from_the_future 5\n"
                               "  pages free     3840\n"
                               "        boost    1\n"
                               "        min      10\n"
                               "        low      13\n"
                               "        high     16\n"
                               "        spanned  4095\n"
                               "        present  3998\n"
                               "        managed  3841\n"
                               "        protection: (0, 2997, 24104)\n"
                               "      nr_free_pages 3840\n"
                               "      numa_hit     7\n"
                               "  pagesets\n"
                               "    cpu: 0\n"
                               "              count:    3\n"
                               "              high:     9\n"
                               "  vm stats threshold: 4\n"
                               "    cpu: 1\n"
                               "              count:    4\n"
                               "  vm stats threshold: 4\n"
                               "  node_unreclaimable:  0\n"
                               "  start_pfn:           1\n"
                               "Node 1, zone  Movable\n"
                               "  pages free     0\n"
                               "        min      32\n"
                               "        protection: (0, x, 5)\n";

static void parses_zones(void **state)
{
	struct zones zones;

	(void)state;
	assert_int_equal(zoneinfo_parse(zoneinfo, &zones), 0);
	assert_int_equal(zones.n, 2);
	assert_int_equal(zones.n_nodes, 1);
	assert_int_equal(named_values_get(&zones_node(&zones, 0)->values, "nr_from_the_future"), 5);
	assert_int_equal(named_values_get(&zones_node(&zones, 0)->values, "nr_free_pages"), 0);
	assert_string_equal(zones.list[0].name, "DMA");
	assert_int_equal(zones.list[0].free_pages, 3840);
	assert_int_equal(zones.list[0].min_pages, 10);
	assert_int_equal(zones.list[0].low_pages, 13);
	assert_int_equal(zones.list[0].high_pages, 16);
	assert_int_equal(zones.list[0].spanned_pages, 4095);
	assert_int_equal(zones.list[0].present_pages, 3998);
	assert_int_equal(zones.list[0].managed_pages, 3841);
	assert_int_equal(zones.list[0].n_protection, 3);
	assert_int_equal(zones.list[0].protection_pages[2], 24104);
	assert_int_equal(zones.list[0].cpu_pages, 7);
	assert_int_equal(named_values_get(&zones.list[0].values, "boost"), 1);
	assert_int_equal(named_values_get(&zones.list[0].values, "numa_hit"), 7);
	assert_int_equal(named_values_get(&zones.list[0].values, "start_pfn"), 1);
	assert_null(named_values_find(&zones.list[0].values, "high"));
	assert_null(named_values_find(&zones.list[0].values, "cpu"));
	assert_int_equal(zones.list[1].node, 1);
	assert_int_equal(zones.list[1].n_protection, 1);
	assert_ptr_equal(zones_find(&zones, 1, "Movable"), &zones.list[1]);
	assert_null(zones_find(&zones, 0, "Movable"));
	zones_free(&zones);
}

static void parses_blocks(void **state)
{
	struct zones zones;
	char many[512] = "Node 0, zone DMA";

	(void)state;
	assert_int_equal(zoneinfo_parse(zoneinfo, &zones), 0);
	buddyinfo_parse("Node 0, zone      DMA      1      2      3 \n"
	                "Node 7, zone      DMA      9\n"
	                "Node 1, zone  Other      9\n"
	                "Node x, zone      DMA      9\n"
	                "nonsense\n",
	                &zones);
	assert_int_equal(zones.list[0].n_orders, 3);
	assert_int_equal(zones.list[0].free_blocks[2], 3);
	assert_int_equal(zones.list[1].n_orders, 0);
	/* No more than there is room for. */
	for (int i = 0; i < 100; i++)
		strcat(many, " 5");
	buddyinfo_parse(many, &zones);
	assert_int_equal(zones.list[0].n_orders, ZONE_ORDERS_MAX);
	zones_free(&zones);
}

static void survives_odd_texts(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n\n",
	    "pages free 1\n",
	    "Node 0, zone\n",
	    "Node 0, zone DMA",
	    "Node 99999, zone DMA\n",
	    "Node 0, zone DMA\n  protection: (\n",
	    "Node 0, zone DMA\n  pages free\n min\n :\n",
	    "Node 0, zone DMA\n protection: ()",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct zones zones;

		assert_int_equal(zoneinfo_parse(texts[i], &zones), 0);
		assert_in_range(zones.n, 0, 1);
		zones_free(&zones);
	}
}

static void parses_counters(void **state)
{
	struct named_values values;

	(void)state;
	assert_int_equal(vmstat_parse("nr_free_pages 12\npgfault 18446744073709551615\nbad\nworse x\n", &values), 0);
	assert_int_equal(values.n, 2);
	assert_true(named_values_get(&values, "pgfault") == UINT64_MAX);
	named_values_clear(&values);
}

static void fragmentation(void **state)
{
	struct zone zone = {.n_orders = 11};

	(void)state;
	/* Nothing free: lack of memory. */
	assert_int_equal(fragmentation_index(&zone, 3), 0);
	zone.free_blocks[0] = 1000;
	assert_int_equal(fragmentation_index(&zone, 0), FRAGMENTATION_NONE);
	/* Many pages, each alone: 1000 - (1000 + 1000*1000/512) / 1000. */
	assert_int_equal(fragmentation_index(&zone, 9), 998);
	zone.free_blocks[0] = 1;
	assert_int_equal(fragmentation_index(&zone, 9), 1000 - 1001);
	zone.free_blocks[10] = 1;
	assert_int_equal(fragmentation_index(&zone, 9), FRAGMENTATION_NONE);
	/* No overflow of any kind. */
	for (int i = 0; i < 11; i++)
		zone.free_blocks[i] = i < 9 ? UINT64_MAX : 0;
	assert_in_range(fragmentation_index(&zone, 9) + 1000, 0, 2000);
}

/* The kernel's own, in thousandths: "Node 0, zone      DMA -1.000 0.660 …". */
static size_t compare_line(const struct machine *machine, char *line, size_t *equal)
{
	char *words = strstr(line, "zone"), *name, *word, *save;
	struct zone *zone;
	unsigned int order = 0;

	assert_non_null(words);
	strtok_r(words, " ", &save);
	name = strtok_r(NULL, " ", &save);
	zone = zones_find(&machine->zones, (int)strtol(line + 5, NULL, 10), name);
	assert_non_null(zone);
	while ((word = strtok_r(NULL, " \n", &save))) {
		int expected = (int)(strtod(word, NULL) * 1000 + (word[0] == '-' ? -0.5 : 0.5));

		*equal += fragmentation_index(zone, order++) == expected;
	}
	assert_int_equal(order, zone->n_orders);
	return order;
}

/* Between reading the one file and the other blocks are freed and taken: not all need be equal. */
static void fragmentation_is_the_kernels(void **state)
{
	size_t all = 0, equal = 0;

	(void)state;
	for (size_t i = 0; i < N_RECORDED; i++) {
		struct machine *machine = recorded_read(recorded_machines[i].name);
		int fd = recorded_open(recorded_machines[i].name);
		char *text, *line, *save;

		if (!root_read(fd, &text, "sys/kernel/debug/extfrag/extfrag_index")) {
			for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
				all += compare_line(machine, line, &equal);
			free(text);
		}
		close(fd);
		machine_free(machine);
	}
	assert_in_range(all, 200, 1000);
	if (equal * 100 < all * 97)
		fail_msg("%zu of %zu indices are the kernel's", equal, all);
}

static void recorded_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_RECORDED; i++) {
		struct machine *machine = recorded_read(recorded_machines[i].name);
		uint64_t managed = 0, total = named_values_get(&machine->memory.bytes, "MemTotal");

		for (size_t j = 0; j < machine->zones.n; j++) {
			const struct zone *zone = &machine->zones.list[j];
			uint64_t in_blocks = 0;

			managed += zone->managed_pages * machine->page_size_bytes;
			assert_true(zone->min_pages <= zone->low_pages && zone->low_pages <= zone->high_pages);
			assert_true(zone->managed_pages <= zone->present_pages &&
			            zone->present_pages <= zone->spanned_pages);
			if (!zone->managed_pages)
				continue;
			assert_in_range(zone->n_orders, 10, 14);
			assert_non_null(named_values_find(&zone->values, "start_pfn"));
			for (size_t order = 0; order < zone->n_orders; order++)
				in_blocks += zone->free_blocks[order] << order;
			/* Read one after the other. */
			assert_true(llabs((long long)(in_blocks - zone->free_pages)) < 2000);
		}
		if (strcmp(recorded_machines[i].name, "6.18-here"))
			assert_int_equal(managed, total);
		machine_free(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_zones),       cmocka_unit_test(parses_blocks),
	    cmocka_unit_test(survives_odd_texts), cmocka_unit_test(parses_counters),
	    cmocka_unit_test(fragmentation),      cmocka_unit_test(fragmentation_is_the_kernels),
	    cmocka_unit_test(recorded_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
