/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a thread that ptrace(2) has stopped. One file a machine. */
#ifndef MEMTRACE_COLLECT_REGISTERS_H
#define MEMTRACE_COLLECT_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REGISTERS_WORDS 2560 /* with AMX's tiles an x86-64 thread has 11 KiB of them */

struct registers {
	uint64_t stack_pointer, thread_pointer, program_counter;
	long syscall; /* the number of the system call that it is in; -1: none */
	/* All that may hold an address, vector registers included; the first ones have names. */
	uint64_t words[REGISTERS_WORDS];
	size_t n_words;
};

/* Bytes below the stack pointer that are in use (System V ABI, AMD64 supplement, 3.2.2: 128; none on aarch64). */
extern const unsigned int registers_red_zone_bytes;
/* Where glibc keeps the pointer to a thread's table of thread-local storage, from the thread pointer on. */
extern const unsigned int registers_dtv_offset;
/* Threads' variables lie above the thread pointer; else below. */
extern const bool registers_tls_above;

/* 0 or -errno. */
int registers_read(pid_t thread, struct registers *registers);

/* The number of the system call that a stopped thread is in; -1: none. 0 or -errno. */
int registers_syscall(pid_t thread, long *number);

/* Names of the first words; what comes behind them is of vector registers. */
extern const char *const registers_names[];
extern const size_t n_registers_names;

#endif
