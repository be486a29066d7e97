/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the kernel's memory, read without a call. The linker of BPF objects takes a function of the kernel's in
 * one object file alone: this is for slab.bpf.c, others call kernel_word().
 */
#ifndef MEMTRACE_KERNEL_WORD_BPF_H
#define MEMTRACE_KERNEL_WORD_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak; /* 6.2 */

/* 0 where there is none. Only where bpf_rdonly_cast exists. */
static __always_inline __u64 word_at(__u64 address)
{
	/* Any structure that begins with a number of 64 bits will do. */
	struct timespec64 *words = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct timespec64));

	return words->tv_sec;
}

static __always_inline __u64 word_read(__u64 address)
{
	__u64 word = 0;

	if (bpf_ksym_exists(bpf_rdonly_cast))
		return word_at(address);
	bpf_probe_read_kernel(&word, sizeof(word), (void *)address);
	return word;
}

#endif
