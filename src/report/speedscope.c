// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sampled profiles for speedscope (www.speedscope.app/file-format-schema.json): one for each value of a stack. Samples
 * are written one by one; of the frames, which they share, the distinct ones are kept and written behind them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/clock.h"
#include "report/frame.h"
#include "report/integrity.h"
#include "report/json_value.h"
#include "report/owner.h"
#include "report/renderer.h"
#include "report/stream.h"
#include "util/escape.h"
#include "util/intern.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

/* A key is name, file and line, each with its NUL. */
struct frames {
	struct intern *intern;
	struct buffer key;
	bool failed;
};

static uint64_t live_bytes(const struct snapshot *snapshot, const struct stack *stack)
{
	return view_bytes(snapshot, stack, VIEW_LIVE);
}

static uint64_t live_blocks(const struct snapshot *snapshot, const struct stack *stack)
{
	(void)snapshot;
	return stack->usage.live_blocks;
}

static uint64_t alloc_bytes(const struct snapshot *snapshot, const struct stack *stack)
{
	return view_bytes(snapshot, stack, VIEW_CHURN);
}

static uint64_t grown_bytes(const struct snapshot *snapshot, const struct stack *stack)
{
	return view_bytes(snapshot, stack, VIEW_GROWTH);
}

static const struct profile {
	const char *name, *unit;
	uint64_t (*value)(const struct snapshot *snapshot, const struct stack *stack);
	bool of_history;
} profiles[] = {
    {"live bytes", "bytes", live_bytes, false},
    {"live blocks", "none", live_blocks, false},
    {"allocated bytes", "bytes", alloc_bytes, false},
    {"growth of live bytes", "bytes", grown_bytes, true},
};

#define N_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

static unsigned int first_profile(const struct snapshot *snapshot, enum view view)
{
	if (view == VIEW_CHURN)
		return 2;
	return view == VIEW_GROWTH && snapshot->history ? 3 : 0;
}

static void write_index(FILE *out, struct frames *frames, const char *before)
{
	bool added;
	int64_t index = -ENOMEM;

	if (!frames->key.failed)
		index = intern_add(frames->intern, frames->key.bytes, frames->key.size, &added);
	if (index < 0)
		frames->failed = true;
	fprintf(out, "%s%" PRId64, before, index);
}

/* Behind the name, file (NULL: not known) and line. */
static void end_key(struct frames *frames, const char *file, unsigned int line)
{
	buffer_add(&frames->key, "", 1);
	escape_add(&frames->key, file, "");
	buffer_add(&frames->key, "", 1);
	buffer_printf(&frames->key, "%u", line);
	buffer_add(&frames->key, "", 1);
}

/* From the outermost in. */
static void write_sample(FILE *out, struct frames *frames, const struct snapshot *snapshot, const struct stack *stack)
{
	const struct process *process = &snapshot->processes[stack->process];
	struct printed_frame printed;

	buffer_clear(&frames->key);
	owner_name_add(&frames->key, snapshot, process, "");
	end_key(frames, NULL, 0);
	write_index(out, frames, "[");
	for (size_t i = tree_frame_count(stack); i--;) {
		tree_frame_get(&printed, process, stack, i);
		buffer_clear(&frames->key);
		frame_name_add(&frames->key, &printed.frame, "");
		end_key(frames, printed.frame.file, printed.frame.line);
		write_index(out, frames, ",");
	}
	fputc(']', out);
}

static void write_samples(FILE *out, struct frames *frames, const struct snapshot *snapshot,
                          const struct profile *profile)
{
	const char *separator = "";

	for (size_t i = 0; i < snapshot->n_stacks_shown && !frames->failed; i++) {
		if (!profile->value(snapshot, &snapshot->stacks[i]))
			continue;
		fputs(separator, out);
		write_sample(out, frames, snapshot, &snapshot->stacks[i]);
		separator = ",\n";
	}
}

/* Their sum, which is the end of the profile. */
static uint64_t write_weights(FILE *out, const struct snapshot *snapshot, const struct profile *profile)
{
	const char *separator = "";
	uint64_t sum = 0;

	for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
		uint64_t value = profile->value(snapshot, &snapshot->stacks[i]);

		if (!value)
			continue;
		fprintf(out, "%s%" PRIu64, separator, value);
		separator = ",";
		if (__builtin_add_overflow(sum, value, &sum))
			sum = UINT64_MAX;
	}
	return sum;
}

static void write_profile(FILE *out, struct frames *frames, const struct snapshot *snapshot,
                          const struct profile *profile)
{
	uint64_t sum;

	fprintf(out, "{\"type\": \"sampled\", \"name\": \"%s\", \"unit\": \"%s\", \"startValue\": 0, \"samples\": [",
	        profile->name, profile->unit);
	write_samples(out, frames, snapshot, profile);
	fputs("], \"weights\": [", out);
	sum = write_weights(out, snapshot, profile);
	fprintf(out, "], \"endValue\": %" PRIu64 "}", sum);
}

static void write_profiles(FILE *out, struct frames *frames, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < N_PROFILES; i++) {
		if (profiles[i].of_history && !snapshot->history)
			continue;
		fputs(i ? ",\n" : "", out);
		write_profile(out, frames, snapshot, &profiles[i]);
	}
}

static int write_frame(FILE *out, const char *key)
{
	const char *file = key + strlen(key) + 1, *line = file + strlen(file) + 1;
	json_t *frame = json_pack("{s:o}", "name", json_name(key));
	int failed = 0;

	if (*file)
		failed |= json_object_set_new(frame, "file", json_name(file));
	if (*file && strcmp(line, "0") != 0)
		failed |= json_object_set_new(frame, "line", json_integer(strtoll(line, NULL, 10)));
	return json_write(out, json_whole(frame, failed));
}

static int write_frames(FILE *out, const struct frames *frames)
{
	int error = 0;

	for (size_t i = 0; i < intern_count(frames->intern) && !error; i++) {
		size_t size;

		fputs(i ? ",\n" : "", out);
		error = write_frame(out, intern_key(frames->intern, i, &size));
	}
	return error;
}

/* Names the file: whose it is, when, and what was lost, as there is no other place that a reader sees. */
static int write_name(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct buffer owner = {0};
	char time[CLOCK_SIZE], *text = NULL;
	size_t size;
	FILE *name = open_memstream(&text, &size);
	int error = name ? 0 : -ENOMEM;

	if (name) {
		if (snapshot->n_processes)
			owner_name_add(&owner, snapshot, &snapshot->processes[0], "");
		clock_rfc3339(time, snapshot->time_unix_ns);
		fwrite(owner.bytes, 1, owner.size, name);
		fprintf(name, "%s %s. ", snapshot->n_processes > 1 ? " and others" : "", time);
		integrity_write(name, snapshot, options);
		error = fclose(name) || owner.failed ? -ENOMEM : json_write(out, json_name(text));
	}
	buffer_free(&owner);
	free(text);
	return error;
}

static int speedscope_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct frames frames = {.intern = intern_new()};
	int error = -ENOMEM, unwritten;

	if (frames.intern) {
		fputs("{\"$schema\": \"" SCHEMA "\", \"exporter\": \"memtrace\", \"name\": ", out);
		error = write_name(out, snapshot, options);
		fprintf(out, ", \"activeProfileIndex\": %u, \"profiles\": [", first_profile(snapshot, options->view));
		write_profiles(out, &frames, snapshot);
		fputs("],\n\"shared\": {\"frames\": [", out);
		if (!error)
			error = frames.failed ? -ENOMEM : write_frames(out, &frames);
		fputs("]}}\n", out);
	}
	intern_free(frames.intern);
	buffer_free(&frames.key);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer speedscope_renderer = {
    .name = "speedscope",
    .whole = true,
    .alone = true,
    .report = speedscope_report,
};
