// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"leaks", command_leaks},   {"churn", command_churn},   {"check", command_check}, {"record", command_record},
    {"report", command_report}, {"diff", command_diff},     {"top", command_top},     {"system", command_system},
    {"kernel", command_kernel}, {"doctor", command_doctor}, {"help", command_help},
};

int main(int argc, char **argv)
{
	if (argc < 2) {
		help_print(stderr, NULL);
		return 2;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	return command_trace(argc, argv);
}
