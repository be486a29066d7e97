// SPDX-License-Identifier: GPL-2.0-or-later
/* Snapshots of a made-up run, written and read back: every field of every moment, also while more is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/recording_run.h"

#define SAME(member) assert_int_equal(got->member, wanted->member)

static void same_usage(const struct usage *got, const struct usage *wanted)
{
	SAME(live_bytes);
	SAME(live_blocks);
	SAME(alloc_bytes);
	SAME(alloc_count);
	SAME(free_bytes);
	SAME(free_count);
}

static void same_placement(const struct placement *got, const struct placement *wanted)
{
	SAME(not_resident_bytes);
	SAME(unplaced_bytes);
	SAME(remote_bytes);
	SAME(n_nodes);
	for (size_t i = 0; i < wanted->n_nodes; i++) {
		SAME(nodes[i].node);
		SAME(nodes[i].live_bytes);
		SAME(nodes[i].live_blocks);
		SAME(nodes[i].cpu_live_bytes);
	}
}

static void same_verdict(const struct verdict *got, const struct verdict *wanted)
{
	SAME(kind);
	SAME(points);
	SAME(window_ns);
	assert_true(got->bytes_per_s == wanted->bytes_per_s && got->low_bytes_per_s == wanted->low_bytes_per_s &&
	            got->high_bytes_per_s == wanted->high_bytes_per_s);
	SAME(low_bytes);
	SAME(high_bytes);
	SAME(lifetime_ns);
	SAME(projected_bytes);
	SAME(projected_ns);
}

static void same_process(const struct process *got, const struct process *wanted)
{
	SAME(pid);
	SAME(number);
	SAME(is_child);
	SAME(parent);
	SAME(ended);
	SAME(exit_status);
	SAME(exit_status_known);
	SAME(memory.known);
	SAME(memory.rss_bytes);
	SAME(memory.unseen_threads);
	for (size_t i = 0; i < MEMORY_PARTS; i++)
		SAME(memory.parts[i]);
	assert_string_equal(got->comm, wanted->comm);
	same_text(got->exe, wanted->exe);
	same_usage(&got->usage, &wanted->usage);
	same_placement(&got->placement, &wanted->placement);
}

/* Of those that the process had at that moment; the file may have later ones, too. */
static void has_mapping(const struct process *process, const struct mapping *wanted, bool last)
{
	size_t i = 0;

	while (i < process->n_mappings &&
	       (process->mappings[i].start != wanted->start || process->mappings[i].from != wanted->from))
		i++;
	assert_true(i < process->n_mappings);
	assert_int_equal(process->mappings[i].end, wanted->end);
	assert_int_equal(process->mappings[i].offset, wanted->offset);
	if (last)
		assert_int_equal(process->mappings[i].until, wanted->until);
	assert_string_equal(process->mappings[i].module->path, wanted->module->path);
	assert_int_equal(process->mappings[i].module->build_id_size, wanted->module->build_id_size);
	assert_memory_equal(process->mappings[i].module->build_id, wanted->module->build_id, BUILD_ID_MAX);
	assert_int_equal(process->mappings[i].module->device, wanted->module->device);
	assert_int_equal(process->mappings[i].module->inode, wanted->module->inode);
	assert_int_equal(process->mappings[i].module->replaced, wanted->module->replaced);
}

static void same_stack(const struct stack *got, const struct stack *wanted)
{
	SAME(end);
	SAME(guessed);
	SAME(oldest_ns);
	SAME(verdict.kind);
	same_usage(&got->usage, &wanted->usage);
	same_placement(&got->placement, &wanted->placement);
}

/* Stored with the numbers that it had when it was reached, and anew in each whole snapshot. `s`: the made-up stack. */
static const struct verdict *verdict_of(const struct run *run, size_t t, size_t n_moments, size_t s)
{
	size_t since = t;

	while (t + 1 < n_moments && since % WHOLE_EVERY && run->states[since - 1][s].present &&
	       run->states[since - 1][s].verdict.kind == run->states[since][s].verdict.kind)
		since--;
	return &run->states[since][s].verdict;
}

static void check_snapshot(struct run *run, struct recording *recording, size_t t, size_t n_moments)
{
	struct snapshot *got, *wanted = make_snapshot(run, t);

	if (recording_snapshot(recording, t, &got))
		fail_msg("%s", run->error);
	aggregate_sum(got);
	SAME(time_unix_ns);
	SAME(elapsed_ns);
	SAME(since_unix_ns);
	SAME(n_processes);
	SAME(n_stacks);
	SAME(placed);
	SAME(abandoned_calls);
	SAME(unknown_frees);
	SAME(unknown_frees_known);
	SAME(inherited_frees);
	SAME(untraced_children);
	SAME(incomplete_stacks);
	for (size_t i = 0; i < LOSS_COUNT; i++)
		SAME(lost[i]);
	same_usage(&got->totals, &wanted->totals);
	same_placement(&got->placement, &wanted->placement);
	for (size_t i = 0; i < wanted->n_processes; i++) {
		same_process(&got->processes[i], &wanted->processes[i]);
		for (size_t j = 0; j < wanted->processes[i].n_mappings; j++)
			has_mapping(&got->processes[i], &wanted->processes[i].mappings[j], t + 1 == n_moments);
	}
	for (size_t i = 0; i < wanted->n_stacks; i++) {
		const struct stack *stack = find_stack(got, wanted, &wanted->stacks[i]);

		same_stack(stack, &wanted->stacks[i]);
		same_verdict(&stack->verdict, verdict_of(run, t, n_moments, wanted->stacks[i].number));
	}
	snapshot_free(got);
	snapshot_free(wanted);
}

static void every_moment(void **state)
{
	struct run *run = run_new("moments");
	struct recording *recording;
	const struct moment *moments;
	size_t n;

	(void)state;
	write_run(run, MOMENTS, false);
	recording = open_run(run);
	moments = recording_moments(recording, &n);
	assert_int_equal(n, MOMENTS);
	assert_false(recording_has_names(recording));
	assert_string_equal(recording_about(recording, "command_line"), "a b?c");
	assert_null(recording_about(recording, "none"));
	for (size_t t = 0; t < MOMENTS; t++) {
		struct snapshot *wanted = make_snapshot(run, t);

		assert_int_equal(moments[t].time_unix_ns, wanted->time_unix_ns);
		assert_int_equal(moments[t].live_bytes, wanted->totals.live_bytes);
		assert_int_equal(moments[t].live_blocks, wanted->totals.live_blocks);
		assert_int_equal(moments[t].alloc_bytes, wanted->totals.alloc_bytes);
		assert_int_equal(moments[t].alloc_count, wanted->totals.alloc_count);
		assert_int_equal(moments[t].complete, snapshot_complete(wanted));
		snapshot_free(wanted);
		check_snapshot(run, recording, t, MOMENTS);
	}
	recording_close(recording);
	run_free(run);
}

/* A reader that is at work sees one moment, whatever is written meanwhile, and the next one sees more. */
static void read_while_written(void **state)
{
	struct run *run = run_new("meanwhile");
	struct writer_namer namer = {NULL, NULL, NULL};
	struct recording *first = NULL, *second;
	struct writer *writer;
	size_t n;

	(void)state;
	assert_int_equal(writer_open(run->path, sayings, N_SAYINGS, &namer, &writer, run->error, sizeof(run->error)),
	                 0);
	assert_int_equal(recording_open(run->path, &first, run->error, sizeof(run->error)), -ENODATA);
	for (size_t t = 0; t < 20; t++) {
		if (writer_add(writer, make_snapshot(run, t)))
			fail_msg("%s", run->error);
		if (t == 4)
			first = open_run(run);
	}
	second = open_run(run);
	(void)recording_moments(first, &n);
	assert_int_equal(n, 5);
	for (size_t t = 0; t < n; t++)
		check_snapshot(run, first, t, MOMENTS);
	(void)recording_moments(second, &n);
	assert_int_equal(n, 20);
	check_snapshot(run, second, 19, MOMENTS);
	assert_int_equal(writer_finish(writer), 0);
	check_snapshot(run, first, 3, MOMENTS);
	writer_free(writer);
	recording_close(first);
	recording_close(second);
	first = open_run(run);
	check_snapshot(run, first, 19, 20);
	recording_close(first);
	run_free(run);
}

static void existing_file(void **state)
{
	struct run *run = run_new("existing");
	struct writer_namer namer = {NULL, NULL, NULL};
	struct writer *writer;
	int fd = open(run->path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0 && write(fd, "mine", 4) == 4 && !close(fd));
	assert_int_equal(writer_open(run->path, sayings, N_SAYINGS, &namer, &writer, run->error, sizeof(run->error)),
	                 -EEXIST);
	assert_non_null(strstr(run->error, run->path));
	fd = open(run->path, O_RDONLY);
	assert_int_equal(lseek(fd, 0, SEEK_END), 4);
	close(fd);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_moment),
	    cmocka_unit_test(read_while_written),
	    cmocka_unit_test(existing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
