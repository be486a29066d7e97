// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/kernel_code.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Symbols whose own address says it. */
static const struct {
	const char *name;
	size_t field;
} symbols[] = {
    {"__irqentry_text_start", offsetof(struct kernel_places, code.interrupt.low)},
    {"__irqentry_text_end", offsetof(struct kernel_places, code.interrupt.high)},
    {"__softirqentry_text_start", offsetof(struct kernel_places, code.softirq.low)},
    {"__softirqentry_text_end", offsetof(struct kernel_places, code.softirq.high)},
    {"vmemmap_base", offsetof(struct kernel_places, vmemmap_base)},
    {"page_offset_base", offsetof(struct kernel_places, page_offset_base)},
};

/* What runs programs on tracepoints: bpf_trace_run1 to bpf_trace_run12, kernel/trace/bpf_trace.c. */
#define RUNNER "bpf_trace_run"
#define RUNNER_BYTES 1024 /* none is longer */

static void note_runner(struct mt_range *tracing, __u64 address)
{
	if (!tracing->low || address < tracing->low)
		tracing->low = address;
	if (address + RUNNER_BYTES > tracing->high)
		tracing->high = address + RUNNER_BYTES;
}

static void note(struct kernel_places *places, const char *name, __u64 address)
{
	if (!strncmp(name, RUNNER, strlen(RUNNER)) && name[strlen(RUNNER)] >= '0' && name[strlen(RUNNER)] <= '9')
		note_runner(&places->code.tracing, address);
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		if (!strcmp(name, symbols[i].name))
			*(__u64 *)((char *)places + symbols[i].field) = address;
	}
}

/* A line: "ffffffff81000000 T name"; a module's symbol, which is none of these, has more behind it. */
int kernel_code_parse(FILE *file, struct kernel_places *places)
{
	size_t size = 0;
	char *line = NULL;

	memset(places, 0, sizeof(*places));
	while (getline(&line, &size, file) >= 0) {
		char *at;
		__u64 address = strtoull(line, &at, 16);
		size_t end;

		if (at == line || at[0] != ' ' || !at[1] || at[2] != ' ' || !address)
			continue;
		end = 3 + strcspn(at + 3, "\t\n");
		if (at[end] == '\t')
			continue;
		at[end] = '\0';
		note(places, at + 3, address);
	}
	free(line);
	return ferror(file) ? -EIO : 0;
}

int kernel_code_read(struct kernel_places *places)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	int error;

	memset(places, 0, sizeof(*places));
	if (!file)
		return -errno;
	error = kernel_code_parse(file, places);
	fclose(file);
	return error;
}
