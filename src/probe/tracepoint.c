// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int tracefs_detached(void)
{
	int mount = -1, context = syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		mount = -errno;
	close(context);
	return mount;
}

static int tracefs_open(void)
{
	static const char *const mounted[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	for (size_t i = 0; i < sizeof(mounted) / sizeof(mounted[0]); i++) {
		int fd = open(mounted[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && faccessat(fd, "events", F_OK, 0) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return tracefs_detached();
}

int tracepoint_id(const char *category, const char *name)
{
	char path[160], text[32] = "";
	int directory = tracefs_open(), fd, id = -EIO;

	if (directory < 0)
		return directory;
	snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		id = -errno;
	} else {
		if (read(fd, text, sizeof(text) - 1) > 0)
			id = (int)strtol(text, NULL, 10);
		close(fd);
	}
	close(directory);
	return id;
}

int tracepoint_open(const char *category, const char *name)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_TRACEPOINT,
	    .size = sizeof(attr),
	    .sample_period = 1,
	    .sample_type = PERF_SAMPLE_RAW,
	    .wakeup_events = 1,
	};
	int id = tracepoint_id(category, name), fd;

	if (id < 0)
		return id;
	attr.config = id;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
