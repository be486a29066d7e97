// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/in_allocator.h"

#include <sys/syscall.h>

#include "collect/registers.h"
#include "collect/target.h"

/* What an allocator's functions call stands about them: glibc's malloc.o has 26 KiB of code. */
#define NEAR_BYTES (32ULL << 10)

static bool changes_memory(long call)
{
	static const long calls[] = {SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (call == calls[i])
			return true;
	}
	return false;
}

static bool is_near(const struct object *object, const struct mapping *mapping, uint64_t address)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < object->n_points; i++) {
		uint64_t at = object_address(object, mapping, object->points[i].symbol.value);

		low = at < low ? at : low;
		high = at > high ? at : high;
	}
	return high && address + NEAR_BYTES >= low && address < high + NEAR_BYTES;
}

bool in_allocator(const struct target *target, const struct registers *registers)
{
	if (registers->syscall >= 0)
		return changes_memory(registers->syscall);
	for (size_t i = 0; i < target->n_mapped; i++) {
		const struct object *object;

		if (!objects_get(target->tracing->objects, &target->mapped[i], &object) && object &&
		    is_near(object, &target->mapped[i], registers->program_counter))
			return true;
	}
	return false;
}
