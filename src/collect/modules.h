/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that targets have mapped executable, each once, kept open for as long as
 * the run: what was deleted, replaced or lies in a container can then still be read.
 */
#ifndef MEMTRACE_COLLECT_MODULES_H
#define MEMTRACE_COLLECT_MODULES_H

#include <sys/types.h>

#include "collect/maps.h"
#include "model/module.h"

struct modules;

struct modules *modules_new(void);
void modules_free(struct modules *modules);

/*
 * The module of a row of /proc/PID/maps, opened when it is new. NULL when out of memory. The vdso's is
 * a copy of its image. What is no file is a module of its own in each process.
 */
struct module *modules_get(struct modules *modules, pid_t pid, const struct maps_row *row);

#endif
