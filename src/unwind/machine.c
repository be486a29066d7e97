// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/machine.h"

#include <elf.h>

/* System V ABI, AMD64 supplement, figure 3.36. */
static const uint8_t x86_registers[] = {
    [0] = REGISTER_SAVED + UNWIND_RAX,
    [1] = REGISTER_SAVED + UNWIND_RDX,
    [2] = REGISTER_SAVED + UNWIND_RCX,
    [3] = REGISTER_SAVED + UNWIND_RBX,
    [4] = REGISTER_SAVED + UNWIND_RSI,
    [5] = REGISTER_SAVED + UNWIND_RDI,
    [6] = REGISTER_FP,
    [7] = REGISTER_SP,
    [8] = REGISTER_SAVED + UNWIND_R8,
    [9] = REGISTER_SAVED + UNWIND_R9,
    [10] = REGISTER_SAVED + UNWIND_R10,
    [11] = REGISTER_SAVED + UNWIND_R11,
    [12] = REGISTER_SAVED + UNWIND_R12,
    [13] = REGISTER_SAVED + UNWIND_R13,
    [14] = REGISTER_SAVED + UNWIND_R14,
    [15] = REGISTER_SAVED + UNWIND_R15,
    [16] = REGISTER_RETURN,
};

/* DWARF for the Arm 64-bit Architecture, section 4.1. */
static const uint8_t arm_registers[] = {
    [29] = REGISTER_FP,
    [30] = REGISTER_RETURN,
    [31] = REGISTER_SP,
};

static const struct machine x86 = {
    .return_column = 16,
    .n_registers = sizeof(x86_registers),
    .registers = x86_registers,
};

static const struct machine arm = {
    .is_arm = true,
    .return_column = 30,
    .n_registers = sizeof(arm_registers),
    .registers = arm_registers,
};

const struct machine *machine_of(uint16_t elf_machine)
{
	return elf_machine == EM_AARCH64 ? &arm : &x86;
}
