// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/integrity.h"
#include "top/cursor.h"
#include "top/search.h"
#include "util/escape.h"

int screen_init(struct screen *screen, uint64_t max_bytes, bool utf8)
{
	*screen = (struct screen){.utf8 = utf8, .watch = watch_new(max_bytes)};
	return screen->watch ? 0 : -ENOMEM;
}

void screen_free(struct screen *screen)
{
	watch_free(screen->watch);
	free(screen->rows);
	free(screen->integrity);
	*screen = (struct screen){.watch = NULL};
}

static char *integrity_line(const struct screen *screen, const struct snapshot *snapshot)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	integrity_write(out, snapshot, &(struct render_options){.utc = screen->utc});
	fclose(out);
	return line;
}

int screen_update(struct screen *screen, const struct snapshot *snapshot)
{
	size_t n = screen->watch->n_stacks + snapshot->n_stacks + 1;
	struct watched **rows = calloc(n, sizeof(struct watched *));
	char *integrity = integrity_line(screen, snapshot);

	if (!rows || !integrity || watch_update(screen->watch, snapshot)) {
		free(rows);
		free(integrity);
		return -ENOMEM;
	}
	free(screen->rows);
	free(screen->integrity);
	screen->rows = rows;
	screen->integrity = integrity;
	screen->complete = snapshot_complete(snapshot);
	screen->before = screen->now;
	screen->now = (struct screen_sums){snapshot->totals, snapshot->time_unix_ns, snapshot->elapsed_ns};
	screen_arrange(screen);
	return 0;
}

static bool is_shown(const struct screen *screen, const struct watched *watched)
{
	return watched->stack.usage.live_blocks || (screen->watch->marked && watched->marked_blocks);
}

void screen_arrange(struct screen *screen)
{
	struct watch *watch = screen->watch;
	size_t n = 0;

	screen->n_live = 0;
	for (size_t i = 0; i < watch->n_stacks; i++) {
		struct watched *watched = watch->stacks[i];

		if (!is_shown(screen, watched))
			continue;
		screen->n_live++;
		if (search_matches(&watched->stack, screen->search))
			screen->rows[n++] = watched;
	}
	screen->n_rows = n;
	order_sort(watch, screen->rows, n, screen->order, screen->reversed);
	cursor_find(screen);
}

void screen_end(struct screen *screen)
{
	screen->ended = true;
	screen->paused = false;
}

void screen_resize(struct screen *screen, size_t n_lines, size_t n_columns)
{
	screen->n_lines = n_lines;
	screen->n_columns = n_columns;
}

void screen_tell(struct screen *screen, bool alarming, const char *message)
{
	escape_copy(screen->message, sizeof(screen->message), message);
	screen->alarming = alarming;
}

unsigned int screen_take_wishes(struct screen *screen)
{
	unsigned int wishes = screen->wishes;

	screen->wishes = 0;
	return wishes;
}
