// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own counters of memory, /proc/vmstat and /proc/meminfo, as rows. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "collect/kernel_internal.h"
#include "machine/meminfo.h"
#include "machine/vmstat.h"

/* Of /proc/vmstat, in pages or (kib) in units of 1024 bytes. */
static const struct {
	const char *name;
	bool kib;
} vmstat_rows[] = {
    {"nr_free_pages", false},
    {"nr_slab_unreclaimable", false},
    {"nr_slab_reclaimable", false},
    {"nr_kernel_stack", true},
    {"nr_page_table_pages", false},
    {"nr_sec_page_table_pages", false},
    {"nr_kernel_misc_reclaimable", false},
    {"nr_anon_pages", false},
    {"nr_file_pages", false},
};

/* Of /proc/meminfo, what /proc/vmstat does not have. */
static const char *const meminfo_rows[] = {"Percpu", "VmallocUsed"};

static int add(struct named_values *counters, const char *name, const struct named_value *value, uint64_t unit_bytes)
{
	return value ? named_values_add(counters, name, strlen(name), value->value * unit_bytes) : 0;
}

static int add_vmstat(int root, struct named_values *counters)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct named_values values = {0};
	int error = vmstat_read(root, &values);

	for (size_t i = 0; i < sizeof(vmstat_rows) / sizeof(vmstat_rows[0]) && !error; i++)
		error = add(counters, vmstat_rows[i].name, named_values_find(&values, vmstat_rows[i].name),
		            vmstat_rows[i].kib ? 1024 : page_bytes);
	named_values_clear(&values);
	return error;
}

static int add_meminfo(int root, struct named_values *counters)
{
	struct machine_memory memory = {0};
	int error = meminfo_read(root, &memory);

	for (size_t i = 0; i < sizeof(meminfo_rows) / sizeof(meminfo_rows[0]) && !error; i++)
		error = add(counters, meminfo_rows[i], named_values_find(&memory.bytes, meminfo_rows[i]), 1);
	machine_memory_clear(&memory);
	return error;
}

int kernel_counters_read(struct named_values *counters)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), error;

	memset(counters, 0, sizeof(*counters));
	if (root < 0)
		return -errno;
	error = add_vmstat(root, counters);
	if (!error)
		error = add_meminfo(root, counters);
	close(root);
	if (error)
		named_values_clear(counters);
	return error;
}
