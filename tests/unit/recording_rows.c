// SPDX-License-Identifier: GPL-2.0-or-later
/* What a recording stores: what has changed alone, and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/recording_run.h"

static bool changed(const struct run *run, size_t t, size_t s)
{
	const struct made_state *now = &run->states[t][s], *before = t ? &run->states[t - 1][s] : NULL;

	if (s % PROCESSES == 4 && t < 12)
		return false;
	if (t % WHOLE_EVERY == 0)
		return now->present;
	if (s % PROCESSES == 4 && t == 12)
		return now->present;
	return before->present != now->present ||
	       (now->present &&
	        (memcmp(&before->usage, &now->usage, sizeof(now->usage)) != 0 ||
	         memcmp(before->nodes, now->nodes, sizeof(now->nodes)) != 0 ||
	         before->not_resident_bytes != now->not_resident_bytes ||
	         before->unplaced_bytes != now->unplaced_bytes || before->remote_bytes != now->remote_bytes));
}

/* Rows are stored of what has changed alone, and of all once an hour. */
static void changes_alone(void **state)
{
	struct run *run = run_new("changes");
	int64_t rows = 0, stacks = 0;

	(void)state;
	write_run(run, MOMENTS, false);
	for (size_t s = 0; s < STACKS; s++) {
		bool ever = false;

		for (size_t t = 0; t < MOMENTS; t++) {
			rows += changed(run, t, s);
			ever |= run->states[t][s].present;
		}
		stacks += ever;
	}
	assert_int_equal(ask(run->path, "SELECT count(*) FROM stack_state"), rows);
	assert_int_equal(ask(run->path, "SELECT count(*) FROM stack"), stacks);
	assert_int_equal(ask(run->path, "SELECT count(*) FROM snapshot WHERE whole = snapshot"),
	                 (MOMENTS + WHOLE_EVERY - 1) / WHOLE_EVERY);
	/* The view puts any moment together; what has gone has nothing allocated there. */
	assert_int_equal(ask(run->path,
	                     "SELECT count(*) FROM snapshot s WHERE (live_bytes, alloc_count) <> (SELECT "
	                     "sum(live_bytes), sum(alloc_count) FROM stack_at a WHERE a.snapshot = s.snapshot)"),
	                 0);
	run_free(run);
}

static void check_names(struct run *run, const struct stack *stack)
{
	struct stack wanted = {.addresses = stack->addresses, .n_addresses = stack->n_addresses};

	if (!stack->n_addresses) {
		assert_int_equal(stack->n_frames, 0);
		return;
	}
	name_stack(run, &(struct process){.number = 7}, &wanted);
	assert_int_equal(stack->n_frames, wanted.n_frames);
	for (size_t i = 0; i < stack->n_frames; i++) {
		const struct frame *got = &stack->frames[i], *frame = &wanted.frames[i];

		assert_int_equal(got->address, frame->address);
		assert_int_equal(got->offset, frame->offset);
		assert_int_equal(got->has_offset, frame->has_offset);
		assert_int_equal(got->line, frame->line);
		assert_int_equal(got->inlined, frame->inlined);
		same_text(got->module, frame->module);
		same_text(got->build_id, frame->build_id);
		same_text(got->file, frame->file);
		same_text(got->function, frame->function && frame->function[0] == '\x1b' ? "?]0;x?" : frame->function);
	}
	free(wanted.frames);
}

/* Also of stacks that are not there at the end. */
static void names(void **state)
{
	struct run *run = run_new("names");
	struct recording *recording;
	size_t named;

	(void)state;
	write_run(run, MOMENTS, true);
	named = run->named;
	assert_true(named > 0);
	recording = open_run(run);
	assert_true(recording_has_names(recording));
	for (size_t t = 0; t < MOMENTS; t += 13) {
		struct snapshot *snapshot;

		assert_int_equal(recording_snapshot(recording, t, &snapshot), 0);
		for (size_t i = 0; i < snapshot->n_stacks; i++) {
			assert_int_equal(recording_name(recording, &snapshot->stacks[i]), 0);
			check_names(run, &snapshot->stacks[i]);
		}
		snapshot_free(snapshot);
	}
	recording_close(recording);
	assert_int_equal(ask(run->path,
	                     "SELECT count(*) FROM stack WHERE stack IN (SELECT stack FROM address) AND stack "
	                     "NOT IN (SELECT stack FROM frame)"),
	                 0);
	assert_true(ask(run->path, "SELECT count(*) FROM stack_text") > 0);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_alone),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
