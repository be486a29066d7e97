// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/suppressions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/judge.h"
#include "analyze/suppression_forms.h"
#include "analyze/suppression_match.h"
#include "analyze/suppressions_builtin.h"
#include "util/grow.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

bool suppression_line(struct suppression_text *text, const char **line, size_t *length)
{
	while (text->at < text->end) {
		const char *begin = text->at, *end = memchr(begin, '\n', (size_t)(text->end - begin));

		if (!end)
			end = text->end;
		text->at = end < text->end ? end + 1 : end;
		text->line++;
		while (begin < end && is_blank(*begin))
			begin++;
		while (end > begin && is_blank(end[-1]))
			end--;
		*line = begin;
		*length = (size_t)(end - begin);
		if (*length && *begin != '#')
			return true;
	}
	return false;
}

int suppression_wrong(struct suppression_text *text, const char *words)
{
	snprintf(text->error, text->error_size, "%s:%u: %s", text->name, text->line, words);
	return -EINVAL;
}

struct suppression *suppression_add(struct suppressions *suppressions, const struct suppression_text *text,
                                    unsigned int line, const char *words, size_t length)
{
	struct suppression suppression = {.text = strndup(words, length)};
	void *list = suppressions->list;
	int error = suppressions->n < SUPPRESSIONS_MAX ? 0 : -E2BIG;

	if (asprintf(&suppression.origin, "%s:%u", text->name, line) < 0)
		suppression.origin = NULL;
	if (!error)
		error = grow_list(&list, suppressions->n, sizeof(*suppressions->list));
	if (!error)
		suppressions->list = list;
	if (error || !suppression.text || !suppression.origin) {
		free(suppression.text);
		free(suppression.origin);
		return NULL;
	}
	suppressions->list[suppressions->n] = suppression;
	return &suppressions->list[suppressions->n++];
}

int suppression_add_frame(struct suppression *suppression, enum suppression_part part, const char *pattern,
                          size_t length)
{
	struct suppression_frame frame = {.part = part};
	void *frames = suppression->frames;
	int error;

	if (suppression->n_frames >= SUPPRESSION_FRAMES_MAX || length > SUPPRESSION_PATTERN_MAX)
		return -E2BIG;
	error = grow_list(&frames, suppression->n_frames, sizeof(frame));
	if (error)
		return error;
	suppression->frames = frames;
	if (part != PART_FRAMES) {
		frame.pattern = strndup(pattern, length);
		if (!frame.pattern)
			return -ENOMEM;
	}
	suppression->frames[suppression->n_frames++] = frame;
	return 0;
}

static int parse_text(struct suppressions *suppressions, struct suppression_text *text)
{
	struct suppression_text look = *text;
	const char *line;
	size_t length;

	if (!suppression_line(&look, &line, &length))
		return 0;
	if (*line == '{')
		return suppression_parse_valgrind(suppressions, text);
	return suppression_parse_lsan(suppressions, text);
}

int suppressions_parse(struct suppressions *suppressions, const char *name, const char *text, size_t size,
                       suppression_demangle *demangle, char *error, size_t error_size)
{
	struct suppression_text lines = {
	    .name = name,
	    .at = text,
	    .end = text + size,
	    .demangle = demangle,
	    .error = error,
	    .error_size = error_size,
	};
	int code;

	if (memchr(text, '\0', size)) {
		snprintf(error, error_size, "%s is no file of suppressions: it has bytes that are no text", name);
		return -EINVAL;
	}
	code = parse_text(suppressions, &lines);
	if (code == -E2BIG)
		snprintf(error, error_size, "%s:%u: too much: a suppression has at most %d frames of %d bytes", name,
		         lines.line, SUPPRESSION_FRAMES_MAX, SUPPRESSION_PATTERN_MAX);
	else if (code == -ENOMEM)
		snprintf(error, error_size, "%s: %s", name,
		         suppressions->n < SUPPRESSIONS_MAX ? strerror(ENOMEM) : "too many suppressions");
	return code;
}

/* Reads what the descriptor has, up to the most that a file may have, and one byte more. */
static ssize_t read_all(int fd, char *text)
{
	size_t size = 0;

	while (size <= SUPPRESSION_FILE_MAX) {
		ssize_t n = read(fd, text + size, SUPPRESSION_FILE_MAX + 1 - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)size;
		size += (size_t)n;
	}
	return -EFBIG;
}

int suppressions_read(struct suppressions *suppressions, const char *path, suppression_demangle *demangle, char *error,
                      size_t error_size)
{
	char *text = calloc(1, SUPPRESSION_FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size = fd < 0 ? -errno : -ENOMEM;
	int code;

	if (fd >= 0 && text)
		size = read_all(fd, text);
	if (size < 0) {
		code = (int)size;
		snprintf(error, error_size, "cannot read the suppressions in %s: %s", path, strerror(-code));
	} else {
		code = suppressions_parse(suppressions, path, text, (size_t)size, demangle, error, error_size);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return code;
}

void suppressions_clear(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->n; i++) {
		struct suppression *suppression = &suppressions->list[i];

		for (size_t j = 0; j < suppression->n_frames; j++)
			free(suppression->frames[j].pattern);
		free(suppression->frames);
		free(suppression->text);
		free(suppression->origin);
	}
	free(suppressions->list);
	*suppressions = (struct suppressions){0};
}

/* The list of what could be used: those of the files, then those built in. */
static int list_uses(const struct suppressions *suppressions, struct judgement *judgement)
{
	judgement->uses = calloc(suppressions->n + n_builtin_suppressions, sizeof(*judgement->uses));
	if (!judgement->uses)
		return -ENOMEM;
	for (size_t i = 0; i < suppressions->n + n_builtin_suppressions; i++) {
		struct suppression_use *use = &judgement->uses[i];
		const struct builtin_suppression *builtin =
		    i < suppressions->n ? NULL : &builtin_suppressions[i - suppressions->n];

		use->text = strdup(builtin ? builtin->name : suppressions->list[i].text);
		use->origin = strdup(builtin ? "built in" : suppressions->list[i].origin);
		use->reason = builtin ? builtin->reason : NULL;
		judgement->n_uses = i + 1;
		if (!use->text || !use->origin)
			return -ENOMEM;
	}
	return 0;
}

/* Which one hides the stack; one past the last: none. */
static size_t find(const struct suppressions *suppressions, const struct process *process, const struct stack *stack)
{
	size_t builtin;

	for (size_t i = 0; i < suppressions->n; i++) {
		if (suppression_matches(&suppressions->list[i], process, stack))
			return i;
	}
	builtin = suppressions->without_builtin ? n_builtin_suppressions : builtin_suppression_find(stack);
	return suppressions->n + builtin;
}

static void count_use(struct judgement *judgement, size_t use, const struct usage *usage)
{
	judgement->uses[use].bytes += usage->live_bytes;
	judgement->uses[use].blocks += usage->live_blocks;
	judgement->uses[use].stacks++;
	judgement->suppressed_bytes += usage->live_bytes;
	judgement->suppressed_blocks += usage->live_blocks;
}

/* Built-in ones that were not used are nobody's concern. */
static void drop_unused_builtin(struct judgement *judgement)
{
	size_t n = 0;

	for (size_t i = 0; i < judgement->n_uses; i++) {
		struct suppression_use *use = &judgement->uses[i];

		if (use->reason && !use->stacks) {
			free(use->text);
			free(use->origin);
		} else {
			judgement->uses[n++] = *use;
		}
	}
	judgement->n_uses = n;
}

int suppressions_apply(const struct suppressions *suppressions, struct snapshot *snapshot)
{
	struct judgement *judgement = snapshot->judgement;
	bool *keep = calloc(judgement->n_stacks + 1, sizeof(*keep));
	int error = keep ? list_uses(suppressions, judgement) : -ENOMEM;

	for (size_t i = 0; i < judgement->n_stacks && !error; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		size_t use = find(suppressions, &snapshot->processes[stack->process], stack);

		keep[i] = use == judgement->n_uses;
		if (!keep[i])
			count_use(judgement, use, &stack->usage);
	}
	if (!error)
		error = judge_keep(snapshot, keep);
	drop_unused_builtin(judgement);
	free(keep);
	return error;
}
