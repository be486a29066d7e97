/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost, said on standard error. */
#ifndef MEMTRACE_CLI_LOSSES_H
#define MEMTRACE_CLI_LOSSES_H

#include "report/renderer.h"

/* The integrity line of a report that has no place for it, where something was lost; also with --quiet. */
void losses_tell(const struct renderer *renderer, const struct snapshot *snapshot);

#endif
