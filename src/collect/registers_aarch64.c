// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/registers.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

const unsigned int registers_red_zone_bytes = 0;
const unsigned int registers_dtv_offset = 0; /* tcbhead_t */
const bool registers_tls_above = true;

/* In the order of struct user_regs_struct. */
const char *const registers_names[] = {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
                                       "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                                       "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30"};

#define N_NAMES (sizeof(registers_names) / sizeof(registers_names[0]))

const size_t n_registers_names = N_NAMES;

int registers_syscall(pid_t thread, long *number)
{
	int call = -1;
	struct iovec vector = {.iov_base = &call, .iov_len = sizeof(call)};

	if (ptrace(PTRACE_GETREGSET, thread, NT_ARM_SYSTEM_CALL, &vector))
		return -errno;
	*number = call;
	return 0;
}

int registers_read(pid_t thread, struct registers *registers)
{
	struct user_regs_struct general;
	struct iovec vector = {.iov_base = &general, .iov_len = sizeof(general)};

	if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &vector))
		return -errno;
	registers->stack_pointer = general.sp;
	registers->program_counter = general.pc;
	if (registers_syscall(thread, &registers->syscall))
		registers->syscall = -1;
	for (size_t i = 0; i < N_NAMES; i++)
		registers->words[i] = general.regs[i];
	vector.iov_base = &registers->thread_pointer;
	vector.iov_len = sizeof(registers->thread_pointer);
	if (ptrace(PTRACE_GETREGSET, thread, NT_ARM_TLS, &vector))
		return -errno;
	vector.iov_base = registers->words + N_NAMES;
	vector.iov_len = sizeof(registers->words) - N_NAMES * sizeof(uint64_t);
	if (ptrace(PTRACE_GETREGSET, thread, NT_ARM_SVE, &vector)) {
		vector.iov_len = sizeof(registers->words) - N_NAMES * sizeof(uint64_t);
		if (ptrace(PTRACE_GETREGSET, thread, NT_PRFPREG, &vector))
			return -errno;
	}
	registers->n_words = N_NAMES + vector.iov_len / sizeof(uint64_t);
	return 0;
}
