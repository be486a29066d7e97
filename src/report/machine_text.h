/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_MACHINE_TEXT_H
#define MEMTRACE_REPORT_MACHINE_TEXT_H

#include "report/renderer.h"
#include "report/sheet.h"

/* What `memtrace system` says, for people: one screen, at most 100 columns wide. 0 or -errno. */
int machine_text(FILE *out, const struct machine_report *report, const struct render_options *options);

/* Its tables, in files by what they are of. */
void machine_text_nodes(const struct sheet *sheet, const struct machine_report *report);
void machine_text_zones(const struct sheet *sheet, const struct machine_report *report);
void machine_text_slabs(const struct sheet *sheet, const struct machine_report *report, size_t top);
void machine_text_huge(const struct sheet *sheet, const struct machine_report *report);
void machine_text_activity(const struct sheet *sheet, const struct machine_report *report);
void machine_text_processes(const struct sheet *sheet, const struct machine_report *report);

#endif
