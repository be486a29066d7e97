// SPDX-License-Identifier: GPL-2.0-or-later
/* Both forms of suppressions, read and held against stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/judge.h"
#include "analyze/suppression_match.h"
#include "analyze/suppressions.h"
#include "analyze/suppressions_builtin.h"
#include "symbolize/demangle.h"
#include "unit/check_fixture.h"

static int parse(struct suppressions *suppressions, const char *text, char error[256])
{
	*suppressions = (struct suppressions){0};
	error[0] = '\0';
	return suppressions_parse(suppressions, "file.supp", text, strlen(text), demangle, error, 256);
}

static void right(struct suppressions *suppressions, const char *text, size_t n)
{
	char error[256];
	int code = parse(suppressions, text, error);

	if (code || suppressions->n != n)
		fail_msg("%d, %zu suppressions: %s", code, suppressions->n, error);
}

static void wrong(const char *text, const char *words)
{
	struct suppressions suppressions;
	char error[256];
	int code = parse(&suppressions, text, error);

	suppressions_clear(&suppressions);
	if (code != -EINVAL || !strstr(error, words) || strchr(error, '\n'))
		fail_msg("%d: '%s' does not say '%s'", code, error, words);
}

/* A stack of a C++ program whose allocation is two calls deep in a library. */
static struct snapshot *sample(enum leak_class leak)
{
	struct snapshot *snapshot = sample_new(1, 1, 1);
	struct stack *stack = &snapshot->stacks[0];

	sample_usage(stack, 3, 100);
	stack->leak = leak;
	CHECK_FRAMES(stack, {"~shapes::grow(int)", "libshapes.so.2"},
	             {"shapes::Circle::draw() const", "libshapes.so.2"}, {NULL, "plugin.so"}, {"main", "app"});
	return snapshot;
}

static bool matches(const char *text, enum leak_class leak)
{
	struct snapshot *snapshot = sample(leak);
	struct suppressions suppressions;
	bool result;

	right(&suppressions, text, 1);
	result = suppression_matches(&suppressions.list[0], &snapshot->processes[0], &snapshot->stacks[0]);
	suppressions_clear(&suppressions);
	snapshot_free(snapshot);
	return result;
}

static void check_rows(const char *format, const char *const *rows, size_t n, bool wanted)
{
	char text[512];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), format, rows[i]);
		if (matches(text, LEAK_DEFINITE) != wanted)
			fail_msg("%s: %s", wanted ? "does not match" : "matches", text);
	}
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void lsan_patterns(void **state)
{
	static const char *const that_match[] = {
	    "grow",      "shapes::grow",        "Circle::draw",    "^main$",
	    "^shapes::", "libshapes.so",        "libshapes.so.2$", "^app$",
	    "src/3.c",   "^src/*.c$",           "s*grow*",         "*",
	    "plugin.so", "^shapes::grow(int)$", "^shapes::grow$",  "1.c$",
	};
	static const char *const that_do_not[] = {
	    "^grow", "main$x", "^in$", "Main", "^libshapes.so$", "?ain", "shapes::grow(char)", "^$", "so.2.",
	};

	(void)state;
	check_rows("leak:%s\n", that_match, COUNT(that_match), true);
	check_rows("leak:%s\n", that_do_not, COUNT(that_do_not), false);
}

static void lsan_files(void **state)
{
	struct suppressions suppressions;

	(void)state;
	right(&suppressions, "", 0);
	right(&suppressions, "# only words\n\n   \n", 0);
	right(&suppressions, "# words\r\n  leak:one  \r\n\n\tleak:two\n#leak:three\nleak:four", 3);
	assert_string_equal(suppressions.list[0].text, "leak:one");
	assert_string_equal(suppressions.list[0].origin, "file.supp:2");
	assert_string_equal(suppressions.list[2].origin, "file.supp:6");
	suppressions_clear(&suppressions);
	wrong("leak:one\nrace:two\n", "file.supp:2: ");
	wrong("leak:\n", "leak:PATTERN");
	wrong("leak", "leak:PATTERN");
}

#define BLOCK(kinds, frames) "{\n a name\n Memcheck:Leak\n" kinds frames "\n}\n"

static void valgrind_frames(void **state)
{
	static const char *const that_match[] = {
	    "fun:shapes::grow(int)",
	    "fun:shapes::grow",
	    "fun:_ZN6shapes4growEi",
	    "fun:malloc\nfun:_ZN6shapes4growEi",
	    "fun:*alloc\nfun:*grow*",
	    "fun:_Znwm\nfun:_ZN6shapes4growEi\nfun:_ZNK6shapes6Circle4drawEv",
	    "fun:operator new(unsigned long)\nfun:shapes::grow(int)",
	    "fun:*\nfun:*",
	    "...\nfun:main",
	    "fun:malloc\n...\nfun:main",
	    "...\nobj:plugin.so\nfun:m?in",
	    "obj:*libshapes.so*\nobj:*libshapes.so*\nobj:*\nobj:app",
	    "src:0.c:1\nsrc:src/1.c",
	    "src:*.c:1\n...\nobj:app",
	    "...",
	    "...\n...\nfun:*draw*\n...",
	};
	static const char *const that_do_not[] = {
	    "fun:main",
	    "fun:shapes::grow\nfun:main",
	    "fun:malloc\nfun:calloc\nfun:shapes::grow",
	    "...\nfun:main\nfun:*",
	    "src:0.c:2",
	    "fun:shapes::gro",
	    "obj:libshapes.so",
	    "obj:*shapes*\nobj:*\nfun:*",
	};

	(void)state;
	check_rows(BLOCK("", "%s"), that_match, COUNT(that_match), true);
	check_rows(BLOCK("", "%s"), that_do_not, COUNT(that_do_not), false);
}

static void valgrind_kinds(void **state)
{
	(void)state;
	assert_true(matches(BLOCK("match-leak-kinds: definite\n", "fun:*"), LEAK_DEFINITE));
	assert_true(matches(BLOCK("match-leak-kinds:possible, definite\n", "fun:*"), LEAK_DEFINITE));
	assert_true(matches(BLOCK("match-leak-kinds: all\n", "fun:*"), LEAK_REACHABLE));
	assert_true(matches(BLOCK("match-leak-kinds: reachable\n", "fun:*"), LEAK_UNJUDGED));
	assert_true(matches(BLOCK("", "fun:*"), LEAK_UNJUDGED));
	assert_false(matches(BLOCK("match-leak-kinds: possible,indirect\n", "fun:*"), LEAK_DEFINITE));
	assert_false(matches(BLOCK("match-leak-kinds: none\n", "fun:*"), LEAK_DEFINITE));
	assert_false(matches(BLOCK("match-leak-kinds: none\n", "fun:*"), LEAK_UNJUDGED));
}

static void valgrind_files(void **state)
{
	struct suppressions suppressions;

	(void)state;
	right(&suppressions,
	      "# valgrind's\n{\n  <first>\n  Memcheck:Leak\n  fun:a\n}\n{\n  other\n  Memcheck:Cond\n  fun:b\n}\n"
	      "{\n  syscall\n  Memcheck:Param\n  write(buf)\n  fun:c\n}\n{\n  old\n  Addrcheck,Memcheck:Leak\n  "
	      "obj:*\n}\n"
	      "{\n  threads\n  Helgrind:Race\n  fun:d\n}\n",
	      2);
	assert_string_equal(suppressions.list[0].text, "<first>");
	assert_string_equal(suppressions.list[0].origin, "file.supp:2");
	assert_string_equal(suppressions.list[1].text, "old");
	suppressions_clear(&suppressions);
	wrong("{\n x\n Memcheck:Leak\n fun:a\n", "no }");
	wrong("{\n x\n Memcheck:Cond\n fun:a\n", "no }");
	wrong("{\n x\n", "a name");
	wrong("{\n x\n}\n", "empty");
	wrong("{\n x\n Memcheck:Leak\n}\n", "no frames");
	wrong("{\n x\n Memcheck:Leak\n leak:a\n}\n", "file.supp:4: a frame");
	wrong("{\n x\n Memcheck:Leak\n match-leak-kinds: some\n fun:a\n}\n", "match-leak-kinds");
	wrong("{\n x\n Memcheck:Leak\n fun:a\n}\nleak:b\n", "file.supp:6: a block begins");
}

static void bounds(void **state)
{
	size_t size = SUPPRESSION_PATTERN_MAX + 100;
	char *text = calloc(1, size), error[256];
	struct suppressions suppressions = {0};

	(void)state;
	memset(text, 'x', size - 1);
	memcpy(text, "leak:", 5);
	assert_int_equal(suppressions_parse(&suppressions, "f", text, size - 1, demangle, error, sizeof(error)),
	                 -E2BIG);
	assert_non_null(strstr(error, "f:1: too much"));
	suppressions_clear(&suppressions);
	assert_int_equal(suppressions_parse(&suppressions, "f", "leak:a\0b", 8, demangle, error, sizeof(error)),
	                 -EINVAL);
	assert_non_null(strstr(error, "no text"));
	suppressions_clear(&suppressions);
	free(text);
}

static void hits_are_counted(void **state)
{
	struct suppressions suppressions;
	struct snapshot *snapshot = sample_new(1, 4, 1);
	struct judgement *judgement;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		sample_usage(&snapshot->stacks[i], 1, 100 * (i + 1));
	CHECK_FRAMES(&snapshot->stacks[0], {"kept", "app"}, {"main", "app"});
	CHECK_FRAMES(&snapshot->stacks[1], {"kept", "app"}, {"other", "app"});
	CHECK_FRAMES(&snapshot->stacks[2], {"lost", "app"}, {"main", "app"});
	CHECK_FRAMES(&snapshot->stacks[3], {"_IO_file_doallocate", "libc.so.6"}, {"puts", "libc.so.6"},
	             {"main", "app"});
	right(&suppressions, "leak:^kept$\nleak:^nobody$\n", 2);
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	assert_int_equal(suppressions_apply(&suppressions, snapshot), 0);
	judgement = snapshot->judgement;
	assert_int_equal(judgement->n_stacks, 1);
	assert_string_equal(snapshot->stacks[0].frames[0].function, "lost");
	assert_int_equal(judgement->bytes, 300);
	assert_int_equal(judgement->suppressed_bytes, 700);
	assert_int_equal(judgement->suppressed_blocks, 3);
	assert_int_equal(judgement->n_uses, 3);
	assert_int_equal(judgement->uses[0].bytes, 300);
	assert_int_equal(judgement->uses[0].stacks, 2);
	assert_int_equal(judgement->uses[1].stacks, 0);
	assert_string_equal(judgement->uses[2].text, "stdio buffers");
	assert_int_equal(judgement->uses[2].bytes, 400);
	suppressions_clear(&suppressions);
	snapshot_free(snapshot);
}

static bool is_builtin(struct stack *stack)
{
	bool found = builtin_suppression_find(stack) < n_builtin_suppressions;

	free(stack->addresses);
	free(stack->frames);
	return found;
}

/* A function of the program is none of the C library's, whatever its name; nor is what passes through one. */
static void builtin(void **state)
{
	struct stack stack = {0};

	(void)state;
	CHECK_FRAMES(&stack, {NULL, "libc.so.6"}, {"setlocale", "libc.so.6"}, {"main", "app"});
	assert_true(is_builtin(&stack));
	CHECK_FRAMES(&stack, {"calloc", "ld-linux-x86-64.so.2"}, {"_dl_allocate_tls", "ld-linux-x86-64.so.2"},
	             {"pthread_create", "libc.so.6"}, {"main", "app"});
	assert_true(is_builtin(&stack));
	CHECK_FRAMES(&stack, {NULL, "libstdc++.so.6.0.30"}, {"call_init", "ld-linux-x86-64.so.2"},
	             {"_dl_init", "ld-linux-x86-64.so.2"});
	assert_true(is_builtin(&stack));
	CHECK_FRAMES(&stack, {"setlocale", "app"}, {"main", "app"});
	assert_false(is_builtin(&stack));
	CHECK_FRAMES(&stack, {"init", "plugin.so"}, {"dlopen", "libc.so.6"}, {"main", "app"});
	assert_false(is_builtin(&stack));
	CHECK_FRAMES(&stack, {"strdup", "libc.so.6"}, {"main", "app"});
	assert_false(is_builtin(&stack));
	CHECK_FRAMES(&stack, {"std::string::_M_create", "libstdc++.so.6.0.30"}, {"main", "app"});
	assert_false(is_builtin(&stack));
	for (size_t i = 0; i < n_builtin_suppressions; i++)
		assert_true(strlen(builtin_suppressions[i].reason) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lsan_patterns),    cmocka_unit_test(lsan_files),     cmocka_unit_test(valgrind_frames),
	    cmocka_unit_test(valgrind_kinds),   cmocka_unit_test(valgrind_files), cmocka_unit_test(bounds),
	    cmocka_unit_test(hits_are_counted), cmocka_unit_test(builtin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
