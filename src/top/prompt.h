/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line that the user is typing. */
#ifndef MEMTRACE_TOP_PROMPT_H
#define MEMTRACE_TOP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROMPT_SIZE 1024

struct prompt {
	char text[PROMPT_SIZE]; /* UTF-8 */
};

enum prompt_answer {
	PROMPT_TYPING,
	PROMPT_DONE, /* Enter */
	PROMPT_LEFT, /* Escape */
};

void prompt_begin(struct prompt *prompt, const char *text);
/* A key of top/key.h. What does not fit is not taken. */
enum prompt_answer prompt_key(struct prompt *prompt, uint32_t key);

#endif
