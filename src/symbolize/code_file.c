// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/code_file.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/debug_info.h"
#include "symbolize/debug_lines.h"
#include "symbolize/elf_image.h"
#include "symbolize/symbol_table.h"

/* No code is at the end of the address space: it stands for all offsets outside the segments. */
#define NO_ADDRESS UINT64_MAX

struct code_file {
	const struct code_texts *texts;
	bool readable;
	bool in_libc;
	struct elf_image image;
	struct symbol_table symbols;
	struct debug_info *debug; /* NULL: none */
	void *places;             /* tsearch(3) by address */
};

struct code_file *code_file_open(int fd, bool in_libc, const struct code_texts *texts)
{
	struct code_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->texts = texts;
	file->in_libc = in_libc;
	if (elf_image_open(&file->image, fd))
		return file;
	file->readable = true;
	file->in_libc |= file->image.is_static_program;
	/* Either may fail, and names or lines are missing then. */
	symbol_table_read(&file->symbols, file->image.elf);
	if (debug_info_open(&file->debug, &file->image))
		file->debug = NULL;
	elf_image_detach(&file->image);
	return file;
}

void code_file_free(struct code_file *file)
{
	if (!file)
		return;
	tdestroy(file->places, free);
	debug_info_free(file->debug);
	symbol_table_clear(&file->symbols);
	if (file->readable)
		elf_image_close(&file->image);
	free(file);
}

/* What the symbol table and the debug information say of an address, before names are made. */
struct finding {
	const char *function;
	uint64_t start;
	bool has_start;
	struct source_place line;
	size_t n_calls;
	struct inlined_call calls[INLINED_MAX];
};

/* Ranges of one function looked at; it has a handful. */
#define FUNCTION_RANGES_MAX 4096

/*
 * The function's name, as far as debug information knows better than the symbol table: where
 * there is no symbol, or one without a size that reaches over from a function before.
 */
static void name_by_debug(struct finding *finding, const struct elf_symbol_name *symbol, uint64_t address,
                          Dwarf_Die *function)
{
	unsigned int steps_left = FUNCTION_RANGES_MAX;
	const char *name = debug_entry_name(function);
	uint64_t start = 0;
	bool has_start = debug_entry_range(function, address, &start, &steps_left);

	if (!name || (symbol && (symbol->has_size || !has_start || start <= symbol->start)))
		return;
	finding->function = name;
	finding->start = start;
	finding->has_start = has_start;
}

static void find_debug(struct code_file *file, const struct elf_symbol_name *symbol, uint64_t address,
                       struct finding *finding)
{
	struct debug_unit *unit = debug_info_unit(file->debug, address);
	Dwarf_Die function;

	if (!unit)
		return;
	finding->line = debug_line(unit, address);
	if (!debug_info_function(file->debug, unit, address, &function))
		return;
	finding->n_calls = debug_inlined_calls(unit, &function, address, finding->calls);
	name_by_debug(finding, symbol, address, &function);
}

static void find(struct code_file *file, uint64_t address, struct finding *finding)
{
	const struct elf_symbol_name *symbol = symbol_table_find(&file->symbols, address);

	if (symbol) {
		finding->function = symbol->name;
		finding->start = symbol->start;
		finding->has_start = true;
	}
	if (file->debug)
		find_debug(file, symbol, address, finding);
}

static bool set_level(const struct code_file *file, struct code_level *level, const char *function,
                      const struct source_place *place)
{
	if (function) {
		level->function = text_pool_get(file->texts->functions, function);
		if (!level->function)
			return false;
		level->wrapper = wrapper_of(level->function, file->in_libc);
	}
	if (place->file) {
		level->file = text_pool_get(file->texts->others, place->file);
		if (!level->file)
			return false;
	}
	level->line = place->line;
	return true;
}

/* The line table's place is that of the innermost level; every level further out stands where its call is. */
static bool set_levels(const struct code_file *file, struct code_place *place, const struct finding *finding)
{
	const struct source_place *source = &finding->line;

	for (size_t i = 0; i < finding->n_calls; i++) {
		const struct inlined_call *call = &finding->calls[finding->n_calls - 1 - i];

		place->levels[i].inlined = true;
		if (!set_level(file, &place->levels[i], call->function, source))
			return false;
		source = &call->place;
	}
	return set_level(file, &place->levels[finding->n_calls], finding->function, source);
}

static struct code_place *make_place(struct code_file *file, uint64_t address)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	struct code_place *place = NULL;

	if (!finding)
		return NULL;
	if (address != NO_ADDRESS)
		find(file, address, finding);
	place = calloc(1, sizeof(*place) + (finding->n_calls + 1) * sizeof(place->levels[0]));
	if (place) {
		place->address = address;
		place->has_offset = finding->function && finding->has_start;
		place->offset = place->has_offset ? address + 1 - finding->start : 0;
		place->n_levels = finding->n_calls + 1;
		if (!set_levels(file, place, finding)) {
			free(place);
			place = NULL;
		}
	}
	free(finding);
	return place;
}

static int compare_places(const void *a, const void *b)
{
	const struct code_place *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

const struct code_place *code_file_place(struct code_file *file, uint64_t file_offset)
{
	struct code_place wanted = {0}, *place;
	void *found;

	if (!elf_image_address(&file->image, file_offset, &wanted.address))
		wanted.address = NO_ADDRESS;
	found = tfind(&wanted, &file->places, compare_places);
	if (found)
		return *(struct code_place **)found;
	place = make_place(file, wanted.address);
	if (place && !tsearch(place, &file->places, compare_places)) {
		free(place);
		return NULL;
	}
	return place;
}
