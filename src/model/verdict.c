// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/verdict.h"

const char *verdict_name(enum verdict_kind kind)
{
	static const char *const names[VERDICT_COUNT] = {
	    [VERDICT_NONE] = "",
	    [VERDICT_GROWING] = "growing",
	    [VERDICT_BOUNDED] = "bounded",
	    [VERDICT_ONE_TIME] = "one-time",
	    [VERDICT_CHURNING] = "churning",
	};

	return names[kind];
}
