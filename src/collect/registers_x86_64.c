// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/registers.h"

#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

const unsigned int registers_red_zone_bytes = 128;
const unsigned int registers_dtv_offset = 8; /* tcbhead_t */
const bool registers_tls_above = false;

/* In the order of struct user_regs_struct. */
const char *const registers_names[] = {"r15", "r14", "r13", "r12", "rbp", "rbx", "r11",      "r10", "r9",
                                       "r8",  "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip"};

#define N_NAMES (sizeof(registers_names) / sizeof(registers_names[0]))

const size_t n_registers_names = N_NAMES;

int registers_read(pid_t thread, struct registers *registers)
{
	struct user_regs_struct general;
	struct iovec vector = {.iov_base = &general, .iov_len = sizeof(general)};

	if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &vector))
		return -errno;
	registers->stack_pointer = general.rsp;
	registers->thread_pointer = general.fs_base;
	registers->program_counter = general.rip;
	registers->syscall = (long)general.orig_rax;
	for (size_t i = 0; i < N_NAMES; i++)
		registers->words[i] = ((const unsigned long long *)&general)[i];
	/* The extended state as the XSAVE instruction lays it out (Intel SDM 1, 13.4): all of it may hold addresses. */
	vector.iov_base = registers->words + N_NAMES;
	vector.iov_len = sizeof(registers->words) - N_NAMES * sizeof(uint64_t);
	if (ptrace(PTRACE_GETREGSET, thread, NT_X86_XSTATE, &vector)) {
		vector.iov_len = sizeof(registers->words) - N_NAMES * sizeof(uint64_t);
		if (ptrace(PTRACE_GETREGSET, thread, NT_PRFPREG, &vector))
			return -errno;
	}
	registers->n_words = N_NAMES + vector.iov_len / sizeof(uint64_t);
	return 0;
}

int registers_syscall(pid_t thread, long *number)
{
	struct user_regs_struct general;
	struct iovec vector = {.iov_base = &general, .iov_len = sizeof(general)};

	if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &vector))
		return -errno;
	*number = (long)general.orig_rax;
	return 0;
}
