// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/reach.h"

const char *leak_class_name(enum leak_class leak_class)
{
	static const char *const names[LEAK_CLASS_COUNT] = {
	    [LEAK_UNJUDGED] = "",         [LEAK_DEFINITE] = "definite",   [LEAK_INDIRECT] = "indirect",
	    [LEAK_POSSIBLE] = "possible", [LEAK_REACHABLE] = "reachable",
	};

	return names[leak_class];
}
