// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/renderer.h"

#include <string.h>

const struct renderer *const renderers[] = {
    &text_renderer,
    &json_renderer,
    &folded_renderer,
    &csv_renderer,
    &pprof_renderer,
    &speedscope_renderer,
    &massif_renderer,
    &junit_renderer,
    &sarif_renderer,
    &github_renderer,
    &svg_renderer,
    &html_renderer,
    NULL,
};

const struct renderer *renderer_find(const char *name)
{
	for (size_t i = 0; renderers[i]; i++) {
		if (strcmp(renderers[i]->name, name) == 0)
			return renderers[i];
	}
	return NULL;
}
