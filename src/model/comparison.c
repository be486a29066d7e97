// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/comparison.h"

#include <stdlib.h>

const char *change_name(enum change change)
{
	static const char *const names[CHANGE_COUNT] = {
	    [CHANGE_NEW] = "new",   [CHANGE_GONE] = "gone", [CHANGE_MORE] = "more",
	    [CHANGE_LESS] = "less", [CHANGE_NONE] = "same",
	};

	return names[change];
}

void comparison_free(struct comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->rows);
	free(comparison);
}
