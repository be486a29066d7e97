// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SARIF 2.1.0 (OASIS), as GitHub's code scanning and editors read it: a result for each finding, with its stack. As in
 * the JSON report, a result is built, written and freed before the next.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding.h"
#include "report/json_value.h"
#include "report/renderer.h"
#include "report/stream.h"

#define SCHEMA_URI "https://json.schemastore.org/sarif-2.1.0.json"

/* Bytes of a path that stand in a URI as they are. A colon would end a scheme. */
static const char uri_plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+@!$&()*,;=";

/* A path as a reference (RFC 3986): relative ones stay relative. The caller frees it; NULL: out of memory. */
static char *uri_of(const char *path)
{
	static const char scheme[] = "file://";
	char *uri = malloc(sizeof(scheme) + 3 * strlen(path)), *end = uri;

	if (!uri)
		return NULL;
	if (path[0] == '/')
		end = stpcpy(end, scheme);
	for (; *path; path++) {
		if (strchr(uri_plain, *path))
			*end++ = *path;
		else
			end += sprintf(end, "%%%02X", (unsigned char)*path);
	}
	*end = '\0';
	return uri;
}

static json_t *build_message(const char *text)
{
	return json_pack("{s:o}", "text", json_name(text));
}

static json_t *build_physical(const struct frame *frame)
{
	char *uri = uri_of(frame->file);
	json_t *place = json_pack("{s:{s:s}}", "artifactLocation", "uri", uri ? uri : "");
	int failed = !uri;

	if (frame->line)
		failed |=
		    json_object_set_new(place, "region", json_pack("{s:I}", "startLine", (json_int_t)frame->line));
	free(uri);
	return json_whole(place, failed);
}

static json_t *build_location(const struct frame *frame)
{
	json_t *location = json_object();
	int failed = 0;

	if (frame->file)
		failed |= json_object_set_new(location, "physicalLocation", build_physical(frame));
	if (frame->function)
		failed |= json_object_set_new(
		    location, "logicalLocations",
		    json_pack("[{s:o, s:s}]", "fullyQualifiedName", json_name(frame->function), "kind", "function"));
	return json_whole(location, failed);
}

static json_t *build_frames(const struct snapshot *snapshot, const struct stack *stack)
{
	json_t *frames = json_array();
	struct printed_frame printed;
	int failed = 0;

	for (size_t i = 0; i < printed_frame_count(stack); i++) {
		json_t *location, *message;
		char *text;

		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		text = finding_frame(&printed.frame);
		message = text ? build_message(text) : NULL;
		location = build_location(&printed.frame);
		failed |= json_object_set_new(location, "message", message);
		failed |= json_array_append_new(
		    frames, json_pack("{s:o, s:o}", "location", location, "module", json_name(printed.frame.module)));
		free(text);
	}
	return json_whole(frames, failed);
}

static void hash(uint64_t *state, const char *text)
{
	/* FNV-1a, 64 bits; the NUL counts, too. */
	do {
		*state = (*state ^ (unsigned char)*text) * 0x100000001b3ULL;
	} while (*text++);
}

/* What a result keeps when lines move: as in a baseline, functions and modules. */
static json_t *build_fingerprint(const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = &snapshot->stacks[finding->stack];
	uint64_t state = 0xcbf29ce484222325ULL;
	struct printed_frame printed;
	char digits[17];

	hash(&state, check_rule_name(finding->rule));
	hash(&state, check_kind_name(snapshot->judgement->stacks[finding->stack].kind));
	for (size_t i = 0; i < printed_frame_count(stack); i++) {
		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		hash(&state, printed.frame.module);
		hash(&state, printed.frame.function ? printed.frame.function : "");
	}
	snprintf(digits, sizeof(digits), "%016" PRIx64, state);
	return json_pack("{s:s}", "memtraceStack/v1", digits);
}

static int set_stack(json_t *result, const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = &snapshot->stacks[finding->stack];
	struct printed_frame place;
	int failed = 0;

	if (finding_place(snapshot, stack, &place)) {
		failed |= json_object_set_new(result, "locations", json_pack("[o]", build_location(&place.frame)));
		failed |= json_object_set_new(result, "stacks",
		                              json_pack("[{s:o}]", "frames", build_frames(snapshot, stack)));
	}
	return failed | json_object_set_new(result, "partialFingerprints", build_fingerprint(snapshot, finding));
}

static json_t *build_result(const struct snapshot *snapshot, const struct check_finding *finding)
{
	char words[FINDING_WORDS_SIZE];
	json_t *result =
	    json_pack("{s:s, s:i, s:s, s:o}", "ruleId", check_rule_name(finding->rule), "ruleIndex", (int)finding->rule,
	              "level", "error", "message", build_message(finding_words(words, snapshot, finding)));

	if (finding->stack == FINDING_OF_ALL)
		return result;
	return json_whole(result, set_stack(result, snapshot, finding));
}

static json_t *build_rules(void)
{
	json_t *rules = json_array();
	int failed = 0;

	for (int i = 0; i < RULE_COUNT; i++)
		failed |= json_array_append_new(
		    rules, json_pack("{s:s, s:o}", "id", check_rule_name((enum check_rule)i), "shortDescription",
		                     build_message(check_rule_words((enum check_rule)i))));
	return json_whole(rules, failed);
}

static json_t *build_notifications(const struct judgement *judgement)
{
	json_t *notifications = json_array();
	int failed = 0;

	for (int i = 0; i < DOUBT_COUNT; i++) {
		if (!judgement->doubts[i])
			continue;
		failed |= json_array_append_new(notifications,
		                                json_pack("{s:s, s:o}", "level", "error", "message",
		                                          build_message(check_doubt_words((enum check_doubt)i))));
	}
	return json_whole(notifications, failed);
}

/* All but the results. */
static json_t *build_run(const struct judgement *judgement)
{
	json_t *notifications = build_notifications(judgement);
	bool complete = notifications && !json_array_size(notifications);

	return json_pack("{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:o}]}", "tool", "driver", "name", "memtrace", "version",
	                 MEMTRACE_VERSION, "rules", build_rules(), "invocations", "executionSuccessful", complete,
	                 "toolExecutionNotifications", notifications);
}

static int write_results(FILE *out, const struct snapshot *snapshot)
{
	const struct judgement *judgement = snapshot->judgement;
	int error = 0;

	for (size_t i = 0; i < judgement->n_findings && !error; i++) {
		fputs(i ? ",\n" : "", out);
		error = json_write(out, build_result(snapshot, &judgement->findings[i]));
	}
	return error;
}

static int sarif_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	int error, unwritten;

	(void)options;
	fputs("{\"$schema\": \"" SCHEMA_URI "\", \"version\": \"2.1.0\", \"runs\": [{", out);
	error = json_write_members(out, build_run(snapshot->judgement));
	fputs(", \"results\": [", out);
	if (!error)
		error = write_results(out, snapshot);
	fputs("]}]}\n", out);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer sarif_renderer = {
    .name = "sarif",
    .of_verdicts = true,
    .report = sarif_report,
};
