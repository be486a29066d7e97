/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers that unwinding follows, by DWARF's numbers of them. */
#ifndef MEMTRACE_UNWIND_MACHINE_H
#define MEMTRACE_UNWIND_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/unwind_rule.h"

enum machine_register {
	REGISTER_OTHER, /* not followed */
	REGISTER_SP,
	REGISTER_FP,
	REGISTER_RETURN, /* the column of the return address */
	REGISTER_SAVED,  /* + enum unwind_saved */
};

struct machine {
	bool is_arm;
	uint8_t return_column;
	uint8_t n_registers;
	const uint8_t *registers; /* number to enum machine_register */
};

/* Of EM_X86_64 or EM_AARCH64. */
const struct machine *machine_of(uint16_t elf_machine);

static inline unsigned int machine_register(const struct machine *machine, uint64_t number)
{
	return number < machine->n_registers ? machine->registers[number] : REGISTER_OTHER;
}

#endif
