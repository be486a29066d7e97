// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/missing.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"

int missing_add(struct machine *machine, int error, const char *path_format, ...)
{
	struct machine_missing missing = {.error = error};
	char path[256] = "/";
	va_list arguments;
	int grown;

	if (error == -ENOMEM)
		return error;
	va_start(arguments, path_format);
	vsnprintf(path + 1, sizeof(path) - 1, path_format, arguments);
	va_end(arguments);
	grown = grow_list((void **)&machine->missing, machine->n_missing, sizeof(missing));
	if (grown)
		return grown;
	missing.path = strdup(path);
	if (!missing.path)
		return -ENOMEM;
	machine->missing[machine->n_missing++] = missing;
	return 0;
}
