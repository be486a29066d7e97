// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine/huge.h"
#include "machine/meminfo.h"
#include "machine/missing.h"
#include "machine/nodes.h"
#include "machine/pressure.h"
#include "machine/processes.h"
#include "machine/root.h"
#include "machine/settings.h"
#include "machine/slabinfo.h"
#include "machine/swaps.h"
#include "machine/vmallocinfo.h"
#include "machine/vmstat.h"
#include "machine/zoneinfo.h"
#include "util/grow.h"

#define NS_PER_S 1000000000ULL

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int read_counters(int root_fd, struct machine *machine)
{
	return vmstat_read(root_fd, &machine->counters);
}

static int read_zones(int root_fd, struct machine *machine)
{
	return zoneinfo_read(root_fd, &machine->zones);
}

static int read_buddies(int root_fd, struct machine *machine)
{
	return buddyinfo_read(root_fd, &machine->zones);
}

static int read_slabs(int root_fd, struct machine *machine)
{
	int error = slabinfo_read(root_fd, SLABINFO_ALIASES | SLABINFO_DETAILS | SLABINFO_NODES, &machine->slabs);

	if (!error && machine->slabs.aliases_error)
		error = missing_add(machine, machine->slabs.aliases_error, "sys/kernel/slab");
	return error;
}

static int read_huge(int root_fd, struct machine *machine)
{
	int error = huge_read(root_fd, -1, machine);

	for (size_t i = 0; i < machine->n_nodes && !error; i++) {
		/* Nodes without memory have none. */
		error = huge_read(root_fd, machine->nodes[i].node, machine);
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

static int read_swaps(int root_fd, struct machine *machine)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/swaps");

	if (error)
		return error;
	error = swaps_parse(text, machine);
	free(text);
	return error;
}

static int read_vmalloc(int root_fd, struct machine *machine)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/vmallocinfo");

	if (error)
		return error;
	error = vmallocinfo_parse(text, machine);
	free(text);
	return error;
}

static int read_pressure(int root_fd, struct machine *machine, const char *resource)
{
	struct machine_pressure pressure = {.resource = resource};
	char *text;
	int error = root_read(root_fd, &text, "proc/pressure/%s", resource);

	if (error)
		return error;
	pressure_parse(text, &pressure);
	free(text);
	error = grow_list((void **)&machine->pressures, machine->n_pressures, sizeof(pressure));
	if (!error)
		machine->pressures[machine->n_pressures++] = pressure;
	return error;
}

static int read_memory_pressure(int root_fd, struct machine *machine)
{
	return read_pressure(root_fd, machine, "memory");
}

static int read_io_pressure(int root_fd, struct machine *machine)
{
	return read_pressure(root_fd, machine, "io");
}

static int read_release(int root_fd, struct machine *machine)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/sys/kernel/osrelease");

	if (error)
		return error;
	machine->release = strndup(text, strcspn(text, "\n"));
	free(text);
	return machine->release ? 0 : -ENOMEM;
}

/* In the order in which they are read. The error of a part is noted under its path. */
static const struct {
	const char *path;
	int (*read)(int root_fd, struct machine *machine);
} parts[] = {
    {"proc/vmstat", read_counters},
    {"proc/zoneinfo", read_zones},
    {"proc/buddyinfo", read_buddies},
    {"sys/devices/system/node", machine_nodes_read},
    {"proc/slabinfo", read_slabs},
    {"proc/swaps", read_swaps},
    {"proc/pressure/memory", read_memory_pressure},
    {"proc/pressure/io", read_io_pressure},
    {"sys/kernel/mm/hugepages", read_huge},
    {"sys/kernel/mm/transparent_hugepage", transparent_read},
    {"proc/vmallocinfo", read_vmalloc},
    {"proc", processes_read},
    {"sys/devices/system/node", machine_nodes_describe},
    {"proc/sys/vm", settings_read},
    {"proc/sys/kernel/osrelease", read_release},
};

static int read_parts(int root_fd, struct machine *machine)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int error = parts[i].read(root_fd, machine);

		if (error)
			error = missing_add(machine, error, "%s", parts[i].path);
		if (error)
			return error;
	}
	return 0;
}

/* By how much free memory has changed since it was read. */
static void measure_drift(int root_fd, struct machine *machine)
{
	struct machine_memory after;

	if (meminfo_read(root_fd, &after))
		return;
	machine->drift_bytes =
	    (int64_t)(named_values_get(&after.bytes, "MemFree") - named_values_get(&machine->memory.bytes, "MemFree"));
	machine_memory_clear(&after);
}

int machine_read(int root_fd, struct machine **machine)
{
	struct machine *reading = calloc(1, sizeof(*reading));
	int error;

	if (!reading)
		return -ENOMEM;
	reading->time_unix_ns = now_ns(CLOCK_REALTIME);
	reading->monotonic_ns = now_ns(CLOCK_MONOTONIC);
	reading->page_size_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	error = meminfo_read(root_fd, &reading->memory);
	if (!error)
		error = read_parts(root_fd, reading);
	if (error) {
		machine_free(reading);
		return error;
	}
	measure_drift(root_fd, reading);
	reading->read_ns = now_ns(CLOCK_MONOTONIC) - reading->monotonic_ns;
	*machine = reading;
	return 0;
}
