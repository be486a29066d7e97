// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The command's words in one line; NULL without one. The caller frees it. */
static char *command_line(char **command)
{
	char *text = NULL;
	size_t size;
	FILE *out = command ? open_memstream(&text, &size) : NULL;

	for (size_t i = 0; out && command[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", command[i]);
	if (out)
		fclose(out);
	return text;
}

int recorder_open(const char *path, const struct options *options, const struct writer_namer *namer,
                  struct writer **writer, char *error, size_t error_size)
{
	char *command = command_line(options->command), interval[24], older[24], cpus[24];
	struct utsname machine;
	int failed;

	uname(&machine);
	snprintf(interval, sizeof(interval), "%" PRIu64, options->interval_ns);
	snprintf(older, sizeof(older), "%" PRIu64, options->older_ns);
	snprintf(cpus, sizeof(cpus), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	failed = writer_open(path,
	                     (const struct about[]){{"memtrace", MEMTRACE_VERSION},
	                                            {"command_line", command},
	                                            {"interval_ns", interval},
	                                            {"older_ns", older},
	                                            {"host", machine.nodename},
	                                            {"kernel", machine.release},
	                                            {"machine", machine.machine},
	                                            {"cpus", cpus},
	                                            {"symbols", "none"}},
	                     9, namer, writer, error, error_size);
	free(command);
	return failed;
}
