/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving out what cannot hold for a return address: return addresses stand behind calls. */
#ifndef MEMTRACE_UNWIND_CALL_SITES_H
#define MEMTRACE_UNWIND_CALL_SITES_H

#include <stdint.h>

#include "unwind/image.h"
#include "unwind/steps.h"

/*
 * Keeps the steps that may be in force at the last byte of a call or system call, gaps, and those
 * marked to be kept. Code is not decoded but searched for what could be the bytes of a call, so
 * some more are kept. `origin` is the address at offset 0. 0 or -ENOMEM.
 */
int steps_keep_call_sites(struct steps *steps, const struct unwind_image *image, uint64_t origin);

#endif
