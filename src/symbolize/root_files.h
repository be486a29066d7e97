/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening files whose names come from a target, below a root directory that is the
 * target's or memtrace's own. Every name is hostile: symbolic links never lead out of that root
 * (openat2, RESOLVE_IN_ROOT), and only regular files are opened, so that nothing waits
 * (a FIFO) and no device is touched.
 */
#ifndef MEMTRACE_SYMBOLIZE_ROOT_FILES_H
#define MEMTRACE_SYMBOLIZE_ROOT_FILES_H

#include <stdbool.h>

/*
 * Opens a regular file for reading. `root_fd` may be O_PATH; `path` is taken from that root
 * whether it begins with a slash or not. `follow_last`: the last component may be a symbolic link.
 * A descriptor or -errno: -EINVAL when it is no regular file.
 */
int root_open(int root_fd, const char *path, bool follow_last);

#endif
