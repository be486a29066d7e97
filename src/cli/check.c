// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace check: a verdict on leaks, by exit status. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/aggregate.h"
#include "analyze/baseline.h"
#include "analyze/judge.h"
#include "analyze/leaks.h"
#include "analyze/limits.h"
#include "analyze/rates.h"
#include "analyze/suppressions.h"
#include "cli/check_recorded.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/tracing.h"
#include "report/finding.h"
#include "symbolize/demangle.h"
#include "util/whole_file.h"

#define STATUS_UNDECIDED 3

/* A run of the command. */
struct check {
	struct tracing tracing;
	struct recorded recorded; /* of a recording; else empty */
	struct suppressions suppressions;
	struct baseline *baseline;
	struct snapshot **rounds; /* of the beginnings of rounds, where growth is asked for */
	size_t n_rounds;
	uint64_t warm_ns; /* when the warm-up was over, in the session's time; 0: there was none */
	bool doubts[DOUBT_COUNT];
};

static int fail(struct check *check, const char *what, int error)
{
	return tracing_fail(&check->tracing, what, error);
}

/* Whether it must be known what leads to a block. */
static bool judges_leaks(const struct options *options)
{
	return options->kinds[CHECK_DEFINITE] || options->kinds[CHECK_INDIRECT] || options->kinds[CHECK_POSSIBLE];
}

static void set_defaults(struct options *options)
{
	if (!options->kinds_given && !options->n_files)
		options->kinds[CHECK_DEFINITE] = options->kinds[CHECK_INDIRECT] = true;
	if (!options->older_given)
		options->older_ns = 0;
	if (options->gen_suppressions)
		options->renderer = &suppressions_renderer;
}

static int read_baseline(struct check *check)
{
	const struct options *options = &check->tracing.options;
	int error = 0;

	if (!options->baseline)
		return 0;
	error = baseline_read(options->baseline, &check->baseline, check->tracing.error, sizeof(check->tracing.error));
	if (error == -ENOENT && options->update_baseline) {
		check->baseline = baseline_new();
		error = check->baseline ? 0 : fail(check, "cannot start", -ENOMEM);
	}
	if (error || !options->update_baseline)
		return error;
	error = whole_file_check(options->baseline);
	if (error)
		snprintf(check->tracing.error, sizeof(check->tracing.error),
		         "cannot write %s: %s; name another file "
		         "with --baseline",
		         options->baseline, strerror(-error));
	return error;
}

/* All files are read before anything is traced. */
static int read_files(struct check *check)
{
	struct tracing *tracing = &check->tracing;
	const struct options *options = &tracing->options;
	int error = read_baseline(check);

	for (size_t i = 0; i < options->n_suppressions && !error; i++)
		error = suppressions_read(&check->suppressions, options->suppressions[i], demangle, tracing->error,
		                          sizeof(tracing->error));
	return error;
}

static int snapshot_now(struct check *check, bool with_blocks, struct snapshot **result)
{
	struct snapshot *snapshot;
	int error = session_snapshot(check->tracing.session, with_blocks ? 0 : check->tracing.options.older_ns,
	                             with_blocks, &snapshot);

	*result = NULL;
	if (error) {
		fail(check, "cannot read the tables", error);
		return error;
	}
	snapshot->command = "check";
	error = aggregate_merge(snapshot);
	if (error) {
		snapshot_free(snapshot);
		fail(check, "cannot make the report", error);
		return error;
	}
	*result = snapshot;
	return 0;
}

/* Keeps what there is at the beginning of a round. */
static int begin_round(struct check *check)
{
	struct snapshot **rounds;
	int error;

	if (!options_judge_growth(&check->tracing.options))
		return 0;
	rounds = reallocarray(check->rounds, check->n_rounds + 1, sizeof(struct snapshot *));
	if (!rounds)
		return fail(check, "cannot keep what there is", -ENOMEM);
	check->rounds = rounds;
	error = snapshot_now(check, false, &rounds[check->n_rounds]);
	if (!error)
		check->n_rounds++;
	return error;
}

/* Waits for the timer, `ticks` times, or for ever. Bits of enum tracing_event that end the wait, or -errno. */
static int wait_for(struct check *check, uint64_t ticks, bool rounds)
{
	int events = 0, error = 0;

	while (!error && !(events & (TRACING_STOP | TRACING_ENDED))) {
		events = tracing_wait(&check->tracing);
		if (events < 0)
			return events;
		if (!(events & TRACING_TIMER) || (events & TRACING_ENDED))
			continue;
		if (--ticks == 0)
			break;
		if (rounds)
			error = begin_round(check);
	}
	return error ? error : events;
}

/* Bits as wait_for(). */
static int warm_up(struct check *check)
{
	struct tracing *tracing = &check->tracing;
	int events, error = tracing_set_timer(tracing, tracing->options.warmup_ns, 0);

	if (error)
		return error;
	events = wait_for(check, 1, false);
	if (events < 0)
		return events;
	/* Also where it was cut short: then there is nothing to judge. */
	check->warm_ns = session_elapsed_ns(tracing->session);
	if (!judges_leaks(&tracing->options))
		session_warmed_up(tracing->session);
	message_tell(tracing->options.verbosity, 1, "the warm-up is over");
	return events;
}

/* The time in which what happens is judged. Bits as wait_for(). */
static int watch(struct check *check)
{
	struct tracing *tracing = &check->tracing;
	const struct options *options = &tracing->options;
	uint64_t round_ns = options->duration_ns / options->rounds;
	int error;

	if (!options->duration_ns)
		return wait_for(check, UINT64_MAX, false);
	error = begin_round(check);
	if (!error)
		error = tracing_set_timer(tracing, round_ns ? round_ns : 1, round_ns ? round_ns : 1);
	return error ? error : wait_for(check, options->rounds, true);
}

/* Until it is time to judge. 0 or -errno. */
static int run(struct check *check)
{
	const struct options *options = &check->tracing.options;
	int events = options->warmup_ns ? warm_up(check) : 0;
	bool over = !(events & (TRACING_STOP | TRACING_ENDED));

	if (events >= 0 && over) {
		events = watch(check);
		/* Without a duration the end of the target is the end; and asking for it, with -p. */
		over =
		    !options->duration_ns && (events & TRACING_ENDED || (events & TRACING_STOP && !options->command));
		over |= !(events & (TRACING_STOP | TRACING_ENDED));
	}
	if (events < 0)
		return events;
	check->doubts[DOUBT_ENDED] = !over && events & TRACING_ENDED;
	check->doubts[DOUBT_INTERRUPTED] = !over && !(events & TRACING_ENDED);
	tracing_tell_news(&check->tracing);
	return 0;
}

/* Reads the memory of what still runs. A command is let go before: it goes on without memtrace. */
static int scan(struct check *check)
{
	struct tracing *tracing = &check->tracing;

	if (session_running(tracing->session) == 0)
		return 0;
	if (tracing->options.command)
		session_let_go(tracing->session);
	return session_scan(tracing->session, tracing->error, sizeof(tracing->error));
}

/* From blocks and the memory that was read to rows by leak class. */
static int judge_leaks(struct check *check, struct snapshot *snapshot)
{
	const struct options *options = &check->tracing.options;
	int error;

	leaks_leave_out_younger(snapshot, options->older_ns);
	if (check->warm_ns)
		leaks_leave_out_older(snapshot, snapshot->elapsed_ns - check->warm_ns);
	aggregate_sum(snapshot);
	for (size_t i = 0; i < snapshot->n_processes; i++)
		check->doubts[DOUBT_UNREAD] |= !snapshot->processes[i].scan;
	error = leaks_judge(snapshot, options->kinds[CHECK_GROWING] || options->kinds[CHECK_OUTSTANDING]);
	if (!error && check->warm_ns)
		leaks_leave_out_before(snapshot);
	return error;
}

static bool is_recording(const struct check *check)
{
	return check->recorded.recording != NULL;
}

static int fail_recorded(struct check *check, int error)
{
	if (error)
		snprintf(check->tracing.error, sizeof(check->tracing.error), "%s", check->recorded.error);
	return error;
}

/* What is judged: all that is live now and, where the kinds ask for it, what leads to it. */
static int take_snapshot(struct check *check, struct snapshot **result)
{
	bool leaks = judges_leaks(&check->tracing.options);
	int error;

	if (is_recording(check))
		return fail_recorded(check, check_recorded_read(&check->recorded, &check->tracing.options, result,
		                                                &check->rounds, &check->n_rounds));
	error = leaks ? scan(check) : 0;
	if (!error)
		error = snapshot_now(check, leaks, result);
	if (error)
		return error;
	if (leaks)
		error = judge_leaks(check, *result);
	else
		aggregate_sum(*result);
	return error ? fail(check, "cannot tell what is leaked", error) : 0;
}

/* Each stack's growth, or NULL where nobody asks for it. */
static int measure_rates(struct check *check, struct snapshot *snapshot, double **rates)
{
	int error;

	*rates = NULL;
	if (!options_judge_growth(&check->tracing.options))
		return 0;
	*rates = calloc(snapshot->n_stacks + 1, sizeof(**rates));
	if (!*rates)
		return -ENOMEM;
	error = is_recording(check) ? 0 : begin_round(check); /* and the end of the last one */
	return error ? error : rates_measure(check->rounds, check->n_rounds, snapshot, *rates);
}

static int choose(struct check *check, struct snapshot *snapshot)
{
	double *rates;
	int error = measure_rates(check, snapshot, &rates);

	if (!error)
		error = judge_choose(snapshot, check->tracing.options.kinds, rates);
	free(rates);
	return error;
}

static int apply_limits(struct check *check, struct snapshot *snapshot)
{
	const struct options *options = &check->tracing.options;
	struct limits limits = {0};
	bool any = !options->baseline;

	limits.rules[RULE_LEAK_BYTES].given = options->max_leak_bytes_given;
	limits.rules[RULE_LEAK_BYTES].limit = (double)options->max_leak_bytes;
	limits.rules[RULE_LEAK_COUNT].given = options->max_leak_count_given;
	limits.rules[RULE_LEAK_COUNT].limit = (double)options->max_leak_count;
	limits.rules[RULE_STACK_BYTES].given = options->max_stack_bytes_given;
	limits.rules[RULE_STACK_BYTES].limit = (double)options->max_stack_bytes;
	limits.rules[RULE_GROWTH].given = options->max_growth_given;
	limits.rules[RULE_GROWTH].limit = options->max_growth_bytes_per_s;
	for (int rule = 0; rule < RULE_COUNT; rule++)
		any &= !limits.rules[rule].given;
	return limits_apply(&limits, any, snapshot);
}

/* With an update everything is allowed; what the baseline says is told all the same. */
static int compare_baseline(struct check *check, struct snapshot *snapshot)
{
	struct baseline_rules rules = check->tracing.options.fail_on;

	if (!check->baseline)
		return 0;
	if (check->tracing.options.update_baseline)
		rules.new_stack = rules.growth = false;
	return baseline_compare(check->baseline, &rules, snapshot);
}

static void doubt(struct check *check, struct snapshot *snapshot)
{
	check->doubts[DOUBT_LOSS] = !snapshot_complete(snapshot);
	check->doubts[DOUBT_CHILDREN] = snapshot->untraced_children && !check->tracing.options.ignore_children;
	memcpy(snapshot->judgement->doubts, check->doubts, sizeof(check->doubts));
}

static int judge(struct check *check, struct snapshot *snapshot)
{
	int error = choose(check, snapshot);

	if (!error)
		error = is_recording(check) ? fail_recorded(check, recorded_name(&check->recorded, snapshot))
		                            : tracing_symbolize(&check->tracing, snapshot);
	if (!error)
		error = suppressions_apply(&check->suppressions, snapshot);
	if (!error)
		error = apply_limits(check, snapshot);
	if (!error)
		error = compare_baseline(check, snapshot);
	if (!error)
		error = judge_show(snapshot, check->tracing.options.top);
	if (!error)
		doubt(check, snapshot);
	else if (!check->tracing.error[0])
		fail(check, "cannot make the report", error);
	return error;
}

static int write_baseline(FILE *out, void *context)
{
	return baseline_write(out, context);
}

/* Only what was seen as a whole is worth being compared with. */
static int update_baseline(struct check *check, const struct snapshot *snapshot)
{
	const struct options *options = &check->tracing.options;
	int error;

	if (!options->update_baseline)
		return 0;
	for (int i = 0; i < DOUBT_COUNT; i++) {
		if (!check->doubts[i])
			continue;
		message_tell(options->verbosity, 0, "the baseline is left as it was: there is no verdict");
		return 0;
	}
	error = baseline_update(check->baseline, &options->fail_on, snapshot);
	if (!error)
		error = whole_file_write(options->baseline, write_baseline, check->baseline);
	return error ? fail(check, options->baseline, error) : 0;
}

/* Who reads no report still reads how it ended. */
static void tell_outcome(struct check *check, const struct snapshot *snapshot)
{
	char words[FINDING_WORDS_SIZE], text[FINDING_WORDS_SIZE + 16];

	if (!check->tracing.options.output)
		return;
	snprintf(text, sizeof(text), "check %s", finding_outcome_words(words, snapshot->judgement));
	message_tell(check->tracing.options.verbosity, 0, text);
}

static int status_of(struct check *check, const struct snapshot *snapshot)
{
	switch (judgement_outcome(snapshot->judgement)) {
	case CHECK_FAILED:
		return (int)check->tracing.options.error_exitcode;
	case CHECK_UNDECIDED:
		return STATUS_UNDECIDED;
	case CHECK_PASSED:
		break;
	}
	return tracing_command_status(&check->tracing);
}

/* Judges what there is, and reports. 0 and the exit status, or -errno. */
static int report(struct check *check, int *status)
{
	struct snapshot *snapshot = NULL;
	int error = take_snapshot(check, &snapshot);

	if (!error)
		error = judge(check, snapshot);
	if (!error)
		error = tracing_write(&check->tracing, snapshot);
	if (!error)
		error = update_baseline(check, snapshot);
	if (!error) {
		tell_outcome(check, snapshot);
		*status = status_of(check, snapshot);
	}
	snapshot_free(snapshot);
	return error;
}

static void check_clear(struct check *check)
{
	for (size_t i = 0; i < check->n_rounds; i++)
		snapshot_free(check->rounds[i]);
	free(check->rounds);
	baseline_free(check->baseline);
	suppressions_clear(&check->suppressions);
	recorded_close(&check->recorded);
	tracing_close(&check->tracing);
}

/* A recording is judged as it stands. 0 or -errno. */
static int open_recording(struct check *check)
{
	struct tracing *tracing = &check->tracing;
	int error = check_recorded_options(&tracing->options, tracing->error, sizeof(tracing->error));

	if (!error)
		error = read_files(check);
	if (error)
		return error;
	error = recorded_open(&check->recorded, tracing->options.files[0], &tracing->options);
	if (error)
		snprintf(tracing->error, sizeof(tracing->error), "%.460s; a command to check stands behind --",
		         check->recorded.error);
	return error;
}

/* What is judged runs, and is watched until it is time to. 0 or -errno. */
static int open_target(struct check *check)
{
	int error;

	check->tracing.scan = judges_leaks(&check->tracing.options);
	error = read_files(check);
	if (!error)
		error = tracing_open(&check->tracing);
	return error ? error : run(check);
}

int command_check(int argc, char **argv)
{
	struct check check = {0};
	int status = 0;

	if (tracing_begin(&check.tracing, "check", argc, argv, &status)) {
		set_defaults(&check.tracing.options);
		if ((check.tracing.options.n_files ? open_recording(&check) : open_target(&check)) ||
		    report(&check, &status))
			status = message_fail(check.tracing.error);
	}
	check_clear(&check);
	return status;
}
