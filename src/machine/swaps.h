/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where pages are swapped to: /proc/swaps. */
#ifndef MEMTRACE_MACHINE_SWAPS_H
#define MEMTRACE_MACHINE_SWAPS_H

#include "model/machine.h"

/* Adds each area to the machine. Lines that are not understood are passed over. 0 or -ENOMEM. */
int swaps_parse(const char *text, struct machine *machine);

#endif
