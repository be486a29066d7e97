/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has memory by vmalloc: /proc/vmallocinfo, which root alone may read. */
#ifndef MEMTRACE_MACHINE_VMALLOCINFO_H
#define MEMTRACE_MACHINE_VMALLOCINFO_H

#include "model/machine.h"

/* Adds up the areas by caller. What maps pages of others (ioremap, vmap) is left out. 0 or -ENOMEM. */
int vmallocinfo_parse(const char *text, struct machine *machine);

#endif
