// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/stack_line.h"

#include <string.h>

#include "report/frame.h"
#include "report/owner.h"
#include "util/escape.h"

/* Nobody reads on. */
#define FRAMES_MAX 12

/* What /proc/PID/exe has behind the path of a file that is no longer there. */
#define DELETED " (deleted)"

/* The program's own file, by its base name as modules have it. */
static bool is_own(const struct process *process, const struct frame *frame)
{
	const char *name = process->exe ? strrchr(process->exe, '/') : NULL;
	size_t length;

	name = name ? name + 1 : process->exe;
	if (!name || !frame->module)
		return false;
	length = strlen(frame->module);
	return !strncmp(name, frame->module, length) && (!name[length] || !strcmp(name + length, DELETED));
}

static size_t find_own(const struct process *process, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_frames; i++) {
		if (is_own(process, &stack->frames[i]))
			return i;
	}
	return 0;
}

static void add_frame(struct buffer *text, const struct process *process, const struct stack *stack, size_t i,
                      bool with_line)
{
	struct printed_frame printed;
	const char *file, *name;

	printed_frame_get(&printed, process, stack, i);
	frame_name_add(text, &printed.frame, "");
	file = printed.frame.file;
	if (!with_line || !file)
		return;
	name = strrchr(file, '/');
	buffer_text(text, " ");
	escape_add(text, name ? name + 1 : file, "");
	if (printed.frame.line)
		buffer_printf(text, ":%u", printed.frame.line);
}

/* Whose it is, where that is not the same for all. */
static void add_owner(struct buffer *text, const struct watch *watch, const struct watched *watched)
{
	if (watch->keys.n_processes > 1) {
		owner_name_add(text, &watch->keys, watched_process(watch, watched), "");
		buffer_text(text, ": ");
	}
	if (watched->stack.kind != KIND_HEAP)
		buffer_printf(text, "(%s) ", block_kind_name(watched->stack.kind));
}

static void add_frames(struct buffer *text, const struct process *process, const struct stack *stack)
{
	size_t n = printed_frame_count(stack), own = find_own(process, stack);

	if (!n) {
		buffer_printf(text, "[frames not known: %s]", stack_unknown_words(stack));
		return;
	}
	add_frame(text, process, stack, own, true);
	for (size_t i = own; i > 0 && own - i < FRAMES_MAX; i--) {
		buffer_text(text, " → ");
		add_frame(text, process, stack, i - 1, false);
	}
	for (size_t i = own + 1; i < n && i - own < FRAMES_MAX; i++) {
		buffer_text(text, " ← ");
		add_frame(text, process, stack, i, false);
	}
}

void stack_line_draw(struct page *page, const struct watch *watch, const struct watched *watched, size_t first_column)
{
	struct buffer text = {0};

	add_owner(&text, watch, watched);
	add_frames(&text, watched_process(watch, watched), &watched->stack);
	buffer_add(&text, "", 1);
	if (!text.failed)
		page_add_from(page, STYLE_PLAIN, first_column, text.bytes);
	buffer_free(&text);
}
