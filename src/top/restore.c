// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/restore.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

/* What a signal handler can get at; nothing else may be global. */
static struct {
	struct termios settings;
	char text[256];
	size_t size;
} found;

/* Calls what signal-safety(7) lists alone. */
static void on_fault(int number)
{
	ssize_t written = write(STDOUT_FILENO, found.text, found.size);

	(void)written;
	tcsetattr(STDIN_FILENO, TCSANOW, &found.settings);
	/* The handler is gone (SA_RESETHAND): now it dies of it. */
	raise(number);
}

int restore_arm(const char *text)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND};

	if (tcgetattr(STDIN_FILENO, &found.settings))
		return -errno;
	found.size = (size_t)snprintf(found.text, sizeof(found.text), "%s", text);
	if (found.size >= sizeof(found.text))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < N_FAULTS; i++)
		sigaction(faults[i], &action, NULL);
	return 0;
}

void restore_disarm(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	for (size_t i = 0; i < N_FAULTS; i++)
		sigaction(faults[i], &action, NULL);
}
