// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line. The first byte says what the command takes; of the rest each
 * line is one argument.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

#define ARGUMENTS_MAX 64

/* Whatever was accepted must be within its bounds, and whatever was not must have a text that says why. */
static void check(int result, const struct options *options, const char *error)
{
	if (result < 0 && !*error)
		abort();
	if (result)
		return;
	if (!options->interval_ns || !options->renderer || options->stack_depth < 1 || options->stack_depth > 1000)
		abort();
	if (options->min_size_bytes > options->max_size_bytes || (options->n_pids && options->command))
		abort();
	for (size_t i = 0; i < options->n_pids; i++) {
		if (options->pids[i] <= 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGUMENTS_MAX + 2] = {(char *)"trace"}, error[200] = "", *text, *rest, *word;
	struct options options;
	int argc = 1, result;

	if (!size)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	for (rest = text; argc <= ARGUMENTS_MAX && (word = strsep(&rest, "\n"));)
		argv[argc++] = word;
	result = options_parse(&options, argc, argv, data[0] & 7, error, sizeof(error));
	check(result, &options, error);
	options_free(&options);
	free(text);
	return 0;
}
