/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is leaked, in the words of LeakSanitizer. */
#ifndef MEMTRACE_REPORT_LEAKS_TEXT_H
#define MEMTRACE_REPORT_LEAKS_TEXT_H

#include "report/renderer.h"

/* As renderer.report; the snapshot's command is "leaks". */
int leaks_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options);

#endif
