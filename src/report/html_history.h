/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of a recording, for the page of --format html. */
#ifndef MEMTRACE_REPORT_HTML_HISTORY_H
#define MEMTRACE_REPORT_HTML_HISTORY_H

#include <stdio.h>

#include "model/snapshot.h"

/*
 * Writes it as a JSON value, null without one. Of a long recording some moments are left out: of each stretch of
 * time the one of most live bytes stays, and the first, the last and the one shown. 0 or -ENOMEM.
 */
int html_history_write(FILE *out, const struct snapshot *snapshot);

#endif
