/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which moments of a recording stand for all of them, where there are more than can be shown. */
#ifndef MEMTRACE_RECORDING_CHOOSE_MOMENTS_H
#define MEMTRACE_RECORDING_CHOOSE_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/history.h"

/*
 * What a moment's stacks had is found by going on from the last moment until it that is stored whole, so any but those
 * costs as many moments as lie between.
 */
struct moments_asked {
	const struct moment *moments; /* by time */
	const size_t *whole;          /* of each: the last until it that is stored whole; at first 0 */
	size_t n;                     /* one at least */
	size_t shown;                 /* is among those chosen, whatever it costs */
	size_t max;                   /* so many are chosen at most; one at least */
	size_t passed_max;            /* so many may be gone through */
};

/*
 * Sets `chosen` of those that are: the one that is shown, the first, the last and the peak; then of each stretch of
 * time the highest and the lowest, by live bytes, so that what lasted a moment alone is seen. Where all cannot be gone
 * through, they are the highest and the lowest of those stored whole, and only where most would be missed of all.
 * 0 or -ENOMEM.
 */
int moments_choose(const struct moments_asked *asked, bool *chosen);

#endif
