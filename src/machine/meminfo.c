// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/meminfo.h"

#include <stdlib.h>

#include "machine/root.h"
#include "machine/text.h"

#define BYTES_PER_KB 1024

/* "Node 0 " */
static void skip_node(struct span *line)
{
	struct span rest = *line, number;
	uint64_t node;

	if (span_skip(&rest, "Node ") && span_word(&rest, &number) && span_decimal(number, &node))
		*line = rest;
}

static int parse_line(struct span line, struct machine_memory *memory)
{
	struct span name;
	uint64_t value;

	skip_node(&line);
	if (!span_until(&line, ':', &name))
		return 0;
	name = span_trim(name);
	if (!name.length || !span_number(&line, &value))
		return 0;
	if (!span_is(span_trim(line), "kB"))
		return named_values_add(&memory->counts, name.start, name.length, value);
	if (__builtin_mul_overflow(value, BYTES_PER_KB, &value))
		return 0;
	return named_values_add(&memory->bytes, name.start, name.length, value);
}

int meminfo_parse(const char *text, struct machine_memory *memory)
{
	struct span line;
	int error = 0;

	*memory = (struct machine_memory){0};
	while (!error && text_line(&text, &line))
		error = parse_line(line, memory);
	if (error)
		machine_memory_clear(memory);
	return error;
}

int meminfo_read(int root_fd, struct machine_memory *memory)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/meminfo");

	if (error)
		return error;
	error = meminfo_parse(text, memory);
	free(text);
	return error;
}
