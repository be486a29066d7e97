// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One file to attach to a ticket: the page that src/report/html is bundled to, with the data put into it. It loads
 * nothing, and its own policy lets no other script run.
 */
#include "report/renderer.h"

#include <errno.h>

#include "report/html_data.h"
#include "report/stream.h"
#include "util/embed.h"

/* Made by scripts/bundle-html; both are empty in a build without it. */
EMBED(html_head, MEMTRACE_HTML "/head.html");
EMBED(html_tail, MEMTRACE_HTML "/tail.html");

static const char *html_missing(void)
{
	return !html_head[0] ? "this memtrace was built without it, for want of node and npm" : NULL;
}

/* Of one of the two. */
static int write_page(FILE *out, const struct snapshot *snapshot, const struct comparison *comparison,
                      const struct render_options *options)
{
	int error, unwritten;

	if (html_missing())
		return -EOPNOTSUPP;
	error = stream_write(out, html_head);
	if (!error)
		error = comparison ? html_data_write_comparison(out, comparison, options)
		                   : html_data_write(out, snapshot, options);
	if (!error)
		error = stream_write(out, html_tail);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

static int html_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	return write_page(out, snapshot, NULL, options);
}

static int html_comparison(FILE *out, const struct comparison *comparison, const struct render_options *options)
{
	return write_page(out, NULL, comparison, options);
}

const struct renderer html_renderer = {
    .name = "html",
    .whole = true,
    .alone = true,
    .report = html_report,
    .comparison = html_comparison,
    .missing = html_missing,
};
