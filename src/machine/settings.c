// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/settings.h"

#include <stdlib.h>
#include <string.h>

#include "machine/root.h"
#include "machine/text.h"
#include "util/grow.h"

#define VM "proc/sys/vm"

/* What to read makes the kernel do something, or cannot be read at all. */
static const char *const not_read[] = {"stat_refresh", "compact_memory"};

/* Settings that are not in /proc/sys/vm. */
static const struct {
	const char *name, *path;
} others[] = {
    {"kernel.numa_balancing", "proc/sys/kernel/numa_balancing"},
    {"numa.demotion_enabled", "sys/kernel/mm/numa/demotion_enabled"},
    {"ksm.run", "sys/kernel/mm/ksm/run"},
    {"transparent_hugepage.enabled", "sys/kernel/mm/transparent_hugepage/enabled"},
    {"transparent_hugepage.defrag", "sys/kernel/mm/transparent_hugepage/defrag"},
    {"transparent_hugepage.shmem_enabled", "sys/kernel/mm/transparent_hugepage/shmem_enabled"},
    {"transparent_hugepage.khugepaged.defrag", "sys/kernel/mm/transparent_hugepage/khugepaged/defrag"},
    {"transparent_hugepage.khugepaged.max_ptes_none", "sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"},
};

/* "always [madvise] never": of choices, the one in brackets. */
static struct span chosen(struct span line)
{
	struct span rest = line, before, choice;

	if (span_until(&rest, '[', &before) && span_until(&rest, ']', &choice))
		return choice;
	return line;
}

/* Blanks within become one space each. NULL when out of memory. */
static char *value_of(const char *text)
{
	struct span line = {text, strcspn(text, "\n")}, word;
	char *value = malloc(line.length + 1), *to = value;

	line = chosen(line);
	while (value && span_word(&line, &word)) {
		if (to != value)
			*to++ = ' ';
		memcpy(to, word.start, word.length);
		to += word.length;
	}
	if (value)
		*to = '\0';
	return value;
}

static int add_setting(struct machine *machine, const char *prefix, const char *name, const char *text)
{
	struct machine_setting setting = {.value = value_of(text)};
	size_t size = strlen(prefix) + strlen(name) + 1;
	int error;

	setting.name = malloc(size);
	error = setting.name && setting.value
	            ? grow_list((void **)&machine->settings, machine->n_settings, sizeof(setting))
	            : -ENOMEM;
	if (error) {
		free(setting.name);
		free(setting.value);
		return error;
	}
	strcpy(setting.name, prefix);
	strcat(setting.name, name);
	machine->settings[machine->n_settings++] = setting;
	return 0;
}

static bool is_read(const char *name)
{
	for (size_t i = 0; i < sizeof(not_read) / sizeof(not_read[0]); i++) {
		if (!strcmp(name, not_read[i]))
			return false;
	}
	return true;
}

static int read_vm(int root_fd, struct machine *machine)
{
	struct root_names names;
	int error = root_list(root_fd, &names, VM);

	if (error)
		return error;
	for (size_t i = 0; i < names.n && !error; i++) {
		char *text;

		if (!is_read(names.list[i]) || root_read(root_fd, &text, VM "/%s", names.list[i]))
			continue;
		error = add_setting(machine, "vm.", names.list[i], text);
		free(text);
	}
	root_names_free(&names);
	return error;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct machine_setting *)a)->name, ((const struct machine_setting *)b)->name);
}

int settings_read(int root_fd, struct machine *machine)
{
	int error = read_vm(root_fd, machine), vm_error = error;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && error != -ENOMEM; i++) {
		char *text;

		if (root_read(root_fd, &text, "%s", others[i].path))
			continue;
		error = add_setting(machine, "", others[i].name, text);
		free(text);
	}
	if (machine->n_settings)
		qsort(machine->settings, machine->n_settings, sizeof(*machine->settings), by_name);
	return error == -ENOMEM ? error : vm_error;
}
