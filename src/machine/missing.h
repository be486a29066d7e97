/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What could not be read of a machine. */
#ifndef MEMTRACE_MACHINE_MISSING_H
#define MEMTRACE_MACHINE_MISSING_H

#include "model/machine.h"

/* Notes that a file, named from the root on, was not read for this error (-errno). 0 or -ENOMEM. */
int missing_add(struct machine *machine, int error, const char *path_format, ...) __attribute__((format(printf, 3, 4)));

#endif
