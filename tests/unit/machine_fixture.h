/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines that were recorded, unpacked where the build puts them. */
#ifndef MEMTRACE_TESTS_MACHINE_FIXTURE_H
#define MEMTRACE_TESTS_MACHINE_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine/reading.h"

struct recorded {
	const char *name, *release; /* what its release begins with */
	size_t n_nodes;
};

static const struct recorded recorded_machines[] = {
    {"5.10-1", "5.10.", 1}, {"5.10-2", "5.10.", 2}, {"6.1-4", "6.1.", 4}, {"6.12-8", "6.12.", 8},
    {"6.18-2", "6.18.", 2}, {"7-1", "7.", 1},       {"7-4", "7.", 4},     {"6.18-here", "6.18.", 1},
};

#define N_RECORDED (sizeof(recorded_machines) / sizeof(recorded_machines[0]))

static inline int recorded_open(const char *name)
{
	const char *build = getenv("BUILD");
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/tests/machines/%s", build ? build : "build", name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("no recorded machine at %s", path);
	return fd;
}

static inline struct machine *recorded_read(const char *name)
{
	int fd = recorded_open(name);
	struct machine *machine;

	assert_int_equal(machine_read(fd, &machine), 0);
	close(fd);
	return machine;
}

#endif
