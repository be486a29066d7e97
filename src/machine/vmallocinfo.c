// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/vmallocinfo.h"

#include <stdlib.h>
#include <string.h>

#include "machine/text.h"
#include "util/grow.h"

/* The functions that kernel/fork.c takes stacks in, whichever of them the compiler has kept. */
static const char *const stack_callers[] = {
    "alloc_thread_stack_node", "dup_task_struct", "copy_process",  "kernel_clone",     "_do_fork",
    "create_io_thread",        "fork_idle",       "kernel_thread", "user_mode_thread",
};

struct area {
	struct span caller; /* "bpf_prog_alloc+0x39/0x230" */
	struct span module; /* "[nf_tables]"; of no length without one */
	uint64_t pages;
	bool vmalloc;
};

static bool parse_area(struct span line, struct area *area)
{
	struct span word;
	uint64_t size_bytes;

	*area = (struct area){0};
	if (!span_word(&line, &word) || !span_number(&line, &size_bytes) || !span_word(&line, &area->caller))
		return false;
	while (span_word(&line, &word)) {
		struct span value = word;

		if (span_skip(&value, "pages="))
			span_decimal(value, &area->pages);
		else if (span_is(word, "vmalloc"))
			area->vmalloc = true;
		else if (word.start[0] == '[' && !area->pages)
			area->module = word;
	}
	return area->vmalloc && area->pages;
}

/* "NAME" or "NAME [MODULE]"; NULL when out of memory. */
static char *caller_name(const struct area *area)
{
	struct span function = area->caller, before;
	char *name;

	if (span_until(&function, '+', &before))
		function = before;
	else
		function = area->caller;
	name = malloc(function.length + area->module.length + 2);
	if (!name)
		return NULL;
	memcpy(name, function.start, function.length);
	name[function.length] = '\0';
	if (area->module.length) {
		name[function.length] = ' ';
		memcpy(name + function.length + 1, area->module.start, area->module.length);
		name[function.length + 1 + area->module.length] = '\0';
	}
	return name;
}

static bool is_stack(const char *caller)
{
	for (size_t i = 0; i < sizeof(stack_callers) / sizeof(stack_callers[0]); i++) {
		if (!strcmp(caller, stack_callers[i]))
			return true;
	}
	return false;
}

static int by_caller(const void *a, const void *b)
{
	return strcmp(((const struct machine_vmalloc *)a)->caller, ((const struct machine_vmalloc *)b)->caller);
}

static int by_pages(const void *a, const void *b)
{
	const struct machine_vmalloc *left = a, *right = b;

	if (left->pages != right->pages)
		return left->pages > right->pages ? -1 : 1;
	return strcmp(left->caller, right->caller);
}

/* One row for each caller, most pages first. */
static void add_up(struct machine *machine)
{
	struct machine_vmalloc *list = machine->vmalloc;
	size_t n = 0;

	if (!machine->n_vmalloc)
		return;
	qsort(list, machine->n_vmalloc, sizeof(*list), by_caller);
	for (size_t i = 0; i < machine->n_vmalloc; i++) {
		if (n && !strcmp(list[n - 1].caller, list[i].caller)) {
			list[n - 1].pages += list[i].pages;
			list[n - 1].areas += list[i].areas;
			free(list[i].caller);
		} else {
			list[n++] = list[i];
		}
	}
	machine->n_vmalloc = n;
	qsort(list, n, sizeof(*list), by_pages);
}

static int add_area(struct machine *machine, const struct area *area)
{
	struct machine_vmalloc user = {.areas = 1, .pages = area->pages};
	int error = grow_list((void **)&machine->vmalloc, machine->n_vmalloc, sizeof(user));

	if (error)
		return error;
	user.caller = caller_name(area);
	if (!user.caller)
		return -ENOMEM;
	machine->vmalloc[machine->n_vmalloc++] = user;
	if (is_stack(user.caller))
		machine->vmalloc_stack_pages += area->pages;
	return 0;
}

int vmallocinfo_parse(const char *text, struct machine *machine)
{
	struct span line;
	struct area area;
	int error = 0;

	while (!error && text_line(&text, &line)) {
		if (parse_area(line, &area))
			error = add_area(machine, &area);
	}
	add_up(machine);
	machine->vmalloc_known = !error;
	return error;
}
