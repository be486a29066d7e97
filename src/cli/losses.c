// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/losses.h"

#include <stdlib.h>

#include "cli/message.h"
#include "report/integrity.h"

void losses_tell(const struct renderer *renderer, const struct snapshot *snapshot)
{
	char *line = NULL;
	size_t size;
	FILE *text;

	if (!renderer->mute || snapshot_complete(snapshot))
		return;
	text = open_memstream(&line, &size);
	if (text) {
		integrity_write(text, snapshot, &(struct render_options){0});
		fclose(text);
	}
	message_tell(0, 0, line ? line : "Integrity: something was lost; not enough memory to say what");
	free(line);
}
