// SPDX-License-Identifier: GPL-2.0-or-later
/* The smaller parsers: memory, swap, pressure, vmalloc, processes, huge pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "machine/huge.h"
#include "machine/meminfo.h"
#include "machine/pressure.h"
#include "machine/processes.h"
#include "machine/swaps.h"
#include "machine/vmallocinfo.h"

static void memory(void **state)
{
	static const char text[] = "MemTotal:       24683620 kB\n"
	                           "Active(anon):       1544 kB\n"
	                           "HugePages_Total:      12\n"
	                           "FromTheFuture:         7 kB\n"
	                           "Overflow: 18446744073709551615 kB\n"
	                           "NoNumber: kB\n: 1 kB\nnothing\n";
	struct machine_memory memory;

	(void)state;
	assert_int_equal(meminfo_parse(text, &memory), 0);
	assert_int_equal(memory.bytes.n, 3);
	assert_int_equal(named_values_get(&memory.bytes, "MemTotal"), 24683620ULL * 1024);
	assert_int_equal(named_values_get(&memory.bytes, "Active(anon)"), 1544 * 1024);
	assert_int_equal(named_values_get(&memory.bytes, "FromTheFuture"), 7 * 1024);
	assert_int_equal(memory.counts.n, 1);
	assert_int_equal(named_values_get(&memory.counts, "HugePages_Total"), 12);
	machine_memory_clear(&memory);
}

static void memory_of_a_node(void **state)
{
	struct machine_memory memory;

	(void)state;
	assert_int_equal(meminfo_parse("\nNode 12 MemFree:   5 kB\nNode 12 HugePages_Free:     3\n", &memory), 0);
	assert_int_equal(named_values_get(&memory.bytes, "MemFree"), 5 * 1024);
	assert_int_equal(named_values_get(&memory.counts, "HugePages_Free"), 3);
	machine_memory_clear(&memory);
}

static void swaps(void **state)
{
	static const char text[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	                           "/dev/zram0                              partition\t1048572\t\t2048\t\t100\n"
	                           "/var/swap\\040file\\134x\\012\\040(deleted)  file\t\t1020\t\t0\t\t-2\n"
	                           "/dev/x partition 1 2\n"
	                           "/dev/x partition 1 2 99999\n"
	                           "/trailing\\04 file 1 0 0\n";
	struct machine *machine = calloc(1, sizeof(*machine));

	(void)state;
	assert_int_equal(swaps_parse(text, machine), 0);
	assert_int_equal(machine->n_swaps, 3);
	assert_string_equal(machine->swaps[0].path, "/dev/zram0");
	assert_string_equal(machine->swaps[0].type, "partition");
	assert_int_equal(machine->swaps[0].size_bytes, 1048572ULL * 1024);
	assert_int_equal(machine->swaps[0].used_bytes, 2048 * 1024);
	assert_int_equal(machine->swaps[0].priority, 100);
	assert_string_equal(machine->swaps[1].path, "/var/swap file\\x\n (deleted)");
	assert_int_equal(machine->swaps[1].priority, -2);
	assert_string_equal(machine->swaps[2].path, "/trailing\\04");
	machine_free(machine);
}

static void pressure(void **state)
{
	struct machine_pressure pressure = {.resource = "memory"};

	(void)state;
	pressure_parse("some avg10=98.51 avg60=57.37 avg300=18.05 total=75143059\n"
	               "full avg10=0.00 avg60=100.00 avg300=1.2 total=0\n",
	               &pressure);
	assert_true(pressure.some.known);
	assert_int_equal(pressure.some.avg10_bp, 9851);
	assert_int_equal(pressure.some.avg60_bp, 5737);
	assert_int_equal(pressure.some.avg300_bp, 1805);
	assert_int_equal(pressure.some.total_us, 75143059);
	assert_false(pressure.full.known);
}

static void vmalloc(void **state)
{
	static const char text[] = "0x0-0x0   20480 kernel_clone+0xb8/0x400 pages=4 vmalloc N0=4\n"
	                           "0x0-0x0   20480 dup_task_struct+0x1/0x2 pages=4 vmalloc N0=2 N1=2\n"
	                           "0x0-0x0    8192 set_new+0x1/0x2 [nf_tables] pages=1 vmalloc N0=1\n"
	                           "0x0-0x0    8192 set_new+0x7/0x2 [nf_tables] pages=9 vmalloc vpages N0=9\n"
	                           "0x0-0x0    8192 unpurged vm_area\n"
	                           "0x0-0x0    8192 irq_init+0x1/0x2 vmap\n"
	                           "0x0-0x0    8192 dma_map+0x1/0x2 pages=5 vmap\n"
	                           "0x0-0x0    8192 memremap+0x1/0x2 phys=0x00000000000df000 ioremap\n"
	                           "0x0-0x0    8192 pages=3 vmalloc\n"
	                           "0x0-0x0    x\n\n";
	struct machine *machine = calloc(1, sizeof(*machine));

	(void)state;
	assert_int_equal(vmallocinfo_parse(text, machine), 0);
	assert_true(machine->vmalloc_known);
	assert_int_equal(machine->vmalloc_stack_pages, 8);
	assert_int_equal(machine->n_vmalloc, 3);
	assert_string_equal(machine->vmalloc[0].caller, "set_new [nf_tables]");
	assert_int_equal(machine->vmalloc[0].pages, 10);
	assert_int_equal(machine->vmalloc[0].areas, 2);
	assert_string_equal(machine->vmalloc[1].caller, "dup_task_struct");
	assert_string_equal(machine->vmalloc[2].caller, "kernel_clone");
	machine_free(machine);
}

static void process(void **state)
{
	static const char text[] =
	    "Name:\todd: VmRSS:\t9 kB\nUmask:\t0022\nVmRSS:\t    1764 kB\nRssAnon:\t     120 kB\n"
	    "RssFile:\t    1600 kB\nRssShmem:\t      44 kB\nVmPTE:\t      52 kB\n"
	    "VmSwap:\t       8 kB\nHugetlbPages:\t    2048 kB\n";
	struct machine_process process;

	(void)state;
	assert_true(process_parse(text, &process));
	assert_string_equal(process.name, "odd: VmRSS:\t9 kB");
	assert_int_equal(process.rss_bytes, 1764 * 1024);
	assert_int_equal(process.anon_bytes, 120 * 1024);
	assert_int_equal(process.file_bytes, 1600 * 1024);
	assert_int_equal(process.shmem_bytes, 44 * 1024);
	assert_int_equal(process.page_table_bytes, 52 * 1024);
	assert_int_equal(process.swap_bytes, 8 * 1024);
	assert_int_equal(process.huge_bytes, 2048 * 1024);
	free(process.name);
	/* Kernel threads and zombies. */
	assert_false(process_parse("Name:\tkthreadd\nState:\tS (sleeping)\n", &process));
	assert_false(process_parse("VmRSS:\t1 kB\n", &process));
	assert_false(process_parse("", &process));
}

static void huge_sizes(void **state)
{
	(void)state;
	assert_int_equal(huge_size_bytes("hugepages-2048kB"), 2 << 20);
	assert_int_equal(huge_size_bytes("hugepages-1048576kB"), 1 << 30);
	assert_int_equal(huge_size_bytes("hugepages-"), 0);
	assert_int_equal(huge_size_bytes("hugepages-2048MB"), 0);
	assert_int_equal(huge_size_bytes("hugepages-2048kBx"), 0);
	assert_int_equal(huge_size_bytes("hugepages-18446744073709551615kB"), 0);
	assert_int_equal(huge_size_bytes("enabled"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory),     cmocka_unit_test(memory_of_a_node), cmocka_unit_test(swaps),
	    cmocka_unit_test(pressure),   cmocka_unit_test(vmalloc),          cmocka_unit_test(process),
	    cmocka_unit_test(huge_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
