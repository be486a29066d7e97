// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

bool maps_parse(char *line, struct maps_row *row)
{
	static const char deleted[] = " (deleted)";
	unsigned int major, minor;
	char permissions[5];
	uint64_t inode;
	int name_at = 0;
	size_t length;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &row->start, &row->end,
		   permissions, &row->offset, &major, &minor, &inode, &name_at) < 7 ||
	    row->end <= row->start)
		return false;
	row->device = makedev(major, minor);
	row->inode = inode;
	row->executable = strlen(permissions) == 4 && permissions[2] == 'x';
	row->name = line + (name_at ? (size_t)name_at : strlen(line));
	length = strlen(row->name);
	if (length && row->name[length - 1] == '\n')
		line[row->name - line + --length] = 0;
	if (length > sizeof(deleted) - 1 && !strcmp(row->name + length - (sizeof(deleted) - 1), deleted))
		line[row->name - line + length - (sizeof(deleted) - 1)] = 0;
	return true;
}

int maps_read(pid_t pid, int (*found)(void *context, const struct maps_row *row), void *context)
{
	char path[64], *line = NULL;
	size_t size = 0;
	int result = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!result && getline(&line, &size, file) >= 0) {
		struct maps_row row;

		if (maps_parse(line, &row))
			result = found(context, &row);
	}
	if (!result && ferror(file))
		result = -EIO;
	free(line);
	fclose(file);
	return result;
}
