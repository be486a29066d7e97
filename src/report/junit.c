// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JUnit's XML, as Jenkins, GitLab and others read it (tests/schemas/junit.xsd): a test case for each rule that held,
 * one for each finding, and one that says whether all was seen.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/clock.h"
#include "report/finding.h"
#include "report/renderer.h"
#include "report/stream.h"
#include "report/xml.h"

#define SUITE "memtrace.check"

/* The attribute NAME="TEXT", with a blank before. */
static int write_attribute(FILE *out, const char *name, const char *text)
{
	int error;

	fprintf(out, " %s=\"", name);
	error = xml_write(out, text);
	fputc('"', out);
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
		fputs("\n        ", out);
		error = text ? xml_write(out, text) : -ENOMEM;
		free(text);
	}
	return error;
}

/* A test's name, which stays from run to run: the rule, the innermost function, and where it is called from. */
static int write_name(FILE *out, const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = finding->stack == FINDING_OF_ALL ? NULL : &snapshot->stacks[finding->stack];
	struct printed_frame place, innermost;
	int error = 0;

	fprintf(out, " name=\"%s", check_rule_name(finding->rule));
	if (stack && finding_place(snapshot, stack, &place)) {
		printed_frame_get(&innermost, &snapshot->processes[stack->process], stack, 0);
		fputs(": ", out);
		if (innermost.frame.function && innermost.frame.function != place.frame.function) {
			error = xml_write(out, innermost.frame.function);
			fputs(" from ", out);
		}
		if (!error)
			error = xml_write(out, place.frame.function ? place.frame.function : "?");
		fputs(" [", out);
		if (!error)
			error = xml_write(out, place.frame.module);
		fputc(']', out);
	}
	fputc('"', out);
	return error;
}

static int write_finding(FILE *out, const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = finding->stack == FINDING_OF_ALL ? NULL : &snapshot->stacks[finding->stack];
	char words[FINDING_WORDS_SIZE];
	int error;

	finding_words(words, snapshot, finding);
	fputs("    <testcase classname=\"" SUITE "\"", out);
	error = write_name(out, snapshot, finding);
	fputs(" time=\"0\">\n      <failure", out);
	if (!error)
		error = write_attribute(out, "type", check_rule_name(finding->rule));
	if (!error)
		error = write_attribute(out, "message", words);
	fputc('>', out);
	if (!error)
		error = xml_write(out, words);
	if (!error && stack)
		error = write_frames(out, snapshot, stack);
	fputs("</failure>\n    </testcase>\n", out);
	return error;
}

static bool was_broken(const struct judgement *judgement, enum check_rule rule)
{
	for (size_t i = 0; i < judgement->n_findings; i++) {
		if (judgement->findings[i].rule == rule)
			return true;
	}
	return false;
}

/* Rules that held. Returns how many; with `out` NULL they are only counted. */
static size_t write_held(FILE *out, const struct judgement *judgement)
{
	size_t n = 0;

	for (int rule = 0; rule < RULE_COUNT; rule++) {
		if (!judgement->rules[rule].applied || was_broken(judgement, (enum check_rule)rule))
			continue;
		n++;
		if (out)
			fprintf(out, "    <testcase classname=\"" SUITE "\" name=\"%s\" time=\"0\"/>\n",
			        check_rule_name((enum check_rule)rule));
	}
	return n;
}

static bool is_in_doubt(const struct judgement *judgement)
{
	bool doubt = false;

	for (int i = 0; i < DOUBT_COUNT; i++)
		doubt |= judgement->doubts[i];
	return doubt;
}

static void write_doubts(FILE *out, const struct judgement *judgement)
{
	fputs("    <testcase classname=\"" SUITE "\" name=\"complete\" time=\"0\"", out);
	if (!is_in_doubt(judgement)) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <error type=\"no verdict\" message=\"", out);
	for (int i = 0, n = 0; i < DOUBT_COUNT; i++) {
		if (judgement->doubts[i])
			fprintf(out, "%s%s", n++ ? "; " : "", check_doubt_words((enum check_doubt)i));
	}
	fputs("\"/>\n    </testcase>\n", out);
}

static void write_suite(FILE *out, const struct snapshot *snapshot)
{
	const struct judgement *judgement = snapshot->judgement;
	size_t tests = judgement->n_findings + write_held(NULL, judgement) + 1;
	double seconds = (double)snapshot->elapsed_ns / 1e9;
	char time[CLOCK_SIZE];

	clock_rfc3339(time, snapshot->time_unix_ns);
	time[sizeof("2026-03-01T03:00:41") - 1] = '\0'; /* JUnit's schema has times without fractions and zone: UTC */
	fprintf(out,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<testsuites name=\"memtrace check\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%.3f\">\n"
	        "  <testsuite name=\"" SUITE "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"0\" "
	        "timestamp=\"%s\" time=\"%.3f\">\n",
	        tests, judgement->n_findings, is_in_doubt(judgement), seconds, tests, judgement->n_findings,
	        is_in_doubt(judgement), time, seconds);
}

static int junit_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct judgement *judgement = snapshot->judgement;
	int error = 0, unwritten;

	(void)options;
	write_suite(out, snapshot);
	for (size_t i = 0; i < judgement->n_findings && !error; i++)
		error = write_finding(out, snapshot, &judgement->findings[i]);
	write_held(out, judgement);
	write_doubts(out, judgement);
	fputs("  </testsuite>\n</testsuites>\n", out);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer junit_renderer = {
    .name = "junit",
    .of_verdicts = true,
    .report = junit_report,
};
