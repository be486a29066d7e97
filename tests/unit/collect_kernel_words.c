// SPDX-License-Identifier: GPL-2.0-or-later
/* Words that the kernel holds: lines as it writes them, and this process's own epoll instances and timers. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "collect/kernel_words.h"

static void test_lines(void **state)
{
	uint64_t word = 0;

	(void)state;
	assert_true(kernel_words_epoll("tfd:        5 events:       19 data:     7f2b5c0012a0  pos:0 ino:3d9c sdev:e\n",
	                               &word));
	assert_int_equal(word, 0x7f2b5c0012a0);
	assert_false(kernel_words_epoll("pos:\t0\n", &word));
	assert_false(kernel_words_epoll("tfd:        5 events:       19\n", &word));
	assert_false(kernel_words_epoll("tfd:        5 events:       19 data:", &word));
	assert_false(kernel_words_epoll("tfd: 1 events: 1 data: 12345678901234567890", &word));
	assert_true(kernel_words_timer("signal: 14/000055d0c6a342a0\n", &word));
	assert_int_equal(word, 0x55d0c6a342a0);
	assert_false(kernel_words_timer("notify: signal/pid.1234\n", &word));
	assert_false(kernel_words_timer("signal: 14\n", &word));
	assert_false(kernel_words_timer("", &word));
}

struct seen {
	uint64_t words[8];
	size_t n;
};

static int see(void *context, enum reach_kept kept, uint64_t word)
{
	struct seen *seen = context;

	assert_true(kept == REACH_KEPT_FOR_EPOLL || kept == REACH_KEPT_FOR_TIMER);

	if (seen->n == 8)
		return -E2BIG;
	seen->words[seen->n++] = word;
	return 0;
}

static bool has(const struct seen *seen, uint64_t word)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (seen->words[i] == word)
			return true;
	}
	return false;
}

static void test_own(void **state)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abc};
	struct sigevent notify = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	int *descriptors, epoll = epoll_create1(0), ends[2];
	struct seen seen = {.n = 0};
	timer_t timer;
	size_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), 0);
	notify.sigev_value.sival_ptr = (void *)0xba9876543210;
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &notify, &timer), 0);
	assert_int_equal(kernel_words_find(getpid(), &descriptors, &n), 0);
	assert_true(n >= 1);
	assert_int_equal(kernel_words_each(getpid(), descriptors, n, see, &seen), 0);
	assert_true(has(&seen, 0x123456789abc));
	assert_true(access("/proc/self/timers", F_OK) || has(&seen, 0xba9876543210));
	free(descriptors);
	timer_delete(timer);
	close(epoll);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
