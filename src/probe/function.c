/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/function.h"

#include <string.h>

#define SIZED_MAX_BYTES (64 * 1024)
#define UNSIZED_MAX_BYTES 4096
#define NAME_BYTES 256

struct next_function {
	uint64_t after, nearest;
};

static bool take_nearer(void *context, const struct elf_symbol *symbol)
{
	struct next_function *next = context;

	if (symbol->value > next->after && symbol->value < next->nearest)
		next->nearest = symbol->value;
	return true;
}

struct function function_of(const struct elf_file *file, const struct elf_symbol *symbol)
{
	struct function function = {.address = symbol->value};
	size_t wanted = SIZED_MAX_BYTES;

	if (symbol->size_bytes && symbol->size_bytes < wanted) {
		wanted = (size_t)symbol->size_bytes;
	} else if (!symbol->size_bytes) {
		struct next_function next = {.after = symbol->value, .nearest = UINT64_MAX};

		elf_file_each_function(file, take_nearer, &next);
		wanted = UNSIZED_MAX_BYTES;
		if (next.nearest - next.after < wanted)
			wanted = (size_t)(next.nearest - next.after);
	}
	function.size = elf_file_code(file, symbol->value, wanted, &function.code);
	return function;
}

bool function_target(const struct elf_file *file, const struct decoder *decoder, uint64_t *target)
{
	struct elf_symbol symbol;
	char name[NAME_BYTES];
	uint64_t slot;

	if (decoder_jump(decoder, target) || decoder_call(decoder, target)) {
		if (elf_file_stub_name(file, *target, name, sizeof(name)))
			return true;
	} else if (!decoder_slot(decoder, &slot) || elf_file_slot_name(file, slot, name, sizeof(name))) {
		return false;
	}
	if (elf_file_symbol(file, name, &symbol))
		return false;
	*target = symbol.value;
	return true;
}

bool function_forwards(const struct elf_file *file, const struct function *function,
                       bool (*is_probed)(void *context, uint64_t address), void *context)
{
	struct decoder decoder;
	bool forwards = true, handed_on = false;
	size_t at = 0;

	if (decoder_open(&decoder))
		return false;
	while (forwards && decoder_next(&decoder, function->code, function->size, function->address, &at)) {
		uint64_t target;

		if (!decoder_valid(&decoder)) {
			forwards = false;
		} else if (!decoder_leaves(&decoder)) {
			forwards = !decoder_stores(&decoder);
		} else if (decoder_jump(&decoder, &target) && target - function->address < function->size) {
			continue;
		} else if (decoder_calls(&decoder) || !function_target(file, &decoder, &target)) {
			forwards = decoder_returns(&decoder);
		} else {
			forwards = target != function->address && is_probed(context, target);
			handed_on |= forwards;
		}
	}
	decoder_close(&decoder);
	return forwards && handed_on;
}
