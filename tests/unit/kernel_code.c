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

#include "probe/kernel_code.h"

static struct kernel_places parse_bytes(const char *bytes, size_t size)
{
	struct kernel_places places;
	FILE *file = fmemopen((void *)bytes, size, "r");

	assert_non_null(file);
	memset(&places, 0xff, sizeof(places));
	assert_int_equal(kernel_code_parse(file, &places), 0);
	fclose(file);
	return places;
}

static struct kernel_places parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void assert_nothing(const char *text)
{
	static const struct kernel_places nothing;
	struct kernel_places places = parse(text);

	if (memcmp(&places, &nothing, sizeof(places)) != 0)
		fail_msg("something was found in '%s'", text);
}

static void finds_the_symbols(void **state)
{
	struct kernel_places places = parse("ffffffff81000000 T _stext\n"
	                                    "ffffffff81e00080 T __irqentry_text_start\n"
	                                    "ffffffff81e01230 T __irqentry_text_end\n"
	                                    "ffffffff82200000 T __softirqentry_text_start\n"
	                                    "ffffffff82200300 T __softirqentry_text_end\n"
	                                    "ffffffff82a3b5c8 D vmemmap_base\n"
	                                    "ffffffff82a3b5d8 D page_offset_base\n"
	                                    "ffffffffc0123450 t leak_init\t[leaky]\n");

	(void)state;
	assert_int_equal(places.code.interrupt.low, 0xffffffff81e00080);
	assert_int_equal(places.code.interrupt.high, 0xffffffff81e01230);
	assert_int_equal(places.code.softirq.low, 0xffffffff82200000);
	assert_int_equal(places.code.softirq.high, 0xffffffff82200300);
	assert_int_equal(places.vmemmap_base, 0xffffffff82a3b5c8);
	assert_int_equal(places.page_offset_base, 0xffffffff82a3b5d8);
	assert_int_equal(places.code.tracing.low, 0);
	assert_int_equal(places.code.tracing.high, 0);
}

/* All of them, in whatever order, and as much behind the last as one can be long. */
static void spans_what_runs_programs(void **state)
{
	struct kernel_places places = parse("ffffffff81200400 T bpf_trace_run2\n"
	                                    "ffffffff81200100 T bpf_trace_run1\n"
	                                    "ffffffff81200900 T bpf_trace_run12\n"
	                                    "ffffffff81300000 T bpf_trace_runner\n"
	                                    "ffffffff81000000 T __bpf_trace_run1\n"
	                                    "ffffffff81000000 T bpf_trace_run\n");

	(void)state;
	assert_int_equal(places.code.tracing.low, 0xffffffff81200100);
	assert_true(places.code.tracing.high > 0xffffffff81200900);
	assert_true(places.code.tracing.high <= 0xffffffff81200900 + 4096);
}

static void takes_whole_names_alone(void **state)
{
	(void)state;
	assert_nothing("ffffffff81e00080 T __irqentry_text_start2\n");
	assert_nothing("ffffffff81e00080 T __irqentry_text_star\n");
	assert_nothing("ffffffff81e00080 T x__irqentry_text_start\n");
	assert_nothing("ffffffff81e00080 T \n");
}

/* With hidden addresses all are 0. */
static void takes_no_hidden_addresses(void **state)
{
	(void)state;
	assert_nothing("0000000000000000 T __irqentry_text_start\n"
	               "0000000000000000 T __irqentry_text_end\n"
	               "0000000000000000 T bpf_trace_run1\n"
	               "0000000000000000 D vmemmap_base\n");
}

/* A module's symbol cannot stand for one of the kernel's own. */
static void takes_no_symbols_of_modules(void **state)
{
	(void)state;
	assert_nothing("ffffffffc0123450 t __irqentry_text_start\t[evil]\n"
	               "ffffffffc0123450 t bpf_trace_run1\t[evil]\n"
	               "ffffffffc0123450 d vmemmap_base\t[evil]\n");
}

static void passes_over_other_lines(void **state)
{
	static const char *const lines[] = {
	    "",
	    "\n",
	    " ",
	    "\n\n\n",
	    "nonsense\n",
	    "ffffffff81e00080\n",
	    "ffffffff81e00080 \n",
	    "ffffffff81e00080 T\n",
	    "ffffffff81e00080 T",
	    "ffffffff81e00080T vmemmap_base\n",
	    "ffffffff81e00080 TT vmemmap_base\n",
	    "T vmemmap_base\n",
	    "vmemmap_base\n",
	    "zzzz T vmemmap_base\n",
	    "ffffffff81e00080\tT\tvmemmap_base\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_nothing(lines[i][0] ? lines[i] : "\n");
}

/* Such lines do not hide the ones that follow; a line may be long, have bytes of 0, or no end. */
static void goes_on_after_them(void **state)
{
	static const char zero[] = "ffffffff81000000 T a\0b vmemmap_base\n"
	                           "ffffffff82a3b5c8 D vmemmap_base\n"
	                           "ffffffff82a3b5d8 D page_offset_base";
	struct kernel_places places = parse_bytes(zero, sizeof(zero) - 1);
	const size_t long_bytes = 1 << 20;
	char *text = malloc(long_bytes + 64);

	(void)state;
	assert_int_equal(places.vmemmap_base, 0xffffffff82a3b5c8);
	assert_int_equal(places.page_offset_base, 0xffffffff82a3b5d8);
	assert_non_null(text);
	memset(text, 'f', long_bytes);
	strcpy(text + long_bytes, " T vmemmap_base\nffffffff82a3b5d8 D page_offset_base\n");
	places = parse(text);
	assert_int_equal(places.page_offset_base, 0xffffffff82a3b5d8);
	free(text);
}

/* What cannot be read is an error, and nothing is known. */
static void says_what_reading_failed_with(void **state)
{
	static const struct kernel_places nothing;
	struct kernel_places places;
	FILE *folder = fopen("/proc/self", "r");

	(void)state;
	assert_non_null(folder);
	memset(&places, 0xff, sizeof(places));
	assert_int_equal(kernel_code_parse(folder, &places), -EIO);
	assert_memory_equal(&places, &nothing, sizeof(places));
	fclose(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_symbols),           cmocka_unit_test(spans_what_runs_programs),
	    cmocka_unit_test(takes_whole_names_alone),     cmocka_unit_test(takes_no_hidden_addresses),
	    cmocka_unit_test(takes_no_symbols_of_modules), cmocka_unit_test(passes_over_other_lines),
	    cmocka_unit_test(goes_on_after_them),          cmocka_unit_test(says_what_reading_failed_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
