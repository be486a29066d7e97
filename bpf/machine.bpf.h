/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs must know of the machine. machine_x86.bpf.h and machine_arm64.bpf.h each define:
 *
 * RETURN_ADDRESS_BYTES     that a call pushes: the return address. 0: it stays in the link register
 * FRAME_RECORD_ENDS_FRAME  is the caller's stack pointer right behind saved frame pointer and return address?
 * CODE_ALIGN_BITS          low bits that are zero in the address of an instruction
 * SIGNAL_FP, SIGNAL_SP     where a signal frame holds these, from its handler's return on; the program counter
 *                          follows the stack pointer, the link register (if there is one) the frame pointer
 * register_value()         of a probe's context, by the number that the cookie has
 * link_register()          of a probe's context; 0 on machines without one
 * live_link_register()     the task's, as it entered the kernel
 * return_address()         at a function's entry
 * return_is_pending()      of the call that was entered at `entry`: would it still return to a probe?
 * code_address()           of a word that is a return address: what may be added to one is taken off
 * after_system_call()      is that the instruction before?
 * is_signal_return()       is that what a signal handler returns to? Asked where call frame information does not say
 * live_register()          and
 * signal_offset()          of the registers that rules name (enum unwind_saved)
 */
#ifndef MEMTRACE_MACHINE_BPF_H
#define MEMTRACE_MACHINE_BPF_H

#include "tables.bpf.h"
#include <bpf/bpf_tracing.h>

#if defined(__TARGET_ARCH_x86)
#include "machine_x86.bpf.h"
#elif defined(__TARGET_ARCH_arm64)
#include "machine_arm64.bpf.h"
#endif

#endif
