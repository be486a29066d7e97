/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the machine that memtrace is built for, which is the only one whose programs it traces. What takes
 * more than a number is in decode_MACHINE.c and site_MACHINE.c; unwind/ knows all machines at once.
 */
#ifndef MEMTRACE_PROBE_MACHINE_H
#define MEMTRACE_PROBE_MACHINE_H

/*
 * MACHINE_DWARF_*          DWARF's numbers of frame pointer, stack pointer and return address
 * MACHINE_CALL_PUSHES      a call leaves its return address on the stack, else in a register
 * MACHINE_CODE_ALIGN_BYTES of instructions
 * MACHINE_CALL_BYTES       length of a direct call
 */
#if defined(__x86_64__)
#define MACHINE_ELF EM_X86_64
#define MACHINE_CAPSTONE CS_ARCH_X86, CS_MODE_64
#define MACHINE_DWARF_FP 6 /* System V ABI, AMD64 supplement, figure 3.36 */
#define MACHINE_DWARF_SP 7
#define MACHINE_DWARF_RETURN 16
#define MACHINE_CALL_PUSHES 1
#define MACHINE_CODE_ALIGN_BYTES 1
#define MACHINE_CALL_BYTES 5
#elif defined(__aarch64__)
#define MACHINE_ELF EM_AARCH64
#define MACHINE_CAPSTONE CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN
#define MACHINE_DWARF_FP 29 /* DWARF for the Arm 64-bit Architecture, section 4.1 */
#define MACHINE_DWARF_SP 31
#define MACHINE_DWARF_RETURN 30
#define MACHINE_CALL_PUSHES 0
#define MACHINE_CODE_ALIGN_BYTES 4
#define MACHINE_CALL_BYTES 4
#else
#error "not a machine that memtrace knows: x86-64, aarch64"
#endif

#endif
