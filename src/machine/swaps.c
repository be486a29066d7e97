// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/swaps.h"

#include <stdlib.h>
#include <string.h>

#include "machine/text.h"
#include "util/grow.h"

#define BYTES_PER_KB 1024
#define PRIORITY_MAX 32767

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes a blank in a path as \040, and so on. NULL when out of memory. */
static char *unescape(struct span path)
{
	char *name = malloc(path.length + 1), *to = name;

	for (size_t i = 0; name && i < path.length; i++) {
		const char *at = path.start + i;

		if (*at == '\\' && path.length - i > 3 && at[1] >= '0' && at[1] <= '3' && is_octal(at[2]) &&
		    is_octal(at[3])) {
			*to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			i += 3;
		} else {
			*to++ = *at;
		}
	}
	if (name)
		*to = '\0';
	return name;
}

static bool parse_priority(struct span *line, int *priority)
{
	struct span word;
	uint64_t value;
	bool negative;

	if (!span_word(line, &word))
		return false;
	negative = span_skip(&word, "-");
	if (!span_decimal(word, &value) || value > PRIORITY_MAX)
		return false;
	*priority = negative ? -(int)value : (int)value;
	return true;
}

/* "PATH TYPE KIB KIB PRIORITY" */
static int parse_line(struct span line, struct machine *machine)
{
	struct machine_swap swap = {0};
	struct span path, type;
	int error;

	if (!span_word(&line, &path) || !span_word(&line, &type) || !span_number(&line, &swap.size_bytes) ||
	    !span_number(&line, &swap.used_bytes) || !parse_priority(&line, &swap.priority) ||
	    __builtin_mul_overflow(swap.size_bytes, BYTES_PER_KB, &swap.size_bytes) ||
	    __builtin_mul_overflow(swap.used_bytes, BYTES_PER_KB, &swap.used_bytes))
		return 0;
	error = grow_list((void **)&machine->swaps, machine->n_swaps, sizeof(swap));
	if (error)
		return error;
	swap.path = unescape(path);
	swap.type = strndup(type.start, type.length);
	machine->swaps[machine->n_swaps++] = swap;
	return swap.path && swap.type ? 0 : -ENOMEM;
}

int swaps_parse(const char *text, struct machine *machine)
{
	struct span line;
	int error = 0;

	while (!error && text_line(&text, &line))
		error = parse_line(line, machine);
	return error;
}
