// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/steps.h"

#include <errno.h>
#include <stdlib.h>

/* The largest programs there are need a tenth of this. */
#define STEPS_MAX (32 * 1024 * 1024)
#define FIRST_STEPS 4096

static int grow(struct steps *steps)
{
	size_t room = steps->room ? steps->room * 2 : FIRST_STEPS;
	struct step *all;

	if (room > STEPS_MAX) {
		steps->err = -EFBIG;
		return steps->err;
	}
	all = reallocarray(steps->all, room, sizeof(*all));
	if (!all) {
		steps->err = -ENOMEM;
		return steps->err;
	}
	steps->all = all;
	steps->room = room;
	return 0;
}

void steps_add(struct steps *steps, uint32_t offset, uint32_t what)
{
	if (steps->n) {
		struct step *last = &steps->all[steps->n - 1];

		if (last->what == what)
			return;
		if (last->offset == offset) {
			last->what = what;
			return;
		}
	}
	if (steps->n == steps->room && grow(steps))
		return;
	steps->all[steps->n++] = (struct step){offset, what};
}

int steps_overlay(const struct steps *first, const struct steps *second, struct steps *result)
{
	uint32_t upper = STEP_GAP, lower = STEP_GAP;
	size_t i = 0, j = 0;

	while (i < first->n || j < second->n) {
		uint32_t offset;

		if (j == second->n || (i < first->n && first->all[i].offset <= second->all[j].offset))
			offset = first->all[i].offset;
		else
			offset = second->all[j].offset;
		if (i < first->n && first->all[i].offset == offset)
			upper = first->all[i++].what;
		if (j < second->n && second->all[j].offset == offset)
			lower = second->all[j++].what;
		steps_add(result, offset, upper & STEP_GAP ? lower : upper);
	}
	return result->err;
}

void steps_close_gaps(struct steps *steps, uint32_t bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < steps->n; i++) {
		struct step step = steps->all[i];

		if (step.what & STEP_GAP &&
		    (n == 0 || (i + 1 < steps->n && steps->all[i + 1].offset - step.offset <= bytes)))
			continue;
		if (n && steps->all[n - 1].what == step.what)
			continue;
		steps->all[n++] = step;
	}
	steps->n = n;
}

void steps_free(struct steps *steps)
{
	free(steps->all);
	*steps = (struct steps){0};
}
