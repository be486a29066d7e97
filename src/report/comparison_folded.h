/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_COMPARISON_FOLDED_H
#define MEMTRACE_REPORT_COMPARISON_FOLDED_H

#include "report/renderer.h"

/* Two columns a stack, for differential flame graphs; struct renderer's comparison. */
int comparison_folded(FILE *out, const struct comparison *comparison, const struct render_options *options);

#endif
