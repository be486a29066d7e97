// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of nodes, and on which of them pages lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/nodes.h"

static void parses_lists(void **state)
{
	static const struct {
		const char *list;
		size_t n;
		int nodes[6];
	} rows[] = {
	    {"0", 1, {0}},
	    {"0\n", 1, {0}},
	    {"0-3,8", 5, {0, 1, 2, 3, 8}},
	    {"0-3,8\n", 5, {0, 1, 2, 3, 8}},
	    {"7,5-6\n", 3, {7, 5, 6}},
	    {"1023", 1, {1023}},
	    {"", 0, {0}},
	    {"\n", 0, {0}},
	    /* Out of bounds, the wrong way round, or no number: as far as it goes. */
	    {"1024", 0, {0}},
	    {"5-2", 0, {0}},
	    {"5-2,1", 1, {1}},
	    {"0-99999999", 0, {0}},
	    {"1,0-99999999999999999999", 1, {1}},
	    {"-1", 0, {0}},
	    {"0--5", 0, {0}},
	    {"99999999999999999999", 0, {0}},
	    {"x", 0, {0}},
	    {"1,x", 1, {1}},
	    {"1-", 0, {0}},
	    {"1,", 1, {1}},
	    {",1", 0, {0}},
	    {"1;2", 1, {1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int nodes[6];

		assert_int_equal(nodes_parse(rows[i].list, nodes, 6), rows[i].n);
		for (size_t j = 0; j < rows[i].n; j++)
			assert_int_equal(nodes[j], rows[i].nodes[j]);
	}
}

static void stops_where_there_is_no_room(void **state)
{
	int *nodes = calloc(3, sizeof(*nodes));

	(void)state;
	assert_int_equal(nodes_parse("4-1000,3", nodes, 3), 3);
	assert_int_equal(nodes[2], 6);
	assert_int_equal(nodes_parse("1,2,3,4", nodes, 3), 3);
	assert_int_equal(nodes_parse("1", nodes, 0), 0);
	free(nodes);
}

static void there_is_a_node(void **state)
{
	size_t n;
	int *nodes = nodes_online(&n);

	(void)state;
	assert_true(nodes && n >= 1 && nodes[0] >= 0);
	free(nodes);
}

/* Where the kernel will not tell at all, there is nothing to test. */
static void skip_if_refused(int error)
{
	if (error == -ENOSYS || error == -EPERM)
		skip();
	assert_int_equal(error, 0);
}

static void tells_where_own_pages_lie(void **state)
{
	enum { N = 9000 }; /* several calls of the kernel's */
	size_t page = sysconf(_SC_PAGESIZE);
	char *mapped = mmap(NULL, N * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *addresses = calloc(N, sizeof(*addresses));
	int *nodes = calloc(N, sizeof(*nodes));

	(void)state;
	assert_ptr_not_equal(mapped, MAP_FAILED);
	madvise(mapped, N * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < N; i++) {
		if (i % 3 == 0)
			mapped[i * page] = 1;
		addresses[i] = (uintptr_t)mapped + i * page + i % page;
	}
	skip_if_refused(nodes_of_pages(getpid(), addresses, N, nodes));
	for (size_t i = 0; i < N; i++)
		assert_true(i % 3 == 0 ? nodes[i] >= 0 : nodes[i] == -1);
	/* Not mapped at all. */
	munmap(mapped, N * page);
	assert_int_equal(nodes_of_pages(getpid(), addresses, 3, nodes), 0);
	assert_int_equal(nodes[0], -1);
	assert_int_equal(nodes_of_pages(getpid(), NULL, 0, NULL), 0);
	free(addresses);
	free(nodes);
}

static void says_that_there_is_no_such_process(void **state)
{
	uint64_t address = 0x1000;
	int node = 5;

	(void)state;
	assert_true(nodes_of_pages(0x7ffffffe, &address, 1, &node) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_lists),
	    cmocka_unit_test(stops_where_there_is_no_room),
	    cmocka_unit_test(there_is_a_node),
	    cmocka_unit_test(tells_where_own_pages_lie),
	    cmocka_unit_test(says_that_there_is_no_such_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
