// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_rows.h"
#include "cli/options.h"

#define TRACE \
	(ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_INTERVAL | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_ORDER | ACCEPT_HEAP | \
	 ACCEPT_LISTING)
#define CHECK (ACCEPT_PID | ACCEPT_COMMAND | ACCEPT_REPORT | ACCEPT_STACKS | ACCEPT_CHECK)
#define ARGUMENTS_MAX 48

struct line {
	struct options options;
	char error[256];
	char *words;
	char *argv[ARGUMENTS_MAX + 2];
	int result;
};

/* Parses the words of a line, parted by single blanks; "''" is an empty argument. */
static struct line *parse_for(unsigned int accept, const char *text)
{
	struct line *line = calloc(1, sizeof(*line));
	int argc = 1;

	line->words = strdup(text);
	line->argv[0] = (char *)"trace";
	for (char *rest = line->words, *word; (word = strsep(&rest, " "));) {
		assert_true(argc <= ARGUMENTS_MAX);
		if (*word)
			line->argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	line->result = options_parse(&line->options, argc, line->argv, accept, line->error, sizeof(line->error));
	return line;
}

static struct line *parse(const char *text)
{
	struct line *line = parse_for(TRACE, text);

	if (line->result)
		fail_msg("'%s': %s", text, line->error);
	return line;
}

static void release(struct line *line)
{
	options_free(&line->options);
	free(line->words);
	free(line);
}

static void has_the_documented_defaults(void **state)
{
	struct line *line = parse("-p 1");
	const struct options *options = &line->options;

	(void)state;
	assert_int_equal(options->interval_ns, 5000000000);
	assert_false(options->interval_given);
	assert_int_equal(options->count, 0);
	assert_false(options->show_allocs);
	assert_int_equal(options->older_ns, 500000000);
	assert_false(options->older_given);
	assert_int_equal(options->min_size_bytes, 0);
	assert_true(options->max_size_bytes == UINT64_MAX);
	assert_false(options->size_filter);
	assert_false(options->node_given);
	assert_int_equal(options->top, 10);
	assert_int_equal(options->sort, SORT_BYTES);
	assert_ptr_equal(options->renderer, &text_renderer);
	assert_null(options->output);
	assert_int_equal(options->max_memory_bytes, 512 << 20);
	assert_int_equal(options->stack_depth, 127);
	assert_int_equal(options->verbosity, 0);
	assert_null(options->backend);
	assert_int_equal(options->live_table_slots, 0);
	assert_null(options->command);
	release(line);
}

static void takes_every_option(void **state)
{
	struct line *line = parse("--pid=1,22 --show-allocs --older 0 --min-size 1K --max-size=1MiB --top 0 --obj a "
	                          "-O b");
	const struct options *options = &line->options;

	(void)state;
	assert_int_equal(options->n_pids, 2);
	assert_int_equal(options->pids[1], 22);
	assert_true(options->show_allocs);
	assert_true(options->older_given);
	assert_int_equal(options->older_ns, 0);
	assert_true(options->size_filter);
	assert_int_equal(options->min_size_bytes, 1024);
	assert_int_equal(options->max_size_bytes, 1 << 20);
	assert_int_equal(options->top, 0);
	assert_int_equal(options->n_objects, 2);
	assert_string_equal(options->objects[1], "b");
	release(line);

	line = parse("-p 1 --node 0");
	assert_true(line->options.node_given);
	assert_int_equal(line->options.node, 0);
	release(line);

	line = parse("-p 1 --sort age --format json --output f --max-memory 1G --stack-depth 1000 --debuginfod -vv");
	options = &line->options;
	assert_int_equal(options->sort, SORT_AGE);
	assert_ptr_equal(options->renderer, &json_renderer);
	assert_string_equal(options->output, "f");
	assert_int_equal(options->max_memory_bytes, 1 << 30);
	assert_int_equal(options->stack_depth, 1000);
	assert_int_equal(options->verbosity, 2);
	release(line);
}

static void takes_the_hidden_options(void **state)
{
	struct line *line = parse("-p 1 --live-table-slots 8 --stack-table-rows 9 --event-buffer 4K --backend perf");

	(void)state;
	assert_int_equal(line->options.live_table_slots, 8);
	assert_int_equal(line->options.stack_table_rows, 9);
	assert_int_equal(line->options.event_buffer_bytes, 4096);
	assert_string_equal(line->options.backend, "perf");
	release(line);
}

static void bundles_letters(void **state)
{
	struct line *line = parse("-aqT3 -p12 -o 20");

	(void)state;
	assert_true(line->options.show_allocs);
	assert_int_equal(line->options.verbosity, -1);
	assert_int_equal(line->options.top, 3);
	assert_int_equal(line->options.pids[0], 12);
	assert_int_equal(line->options.older_ns, 20000000);
	release(line);
}

static void takes_options_around_the_interval(void **state)
{
	struct line *line = parse("0.5 -p 1 -T 2 3 -a");

	(void)state;
	assert_int_equal(line->options.interval_ns, 500000000);
	assert_true(line->options.interval_given);
	assert_int_equal(line->options.count, 3);
	assert_int_equal(line->options.top, 2);
	assert_true(line->options.show_allocs);
	release(line);
}

static void merges_processes_named_twice(void **state)
{
	struct line *line = parse("-p 5,6,5 --pid 6 -p 7");

	(void)state;
	assert_int_equal(line->options.n_pids, 3);
	assert_int_equal(line->options.pids[2], 7);
	release(line);
}

static void leaves_the_command_alone(void **state)
{
	struct line *line = parse("-a 2 -- ls -p 1 --top -- x");

	(void)state;
	assert_int_equal(line->options.n_pids, 0);
	assert_string_equal(line->options.command[0], "ls");
	assert_string_equal(line->options.command[4], "--");
	assert_string_equal(line->options.command[5], "x");
	assert_null(line->options.command[6]);
	assert_int_equal(line->options.interval_ns, 2000000000);
	release(line);
}

static void asks(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
	    {"--help", OPTIONS_HELP},       {"-h", OPTIONS_HELP},      {"-p 1 -ah", OPTIONS_HELP},
	    {"--version", OPTIONS_VERSION}, {"--bad --help", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line *line = parse_for(TRACE, rows[i].text);
		assert_int_equal(line->result, rows[i].result);
		release(line);
	}
}

/* A wrong line, and words that its error must hold. */
static const struct {
	const char *text, *words;
} wrong_lines[] = {
    {"", "-p PID"},
    {"5", "-p PID"},
    {"-p", "needs a value: PID"},
    {"-p ''", "empty element"},
    {"-p ,", "empty element"},
    {"-p 1,", "empty element"},
    {"-p ,1", "empty element"},
    {"-p 1,,2", "empty element"},
    {"--pid=", "empty element"},
    {"-p 0", "process IDs"},
    {"-p -5", "process IDs"},
    {"-p 1x", "process IDs"},
    {"-p 1, 2", "empty element"},
    {"-p 2147483648", "process IDs"},
    {"-p 99999999999999999999999999999", "process IDs"},
    {"-p 1 -- ls", "exclude each other"},
    {"--", "no command follows"},
    {"-a --", "no command follows"},
    {"-p 1 0", "INTERVAL"},
    {"-p 1 0.0", "INTERVAL"},
    {"-p 1 5s", "INTERVAL"},
    {"-p 1 ''", "INTERVAL"},
    {"-p 1 99999999999999", "INTERVAL"},
    {"-p 1 5 0", "COUNT"},
    {"-p 1 5 1.5", "COUNT"},
    {"-p 1 5 3x", "COUNT"},
    {"-p 1 5 99999999999999999999", "COUNT"},
    {"-p 1 5 3 2", "unexpected argument '2'"},
    {"-p 1 -5", "unknown option '-5'"},
    {"-p 1 --format pprof", "--output"},
    {"-p 1 --format speedscope 5", "--output"},
    {"-p 1 --format folded 5 2", "--output"},
    {"--format pprof 5 -- ls", "--output"},
    {"./app", "behind --"},
    {"-p 1 --bogus", "unknown option '--bogus'"},
    {"-p 1 --bogus=3", "unknown option '--bogus=3'"},
    {"-p 1 --to 3", "unknown option '--to'"},
    {"-p 1 -x", "unknown option '-x'"},
    {"-p 1 -ax", "unknown option '-x'"},
    {"-p 1 --show-allocs=1", "takes no value"},
    {"-p 1 --top", "needs a value: N"},
    {"-p 1 --top ''", "whole number"},
    {"-p 1 --top=", "whole number"},
    {"-p 1 --top -1", "whole number"},
    {"-p 1 --top 10x", "'10x'"},
    {"-p 1 --top 1K", "'1K'"},
    {"-p 1 --top 99999999999999999999", "too large"},
    {"-p 1 --node", "needs a value: N"},
    {"-p 1 --node -1", "whole number"},
    {"-p 1 --node 0,1", "whole number"},
    {"-p 1 --node 1024", "at most 1023"},
    {"-p 1 -o 1.5", "whole number"},
    {"-p 1 -o 18446744073710", "at most"},
    {"-p 1 -z 1k", "size"},
    {"-p 1 -z 10Q", "size"},
    {"-p 1 -z 18446744073709551615K", "too large"},
    {"-p 1 -z 11 -Z 10", "above --max-size"},
    {"-p 1 --sort size", "bytes, count, growth, age"},
    {"-p 1 --format xml", "text, json"},
    {"-p 1 --format ''", "text, json"},
    {"-p 1 --output ''", "needs a FILE"},
    {"-p 1 -O ''", "needs a PATH"},
    {"-p 1 --max-memory 1M", "at least 16777216"},
    {"-p 1 --stack-depth 0", "at least 1"},
    {"-p 1 --stack-depth 1001", "at most 1000"},
    {"-p 1 --backend kprobe", "session, multi, perf"},
    {"-p 1 --live-table-slots 0", "at least 1"},
    {"-p 1 --top \033[2J", "\033[2J"},
    {"-p 1 --a\nb", "--a\nb"},
};

static void names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_lines) / sizeof(wrong_lines[0]); i++) {
		struct line *line = parse_for(TRACE, wrong_lines[i].text);

		if (line->result != -EINVAL || !strstr(line->error, wrong_lines[i].words))
			fail_msg("'%s': %d, '%s'", wrong_lines[i].text, line->result, line->error);
		release(line);
	}
}

static void accepts_what_the_command_takes(void **state)
{
	static const struct {
		unsigned int accept;
		const char *text;
		int result;
	} rows[] = {
	    {ACCEPT_PID, "", 0},
	    {ACCEPT_PID, "-p 1 -v", 0},
	    {ACCEPT_PID, "-- ls", -EINVAL},
	    {ACCEPT_PID, "5", -EINVAL},
	    {ACCEPT_PID, "--top 5", -EINVAL},
	    {ACCEPT_INTERVAL, "5 2", 0},
	    {ACCEPT_INTERVAL, "5 2 --top 3", -EINVAL},
	    {ACCEPT_INTERVAL | ACCEPT_REPORT, "5 2 --top 3", 0},
	    {ACCEPT_INTERVAL | ACCEPT_REPORT, "5 --stack-depth 3", -EINVAL},
	    {ACCEPT_STACKS, "--stack-depth 3", 0},
	    {ACCEPT_STACKS, "--node 3", 0},
	    {ACCEPT_INTERVAL | ACCEPT_REPORT, "--node 3", -EINVAL},
	    {ACCEPT_STACKS, "-z 3", -EINVAL},
	    {ACCEPT_INTERVAL, "-p 1", -EINVAL},
	    {ACCEPT_PID | ACCEPT_COMMAND, "-p 1 5", -EINVAL},
	    {ACCEPT_PID | ACCEPT_COMMAND, "-- ls", 0},
	    {0, "-v", 0},
	    {0, "-p 1", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line *line = parse_for(rows[i].accept, rows[i].text);
		if (line->result != rows[i].result)
			fail_msg("%u '%s': %d, '%s'", rows[i].accept, rows[i].text, line->result, line->error);
		release(line);
	}
}

/* The help words say the default in brackets; they must not drift from it. */
static void help_words_name_the_default(void **state)
{
	static const char *const unspoken[] = {"min-size", "max-size"};
	bool spoken = true;

	(void)state;
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		char words[32];

		for (size_t j = 0; j < sizeof(unspoken) / sizeof(unspoken[0]); j++)
			spoken &= strcmp(row->name, unspoken[j]) != 0;
		snprintf(words, sizeof(words), "(%s", row->initial ? row->initial : "");
		if (spoken && row->initial && !strstr(row->help, words))
			fail_msg("the help of --%s does not name its default %s", row->name, row->initial);
		spoken = true;
	}
}

static void help_words_name_every_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		for (size_t j = 0; row->choices && row->choices[j]; j++)
			assert_non_null(strstr(row->help, row->choices[j]));
		for (size_t j = 0; row->kind == OPTION_FORMAT && renderers[j]; j++)
			assert_non_null(strstr(row->help, renderers[j]->name));
	}
}

/* Of forms that are files of their own there is one on standard output, or the newest in a file. */
static void forms_that_stand_alone(void **state)
{
	static const struct {
		unsigned int accept;
		const char *text;
		int result;
	} rows[] = {
	    {TRACE, "-p 1 --format pprof 5 1", 0},
	    {TRACE, "-p 1 --format pprof --output f", 0},
	    {TRACE, "--format speedscope -- ls", 0},
	    {TRACE, "--format folded 5 1 -- ls", 0},
	    {TRACE, "-p 1 --format csv 5 2", 0},
	    {TRACE, "-p 1 --format massif", 0},
	    {TRACE | ACCEPT_LEAKS, "-p 1 --format pprof 60", 0},
	    {TRACE | ACCEPT_LEAKS, "-p 1 --format pprof 60 2", -EINVAL},
	    {CHECK, "-p 1 --format folded", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line *line = parse_for(rows[i].accept, rows[i].text);

		assert_int_equal(line->result, rows[i].result);
		release(line);
	}
}

static void forms_that_take_all_stacks(void **state)
{
	static const struct {
		const char *text;
		size_t top;
	} rows[] = {
	    {"-p 1", 10},
	    {"-p 1 --format json", 10},
	    {"-p 1 --format csv", 0},
	    {"-p 1 --format csv -T 10", 10},
	    {"-p 1 -T 0", 0},
	    {"-T 3 -p 1 --format massif", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line *line = parse(rows[i].text);

		assert_int_equal(line->options.top, rows[i].top);
		release(line);
	}
}

static void what_check_takes(void **state)
{
	struct line *line = parse_for(CHECK, "--kinds possible,growing --max-leak-bytes 1K --max-leak-count 3 "
	                                     "--max-stack-bytes 2K --max-growth 36K/h --warmup 0.5 --duration 2 "
	                                     "--rounds 4 --baseline b --fail-on growth=5% --suppressions s "
	                                     "--suppressions t --error-exitcode 23 --ignore-children -p 1");
	const struct options *options = &line->options;

	(void)state;
	assert_int_equal(line->result, 0);
	assert_true(options->kinds[CHECK_POSSIBLE] && options->kinds[CHECK_GROWING]);
	assert_false(options->kinds[CHECK_DEFINITE] || options->kinds[CHECK_OUTSTANDING]);
	assert_int_equal(options->max_leak_bytes, 1024);
	assert_int_equal(options->max_leak_count, 3);
	assert_int_equal(options->max_stack_bytes, 2048);
	assert_true(options->max_growth_bytes_per_s == 36.0 * 1024 / 3600);
	assert_int_equal(options->warmup_ns, 500000000);
	assert_int_equal(options->duration_ns, 2000000000);
	assert_int_equal(options->rounds, 4);
	assert_true(options->fail_on.growth && !options->fail_on.new_stack);
	assert_true(options->fail_on.growth_percent == 5);
	assert_int_equal(options->n_suppressions, 2);
	assert_string_equal(options->suppressions[1], "t");
	assert_int_equal(options->error_exitcode, 23);
	release(line);

	line = parse_for(CHECK, "--format sarif -p 1");
	assert_int_equal(line->result, 0);
	assert_true(line->options.fail_on.new_stack && line->options.fail_on.growth_percent == 10);
	assert_false(line->options.kinds_given || line->options.fail_on_given || line->options.max_growth_given);
	release(line);
}

static void what_check_refuses(void **state)
{
	static const char *const rows[] = {
	    "x -p 1",
	    "-p 1 --kinds lost",
	    "-p 1 --kinds definite,",
	    "-p 1 --kinds ''",
	    "-p 1 --sort age",
	    "-p 1 --max-growth 1M/h",
	    "-p 1 --rounds 2",
	    "-p 1 --duration 1 --max-growth 1",
	    "-p 1 --warmup 0",
	    "-p 1 --fail-on growth=5%",
	    "-p 1 --update-baseline",
	    "-p 1 --error-exitcode 0",
	    "-p 1 --baseline b --fail-on growth=5",
	    "-p 1 --baseline b --fail-on growth=123456789%",
	    "-p 1 --baseline b --fail-on new-stack,",
	    "-p 1 --gen-suppressions --format text",
	    "-p 1 --kinds definite,indirect,possible,growing,outstanding,definite,nothing",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line *line = parse_for(CHECK, rows[i]);

		if (line->result != -EINVAL || !line->error[0])
			fail_msg("'%s' is taken", rows[i]);
		release(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_the_documented_defaults),
	    cmocka_unit_test(takes_every_option),
	    cmocka_unit_test(takes_the_hidden_options),
	    cmocka_unit_test(bundles_letters),
	    cmocka_unit_test(takes_options_around_the_interval),
	    cmocka_unit_test(merges_processes_named_twice),
	    cmocka_unit_test(leaves_the_command_alone),
	    cmocka_unit_test(asks),
	    cmocka_unit_test(names_what_is_wrong),
	    cmocka_unit_test(what_check_takes),
	    cmocka_unit_test(what_check_refuses),
	    cmocka_unit_test(forms_that_stand_alone),
	    cmocka_unit_test(forms_that_take_all_stacks),
	    cmocka_unit_test(accepts_what_the_command_takes),
	    cmocka_unit_test(help_words_name_the_default),
	    cmocka_unit_test(help_words_name_every_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
