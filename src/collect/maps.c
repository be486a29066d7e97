// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/maps.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Reads a number and the character behind it, blanks before it left out; false where there is none such. */
static bool read_number(char **at, int base, char behind, uint64_t *number)
{
	char *end;

	*at += strspn(*at, " ");
	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &end, base);
	if (end == *at || errno || (behind ? *end != behind : *end && !isspace((unsigned char)*end)))
		return false;
	*at = behind ? end + 1 : end;
	return true;
}

static bool read_permissions(char **at, struct maps_row *row)
{
	size_t length;

	*at += strspn(*at, " ");
	length = strcspn(*at, " ");
	if (length != 4)
		return false;
	row->readable = (*at)[0] == 'r';
	row->writable = (*at)[1] == 'w';
	row->executable = (*at)[2] == 'x';
	row->shared = (*at)[3] == 's';
	*at += length;
	return true;
}

bool maps_parse(char *line, struct maps_row *row)
{
	static const char deleted[] = " (deleted)";
	uint64_t major, minor, inode;
	char *at = line;
	size_t length;

	if (!read_number(&at, 16, '-', &row->start) || !read_number(&at, 16, ' ', &row->end) ||
	    row->end <= row->start || !read_permissions(&at, row) || !read_number(&at, 16, ' ', &row->offset) ||
	    !read_number(&at, 16, ':', &major) || !read_number(&at, 16, ' ', &minor) ||
	    !read_number(&at, 10, 0, &inode))
		return false;
	row->device = makedev(major, minor);
	row->inode = inode;
	at += strspn(at, " ");
	length = strlen(at);
	if (length && at[length - 1] == '\n')
		at[--length] = 0;
	if (length > sizeof(deleted) - 1 && !strcmp(at + length - (sizeof(deleted) - 1), deleted))
		at[length - (sizeof(deleted) - 1)] = 0;
	row->name = at;
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
