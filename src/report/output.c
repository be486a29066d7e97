// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/output.h"

#include <errno.h>

#include "util/whole_file.h"

struct output {
	const struct renderer *renderer;
	/* One of them; the others are NULL. */
	const struct snapshot *snapshot;
	const struct machine_report *machine;
	const struct comparison *comparison;
	struct render_options options;
};

static int render(FILE *out, void *context)
{
	const struct output *output = context;

	if (output->machine)
		return output->renderer->machine(out, output->machine, &output->options);
	if (output->comparison)
		return output->renderer->comparison(out, output->comparison, &output->options);
	return output->renderer->report(out, output->snapshot, &output->options);
}

static int put(struct output *output, const char *path)
{
	if (!path)
		return render(stdout, output);
	output->options.colour = false;
	return whole_file_write(path, render, output);
}

int output_report(const char *path, const struct renderer *renderer, const struct snapshot *snapshot,
                  const struct render_options *options)
{
	struct output output = {.renderer = renderer, .snapshot = snapshot, .options = *options};

	return put(&output, path);
}

int output_machine(const char *path, const struct renderer *renderer, const struct machine_report *report,
                   const struct render_options *options)
{
	struct output output = {.renderer = renderer, .machine = report, .options = *options};

	return renderer->machine ? put(&output, path) : -EOPNOTSUPP;
}

int output_comparison(const char *path, const struct renderer *renderer, const struct comparison *comparison,
                      const struct render_options *options)
{
	struct output output = {.renderer = renderer, .comparison = comparison, .options = *options};

	return renderer->comparison ? put(&output, path) : -EOPNOTSUPP;
}

int output_check(const char *path)
{
	return whole_file_check(path);
}
