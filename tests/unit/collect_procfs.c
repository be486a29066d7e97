// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc says of processes of several kinds: threads, zombies, deleted programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/procfs.h"

#define NOBODY 0x7ffffffe

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void assert_refused(pid_t pid, int code, const char *words)
{
	char error[256] = "";

	assert_int_equal(procfs_check_traceable(pid, error, sizeof(error)), code);
	if (!strstr(error, words))
		fail_msg("\"%s\" is not in \"%s\"", words, error);
	assert_null(strchr(error, '\n'));
}

static void reads_status(void **state)
{
	struct process_status status;

	(void)state;
	assert_int_equal(procfs_status(getpid(), &status), 0);
	assert_int_equal(status.state, 'R');
	assert_int_equal(status.thread_group, getpid());
	assert_true(status.has_memory);
	assert_int_equal(procfs_status(NOBODY, &status), -ESRCH);
}

static void reads_names(void **state)
{
	char comm[17], before[17];
	char *exe = procfs_exe(getpid());

	(void)state;
	assert_non_null(exe);
	assert_int_equal(exe[0], '/');
	free(exe);
	assert_null(procfs_exe(NOBODY));
	procfs_comm(NOBODY, comm);
	assert_string_equal(comm, "");
	procfs_comm(getpid(), before);
	prctl(PR_SET_NAME, "15 characters..");
	procfs_comm(getpid(), comm);
	assert_string_equal(comm, "15 characters..");
	/* What a name says cannot be taken for another line of the status. */
	prctl(PR_SET_NAME, "a\nState:\tZ\nb");
	procfs_comm(getpid(), comm);
	assert_string_equal(comm, "a\nState:\tZ\nb");
	reads_status(NULL);
	prctl(PR_SET_NAME, before);
}

static void refuses_what_cannot_be_traced(void **state)
{
	pid_t zombie = fork();
	siginfo_t info;

	(void)state;
	assert_refused(getpid(), -EINVAL, "memtrace itself");
	assert_refused(NOBODY, -ESRCH, "no such process");
	if (!zombie)
		_exit(0);
	assert_int_equal(waitid(P_PID, zombie, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(procfs_live_thread(zombie), 0);
	assert_refused(zombie, -ESRCH, "zombie");
	end_child(zombie);
	assert_refused(zombie, -ESRCH, "no such process");
}

static void *tell_thread(void *pipe)
{
	pid_t thread = syscall(SYS_gettid);

	if (write(*(int *)pipe, &thread, sizeof(thread)) != sizeof(thread))
		_exit(1);
	pause();
	return NULL;
}

/* A process whose first thread has ended, or goes on. Returns a thread of it that lives. */
static pid_t start_threaded(bool leader_ends, pid_t *thread)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		pthread_t id;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&id, NULL, tell_thread, &ends[1]))
			_exit(1);
		if (leader_ends)
			syscall(SYS_exit, 0);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ends[0], thread, sizeof(*thread)), sizeof(*thread));
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void finds_a_live_thread(void **state)
{
	pid_t thread, pid = start_threaded(false, &thread);
	char words[64], error[256];

	(void)state;
	assert_int_equal(procfs_live_thread(pid), pid);
	snprintf(words, sizeof(words), "is a thread of process %d", pid);
	assert_refused(thread, -EINVAL, words);
	assert_int_equal(procfs_check_traceable(pid, error, sizeof(error)), 0);
	end_child(pid);
	assert_int_equal(procfs_live_thread(pid), 0);

	pid = start_threaded(true, &thread);
	while (procfs_live_thread(pid) == pid) /* its end takes a moment */
		usleep(1000);
	assert_int_equal(procfs_live_thread(pid), thread);
	assert_int_equal(procfs_check_traceable(pid, error, sizeof(error)), 0);
	end_child(pid);
}

static void names_a_deleted_program(void **state)
{
	char path[] = "/tmp/memtrace-program-XXXXXX", *exe;
	int from = open("/bin/sleep", O_RDONLY), to = mkstemp(path), ready[2];
	struct stat status;
	pid_t pid;
	char byte;

	(void)state;
	assert_true(from >= 0 && to >= 0 && !fstat(from, &status) && !pipe2(ready, O_CLOEXEC));
	assert_int_equal(sendfile(to, from, NULL, status.st_size), status.st_size);
	fchmod(to, 0700);
	close(to);
	close(from);
	pid = fork();
	if (!pid) {
		execl(path, path, "1000", NULL);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0); /* closed by the exec */
	close(ready[0]);
	unlink(path);
	exe = procfs_exe(pid);
	end_child(pid);
	assert_string_equal(exe, path);
	free(exe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_status),
	    cmocka_unit_test(reads_names),
	    cmocka_unit_test(refuses_what_cannot_be_traced),
	    cmocka_unit_test(finds_a_live_thread),
	    cmocka_unit_test(names_a_deleted_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
