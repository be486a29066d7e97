// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/kernel_frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/kallsyms.h"
#include "symbolize/kernel_wrappers.h"
#include "symbolize/text_pool.h"

/* Symbols as they were at some time; frames that were named by them may still be shown. */
struct reading {
	struct kallsyms *symbols;
	struct reading *before;
};

struct kernel_frames {
	struct reading *last; /* NULL: none */
	char *modules;        /* /proc/modules when it was made */
	struct text_pool *functions;
};

/* "name.constprop.0" is a name's clone. */
static char *without_suffix(const char *name)
{
	return strndup(name, strcspn(name, "."));
}

struct kernel_frames *kernel_frames_new(void)
{
	struct kernel_frames *frames = calloc(1, sizeof(*frames));

	if (!frames)
		return NULL;
	frames->functions = text_pool_new(without_suffix);
	if (!frames->functions) {
		free(frames);
		return NULL;
	}
	return frames;
}

void kernel_frames_free(struct kernel_frames *frames)
{
	if (!frames)
		return;
	while (frames->last) {
		struct reading *reading = frames->last;

		frames->last = reading->before;
		kallsyms_free(reading->symbols);
		free(reading);
	}
	text_pool_free(frames->functions);
	free(frames->modules);
	free(frames);
}

/* Name and address of each module; its count of users, which changes all the time, is left out. */
static char *read_modules(void)
{
	FILE *file = fopen("/proc/modules", "re"), *out;
	char *line = NULL, *text = NULL, name[64], address[32];
	size_t size = 0, length = 0;

	out = open_memstream(&text, &length);
	while (file && out && getline(&line, &size, file) >= 0) {
		if (sscanf(line, "%63s %*s %*s %*s %*s %31s", name, address) == 2)
			fprintf(out, "%s %s\n", name, address);
	}
	free(line);
	if (file)
		fclose(file);
	if (out)
		fclose(out);
	return text;
}

static int read_symbols(struct kernel_frames *frames)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int error = reading ? kallsyms_new(NULL, &reading->symbols) : -ENOMEM;

	if (error) {
		free(reading);
		return error;
	}
	reading->before = frames->last;
	frames->last = reading;
	return 0;
}

int kernel_frames_refresh(struct kernel_frames *frames)
{
	char *modules = read_modules();
	int error;

	if (!modules)
		return -ENOMEM;
	if (frames->last && frames->modules && !strcmp(modules, frames->modules)) {
		free(modules);
		return 0;
	}
	error = read_symbols(frames);
	free(frames->modules);
	frames->modules = error ? NULL : modules;
	if (error)
		free(modules);
	return error;
}

/* A return address is looked up for the byte before it: a call may be its function's last instruction. */
static int name_frame(struct kernel_frames *frames, uint64_t address, struct frame *frame)
{
	const struct kernel_symbol *symbol = frames->last ? kallsyms_find(frames->last->symbols, address - 1) : NULL;

	*frame = (struct frame){.address = address, .module = symbol && symbol->module ? symbol->module : "kernel"};
	if (!symbol)
		return 0;
	frame->function = text_pool_get(frames->functions, symbol->name);
	frame->offset = address - symbol->start;
	frame->has_offset = true;
	return frame->function ? 0 : -ENOMEM;
}

int kernel_frames_stack(struct kernel_frames *frames, struct stack *stack)
{
	struct frame *named = calloc(stack->n_addresses + 1, sizeof(*named));
	size_t dropped = 0;
	int error = named ? 0 : -ENOMEM;

	for (size_t i = 0; i < stack->n_addresses && !error; i++)
		error = name_frame(frames, stack->addresses[i], &named[i]);
	if (error) {
		free(named);
		return error;
	}
	while (dropped + 1 < stack->n_addresses && kernel_wrapper(named[dropped].function))
		dropped++;
	memmove(named, named + dropped, (stack->n_addresses - dropped) * sizeof(*named));
	free(stack->frames);
	stack->frames = named;
	stack->n_frames = stack->n_addresses - dropped;
	return 0;
}
