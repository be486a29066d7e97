// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of /proc/PID/maps: what is taken for one is a range, and its name lies within the line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/maps.h"

static void check_line(char *line)
{
	char *end = line + strlen(line);
	struct maps_row row;

	if (!maps_parse(line, &row))
		return;
	if (row.end <= row.start || row.name < line || row.name > end || row.name + strlen(row.name) > end)
		abort();
	if (*row.name && row.name[strlen(row.name) - 1] == '\n' && row.name + strlen(row.name) == end)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = strndup((const char *)data, size);

	check_line(line);
	free(line);
	return 0;
}
