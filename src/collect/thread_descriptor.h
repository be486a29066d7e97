/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack that the C library made for a thread, as the library itself has written it down. */
#ifndef MEMTRACE_COLLECT_THREAD_DESCRIPTOR_H
#define MEMTRACE_COLLECT_THREAD_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

/* What is looked through of a thread's descriptor, which begins (x86-64) or ends (aarch64) at its thread pointer. */
#define THREAD_DESCRIPTOR_WORDS 512

/*
 * Where that stack begins, its guard page included, if it has the stack pointer and, behind that, the thread pointer;
 * 0: it cannot be told, or the thread runs on another. glibc's struct pthread has its start and its length side by side
 * (nptl/descr.h: stackblock), and so has musl's (src/internal/pthread_impl.h: map_base).
 */
uint64_t thread_descriptor_stack(const uint64_t *descriptor, size_t n_words, uint64_t stack_pointer,
                                 uint64_t thread_pointer);

#endif
