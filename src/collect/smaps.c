// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/smaps.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A mapping in the making: its first line is kept while its fields are read. */
struct reading {
	char *line, *first;
	size_t line_size, first_size;
	bool any;
	struct smaps_row row;
};

/* "Rss:                 172 kB" */
static bool read_field(const char *line, const char *name, uint64_t *bytes)
{
	size_t length = strlen(name);
	uint64_t kib, product;
	char *end;

	if (strncmp(line, name, length))
		return false;
	line += length + strspn(line + length, " ");
	if (!isdigit((unsigned char)*line))
		return false;
	errno = 0;
	kib = strtoull(line, &end, 10);
	if (errno || strncmp(end, " kB", 3) != 0 || __builtin_mul_overflow(kib, 1024, &product))
		return false;
	*bytes = product;
	return true;
}

/* The line becomes the first of a mapping, if it is one. */
static bool begin(struct reading *reading)
{
	struct maps_row mapping;
	char *line = reading->line;
	size_t size = reading->line_size;

	if (!maps_parse(line, &mapping))
		return false;
	reading->line = reading->first;
	reading->line_size = reading->first_size;
	reading->first = line;
	reading->first_size = size;
	reading->row = (struct smaps_row){.mapping = mapping};
	reading->any = true;
	return true;
}

static int tell(const struct reading *reading, int (*found)(void *context, const struct smaps_row *row), void *context)
{
	return reading->any ? found(context, &reading->row) : 0;
}

int smaps_parse(FILE *file, int (*found)(void *context, const struct smaps_row *row), void *context)
{
	struct reading reading = {.line = NULL};
	int result = 0;

	while (!result && getline(&reading.line, &reading.line_size, file) >= 0) {
		struct reading before = reading;

		if (read_field(reading.line, "Rss:", &reading.row.rss_bytes) ||
		    read_field(reading.line, "Anonymous:", &reading.row.anonymous_bytes))
			continue;
		if (begin(&reading))
			result = tell(&before, found, context);
	}
	if (!result && ferror(file))
		result = -EIO;
	if (!result)
		result = tell(&reading, found, context);
	free(reading.line);
	free(reading.first);
	return result;
}

int smaps_read(pid_t pid, int (*found)(void *context, const struct smaps_row *row), void *context)
{
	char path[64];
	FILE *file;
	int result;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	result = smaps_parse(file, found, context);
	fclose(file);
	return result;
}
