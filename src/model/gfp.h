/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GFP flags in the kernel's own words. */
#ifndef MEMTRACE_MODEL_GFP_H
#define MEMTRACE_MODEL_GFP_H

#include <stddef.h>
#include <stdint.h>

#define GFP_TEXT_SIZE 640

/*
 * "GFP_KERNEL|__GFP_COMP", as the kernel's events print them (include/trace/events/mmflags.h); what has no
 * name that all supported kernels share is a number at the end. The text is cut where there is no room.
 */
void gfp_text(char *text, size_t size, uint32_t gfp);

#endif
