// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace doctor: what this machine allows, and where probes would go in a process. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/options.h"
#include "collect/survey.h"
#include "probe/attach.h"
#include "probe/catalog.h"
#include "probe/features.h"
#include "util/escape.h"

static void print_features(void)
{
	char error[256];
	int backend;

	for (int i = 0; i < FEATURE_COUNT; i++) {
		const struct feature_row *row = &feature_rows[i];
		bool present = feature_present(i);

		printf("%-3s  %-30s Linux %-6s %s%s%s\n", present ? "yes" : "no", row->name, row->since, row->commit,
		       present ? "" : "  without it: ", present ? "" : row->without);
	}
	backend = features_require(error, sizeof(error)) ? -ENOTSUP : backend_best();
	printf("\nbackend: %s\n", backend < 0 ? "none" : backend_name(backend));
	if (backend < 0)
		printf("cannot trace: %s\n", error);
}

static void print_site(void *context, const struct survey_row *row)
{
	(void)context;
	printf("  0x%-14llx ", (unsigned long long)row->address);
	escape_write(stdout, row->name);
	printf("+0x%x", row->offset);
	printf("  %s  %s%s  [", row->emulated ? "emulated" : "single-step", row->instruction,
	       row->wants_return ? "  (and its return)" : "");
	escape_write(stdout, row->object);
	printf("]\n");
}

static int print_sites(const struct options *options)
{
	char error[256];

	for (size_t i = 0; i < options->n_pids; i++) {
		int code;

		printf("\nprobes in process %d:\n", options->pids[i]);
		code = survey(options->pids[i], print_site, NULL, error, sizeof(error));
		if (code) {
			fflush(stdout);
			return message_fail(error);
		}
	}
	return 0;
}

/* For the test that each row has a fixture. */
static int print_rows(void)
{
	for (size_t i = 0; i < catalog_rows; i++)
		printf("%s\n", catalog[i].name);
	for (size_t i = 0; i < n_mapping_rows; i++)
		printf("%s\n", mapping_rows[i].name);
	return 0;
}

int command_doctor(int argc, char **argv)
{
	struct options options;
	char error[512];
	int status = 0;

	if (argc == 2 && !strcmp(argv[1], "--rows"))
		return print_rows();
	if (command_begin("doctor", &options, argc, argv, error, sizeof(error), &status)) {
		print_features();
		status = print_sites(&options);
	}
	options_free(&options);
	return status;
}
