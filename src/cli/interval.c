// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/interval.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

int interval_take_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int interval_start_timer(uint64_t interval_ns)
{
	struct itimerspec when = {.it_interval = {.tv_sec = interval_ns / NS_PER_S, .tv_nsec = interval_ns % NS_PER_S}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), error;

	when.it_value = when.it_interval;
	if (fd < 0)
		return -errno;
	if (!timerfd_settime(fd, 0, &when, NULL))
		return fd;
	error = -errno;
	close(fd);
	return error;
}
