// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Annotations of GitHub's workflows: a command on a line each, "::error file=F,line=N,title=T::MESSAGE". What would
 * end a command or one of its properties is written %XX (GitHub's actions/toolkit, packages/core/src/command.ts).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding.h"
#include "report/renderer.h"
#include "report/stream.h"
#include "util/escape.h"

/* `special` characters are written %XX. Text from outside is made harmless first; its line's ends cannot be any. */
static int write_encoded(FILE *out, const char *text, const char *special)
{
	size_t size = escape_copy(NULL, 0, text) + 1;
	char *harmless = malloc(size);

	if (!harmless)
		return -ENOMEM;
	escape_copy(harmless, size, text);
	for (const char *at = harmless; *at; at++) {
		if (strchr(special, *at))
			fprintf(out, "%%%02X", (unsigned char)*at);
		else
			fputc(*at, out);
	}
	free(harmless);
	return 0;
}

static int write_data(FILE *out, const char *text)
{
	return write_encoded(out, text, "%");
}

static int write_property(FILE *out, const char *text)
{
	return write_encoded(out, text, "%:,");
}

static int write_place(FILE *out, const struct frame *frame)
{
	int error;

	if (!frame->file)
		return 0;
	fputs("file=", out);
	error = write_property(out, frame->file);
	if (frame->line)
		fprintf(out, ",line=%u", frame->line);
	fputc(',', out);
	return error;
}

static int write_frames(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	struct printed_frame printed;
	int error = 0;

	for (size_t i = 0; i < printed_frame_count(stack) && !error; i++) {
		char *text;

		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		text = finding_frame(&printed.frame);
		fputs("%0A    ", out);
		error = text ? write_data(out, text) : -ENOMEM;
		free(text);
	}
	return error;
}

static int write_finding(FILE *out, const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = finding->stack == FINDING_OF_ALL ? NULL : &snapshot->stacks[finding->stack];
	struct printed_frame place;
	char words[FINDING_WORDS_SIZE];
	int error = 0;

	fputs("::error ", out);
	if (stack && finding_place(snapshot, stack, &place))
		error = write_place(out, &place.frame);
	fprintf(out, "title=memtrace check%%3A %s::", check_rule_name(finding->rule));
	if (!error)
		error = write_data(out, finding_words(words, snapshot, finding));
	if (!error && stack)
		error = write_frames(out, snapshot, stack);
	fputc('\n', out);
	return error;
}

static int github_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct judgement *judgement = snapshot->judgement;
	enum check_outcome outcome = judgement_outcome(judgement);
	char words[FINDING_WORDS_SIZE];
	int error = 0, unwritten;

	(void)options;
	for (size_t i = 0; i < judgement->n_findings && !error; i++)
		error = write_finding(out, snapshot, &judgement->findings[i]);
	if (!error && outcome != CHECK_FAILED) {
		fprintf(out, "::%s title=memtrace check::", outcome == CHECK_PASSED ? "notice" : "error");
		error = write_data(out, finding_outcome_words(words, judgement));
		fputc('\n', out);
	}
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer github_renderer = {
    .name = "github",
    .of_verdicts = true,
    .report = github_report,
};
