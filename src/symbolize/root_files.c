// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/root_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_open(int root_fd, const char *path, bool follow_last)
{
	struct open_how how = {
	    .flags = O_PATH | O_CLOEXEC | (follow_last ? 0 : O_NOFOLLOW),
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char again[32];
	struct stat status;
	int found, fd;

	found = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (found < 0)
		return -errno;
	if (fstat(found, &status) || !S_ISREG(status.st_mode)) {
		close(found);
		return -EINVAL;
	}
	/* The very file that was looked at, now for reading. */
	snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		fd = -errno;
	close(found);
	return fd;
}
