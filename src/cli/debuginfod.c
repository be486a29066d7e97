// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/debuginfod.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/message.h"

int debuginfod_use(struct symbolizer *symbolizer, const struct options *options, char *error, size_t error_size)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	int failed;

	if (!options->debuginfod && (!urls || !urls[0]))
		return 0;
	failed =
	    symbolizer_use_debuginfod(symbolizer, options->verbosity >= 0 && isatty(STDERR_FILENO), error, error_size);
	if (!failed || options->debuginfod)
		return failed;
	/* Set for other tools, perhaps; reports can do without. */
	message_tell(options->verbosity, 1, error);
	return 0;
}
