// SPDX-License-Identifier: GPL-2.0-or-later
/* Two recordings, or two moments of one: which stacks have changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/compare.h"
#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/losses.h"
#include "cli/message.h"
#include "cli/moment.h"
#include "cli/options.h"
#include "cli/recorded.h"
#include "report/output.h"

/* One of the two: FILE, or FILE@TIME. */
struct side {
	struct recorded recorded;
	struct snapshot *snapshot;
	char path[4096];
};

struct diff {
	struct options options;
	struct side sides[2]; /* old, new */
	char error[512];
};

/* A file may have an '@' in its name; where there is none of the whole name, what stands behind the last is a time. */
static const char *split(char path[4096], const char *name)
{
	char *at;

	snprintf(path, 4096, "%s", name);
	if (!access(path, F_OK))
		return NULL;
	at = strrchr(path, '@');
	if (!at)
		return NULL;
	*at = '\0';
	/* "FILE@@1772334041" */
	if (at > path && at[-1] == '@') {
		at[-1] = '\0';
		return name + (at - path);
	}
	return name + (at - path) + 1;
}

static int read_side(struct side *side, const char *name, const struct options *options)
{
	struct options own = *options;
	size_t moment;
	int error;

	own.at = split(side->path, name);
	error = recorded_open(&side->recorded, side->path, options);
	if (!error)
		error = recorded_moment(&side->recorded, &own, &moment);
	if (!error)
		error = recorded_snapshot(&side->recorded, moment, &side->snapshot);
	if (error)
		return error;
	/* All stacks are compared by their names. */
	side->snapshot->n_stacks_shown = side->snapshot->n_stacks;
	return recorded_name(&side->recorded, side->snapshot);
}

static int write_comparison(struct diff *diff, const struct comparison *comparison)
{
	const struct options *options = &diff->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .top = options->top,
	};
	int error = output_comparison(options->output, options->renderer, comparison, &render);

	if (error == -EOPNOTSUPP)
		snprintf(diff->error, sizeof(diff->error),
		         "there is no comparison in the form '%s': use text, json, csv, folded or html",
		         options->renderer->name);
	else if (error)
		snprintf(diff->error, sizeof(diff->error), "%s: %s",
		         options->output ? options->output : "cannot write the comparison", strerror(-error));
	for (int i = 0; i < 2 && !error; i++)
		losses_tell(options->renderer, diff->sides[i].snapshot);
	return error;
}

static int compare(struct diff *diff)
{
	const struct options *options = &diff->options;
	struct comparison *comparison;
	int error = compare_snapshots(diff->sides[0].snapshot, diff->sides[1].snapshot, (enum select_key)options->sort,
	                              options->top, &comparison);

	if (error) {
		snprintf(diff->error, sizeof(diff->error), "cannot compare: %s", strerror(-error));
		return error;
	}
	comparison->before_name = options->files[0];
	comparison->after_name = options->files[1];
	error = write_comparison(diff, comparison);
	comparison_free(comparison);
	return error;
}

static int run(struct diff *diff)
{
	if (diff->options.n_files != 2) {
		snprintf(diff->error, sizeof(diff->error),
		         "two recordings are compared, OLD and NEW, or moments of one: FILE@TIME FILE@TIME");
		return -EINVAL;
	}
	for (int i = 0; i < 2; i++) {
		int error = read_side(&diff->sides[i], diff->options.files[i], &diff->options);

		if (error) {
			memcpy(diff->error, diff->sides[i].recorded.error, sizeof(diff->error));
			return error;
		}
	}
	return compare(diff);
}

int command_diff(int argc, char **argv)
{
	struct diff diff = {.error = ""};
	int status = 0;

	if (command_begin("diff", &diff.options, argc, argv, diff.error, sizeof(diff.error), &status) && run(&diff))
		status = message_fail(diff.error);
	for (int i = 0; i < 2; i++) {
		snapshot_free(diff.sides[i].snapshot);
		recorded_close(&diff.sides[i].recorded);
	}
	options_free(&diff.options);
	return status;
}
