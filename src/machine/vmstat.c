// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/vmstat.h"

#include <stdlib.h>

#include "machine/root.h"
#include "machine/text.h"

int vmstat_parse(const char *text, struct named_values *values)
{
	struct span line, name;
	uint64_t value;
	int error = 0;

	*values = (struct named_values){0};
	while (!error && text_line(&text, &line)) {
		if (span_word(&line, &name) && span_number(&line, &value))
			error = named_values_add(values, name.start, name.length, value);
	}
	if (error)
		named_values_clear(values);
	return error;
}

int vmstat_read(int root_fd, struct named_values *values)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/vmstat");

	if (error)
		return error;
	error = vmstat_parse(text, values);
	free(text);
	return error;
}
