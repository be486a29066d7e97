// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/processes.h"

#include <stdlib.h>
#include <string.h>

#include "machine/root.h"
#include "machine/text.h"
#include "util/grow.h"

#define BYTES_PER_KB 1024

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
    {"VmRSS", offsetof(struct machine_process, rss_bytes)},
    {"RssAnon", offsetof(struct machine_process, anon_bytes)},
    {"RssFile", offsetof(struct machine_process, file_bytes)},
    {"RssShmem", offsetof(struct machine_process, shmem_bytes)},
    {"VmSwap", offsetof(struct machine_process, swap_bytes)},
    {"VmPTE", offsetof(struct machine_process, page_table_bytes)},
    {"HugetlbPages", offsetof(struct machine_process, huge_bytes)},
};

static void set_field(struct machine_process *process, struct span name, struct span rest)
{
	uint64_t value;

	if (!span_number(&rest, &value) || __builtin_mul_overflow(value, BYTES_PER_KB, &value))
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (span_is(name, fields[i].name))
			memcpy((char *)process + fields[i].offset, &value, sizeof(value));
	}
}

bool process_parse(const char *text, struct machine_process *process)
{
	struct span line, name, called = {0};
	bool has_memory = false;

	*process = (struct machine_process){0};
	while (text_line(&text, &line)) {
		if (!span_until(&line, ':', &name))
			continue;
		if (span_is(name, "Name") && !called.start && span_skip(&line, "\t")) {
			called = line;
			continue;
		}
		has_memory |= span_is(name, "VmRSS");
		set_field(process, name, line);
	}
	if (!has_memory || !called.start)
		return false;
	process->name = strndup(called.start, called.length);
	return process->name;
}

static int add_process(int root_fd, struct machine *machine, const char *number)
{
	struct machine_process process;
	char *text;
	bool has_memory;

	/* It may have ended. */
	if (root_read(root_fd, &text, "proc/%s/status", number))
		return 0;
	has_memory = process_parse(text, &process);
	free(text);
	if (!has_memory)
		return 0;
	process.pid = (pid_t)strtol(number, NULL, 10);
	if (grow_list((void **)&machine->processes, machine->n_processes, sizeof(process))) {
		free(process.name);
		return -ENOMEM;
	}
	machine->processes[machine->n_processes++] = process;
	return 0;
}

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

int processes_read(int root_fd, struct machine *machine)
{
	struct root_names names;
	int error = root_list(root_fd, &names, "proc");

	if (error)
		return error;
	for (size_t i = 0; i < names.n && !error; i++) {
		if (is_number(names.list[i]))
			error = add_process(root_fd, machine, names.list[i]);
	}
	root_names_free(&names);
	machine->processes_known = !error;
	return error;
}
