// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/history.h"

#include <stdlib.h>

void history_free(struct history *history)
{
	if (!history)
		return;
	free(history->moments);
	free(history->usages);
	free(history);
}
