// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/code_file.h"

#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbolize/debug_info.h"
#include "symbolize/debug_lines.h"
#include "symbolize/debug_search.h"
#include "symbolize/elf_image.h"
#include "symbolize/mini_debug.h"
#include "symbolize/symbol_table.h"

/* No code is at the end of the address space: it stands for all offsets outside the segments. */
#define NO_ADDRESS UINT64_MAX

struct code_file {
	const struct code_environment *environment;
	bool readable;
	bool is_debug; /* the module's debug file alone: its image has no offsets in the module's file */
	bool in_libc;
	struct elf_image image;
	struct elf_image separate; /* file with the debug information; without elf: there is none */
	int64_t bias;              /* of addresses in the image, against the separate file's */
	struct mini_debug mini;
	struct symbol_table symbols;
	struct debug_search search;
	char *path, *debug_path;
	struct debug_info *debug; /* NULL: none */
	void *places;             /* tsearch(3) by address */
	int fd;                   /* our own, to read the file again */
	bool asked;               /* for a new place since it was last to rest */
	bool rests;               /* all but the places and the image's segments is given up */
};

/* What the debug information of one module may take in memory. */
#define DEBUG_BYTES_MAX (4ull << 30)

static uint64_t debug_budget(void)
{
	uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 * (uint64_t)sysconf(_SC_PAGESIZE);

	return half < DEBUG_BYTES_MAX ? half : DEBUG_BYTES_MAX;
}

/* A file of debug information apart from the module's own: its descriptor, or -errno. */
static int open_separate(struct code_file *file)
{
	const uint8_t *id = NULL;
	size_t id_size = elf_build_id(file->image.elf, &id);
	int fd = debug_search_separate(&file->search, file->image.elf, id, id_size);

	if (fd >= 0 && !elf_image_open(&file->separate, fd)) {
		const struct elf_image *image = file->separate.n_segments ? &file->separate : &file->image;

		file->bias = elf_image_bias(&file->image, &file->separate);
		if (debug_info_open(&file->debug, image, file->separate.elf, fd, &file->search))
			file->debug = NULL;
	}
	return fd;
}

/* The fullest table there is; what was stripped of the module's may stand in its .gnu_debugdata. */
static void read_symbols(struct code_file *file)
{
	struct symbol_source sources[2] = {{.elf = file->image.elf, .type = SHT_SYMTAB}};
	size_t n = 1;

	if (!symbol_table_present(file->image.elf, SHT_SYMTAB)) {
		sources[0] = (struct symbol_source){.elf = file->separate.elf, .type = SHT_SYMTAB, .bias = file->bias};
		if (!file->separate.elf || !symbol_table_present(file->separate.elf, SHT_SYMTAB)) {
			sources[0] = (struct symbol_source){.elf = file->image.elf, .type = SHT_DYNSYM};
			if (!mini_debug_open(&file->mini, file->image.elf))
				sources[n++] =
				    (struct symbol_source){.elf = file->mini.image.elf,
				                           .type = SHT_SYMTAB,
				                           .bias = elf_image_bias(&file->image, &file->mini.image)};
		}
	}
	/* It may fail, and names are missing then. */
	symbol_table_read(&file->symbols, sources, n);
}

static void read_file(struct code_file *file, int fd)
{
	int separate_fd = -1;

	/* Either may fail, and names or lines are missing then. */
	if (debug_info_open(&file->debug, &file->image, file->image.elf, fd, &file->search)) {
		file->debug = NULL;
		if (!file->is_debug)
			separate_fd = open_separate(file);
	}
	read_symbols(file);
	elf_image_detach(&file->image);
	if (file->separate.elf)
		elf_image_detach(&file->separate);
	if (separate_fd >= 0)
		close(separate_fd);
}

struct code_file *code_file_open(const struct module *module, const struct code_environment *environment)
{
	struct code_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->environment = environment;
	file->in_libc = is_libc(module->name);
	file->path = strdup(module->path);
	file->debug_path = module->debug_path ? strdup(module->debug_path) : NULL;
	file->search = (struct debug_search){
	    .path = file->path,
	    .known = file->debug_path,
	    .roots = {module->view ? module->view->root_fd : -1, environment->root},
	    .server = environment->server,
	    .budget_bytes = debug_budget(),
	};
	if (!file->path || (module->debug_path && !file->debug_path)) {
		free(file->path);
		free(file->debug_path);
		free(file);
		return NULL;
	}
	file->is_debug = module->fd < 0;
	file->fd = file->is_debug ? debug_search_alone(&file->search, module->build_id, module->build_id_size)
	                          : fcntl(module->fd, F_DUPFD_CLOEXEC, 0);
	if (file->fd < 0 || elf_image_open(&file->image, file->fd))
		return file;
	file->readable = true;
	file->in_libc |= file->image.is_static_program;
	read_file(file, file->fd);
	return file;
}

static void give_up(struct code_file *file)
{
	debug_info_free(file->debug);
	file->debug = NULL;
	symbol_table_clear(&file->symbols);
	mini_debug_close(&file->mini);
	if (file->separate.elf)
		elf_image_close(&file->separate);
	elf_end(file->image.elf);
	file->image.elf = NULL;
}

void code_file_rest(struct code_file *file)
{
	if (file->readable && !file->rests && !file->asked && file->fd >= 0) {
		give_up(file);
		file->rests = true;
	}
	file->asked = false;
}

/* Reads it all again; a file that cannot be read any more gives places without functions. */
static void wake(struct code_file *file)
{
	struct elf_image image;

	file->rests = false;
	if (elf_image_open(&image, file->fd))
		return;
	free(file->image.segments);
	file->image = image;
	file->search.budget_bytes = debug_budget();
	read_file(file, file->fd);
}

bool code_file_readable(const struct code_file *file)
{
	return file->readable;
}

bool code_file_is_debug(const struct code_file *file)
{
	return file->is_debug;
}

void code_file_free(struct code_file *file)
{
	if (!file)
		return;
	tdestroy(file->places, free);
	give_up(file);
	free(file->image.segments);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->debug_path);
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
static void name_by_debug(struct finding *finding, const struct elf_symbol_name *symbol, uint64_t address, int64_t bias,
                          const struct debug_unit *unit, Dwarf_Die *function)
{
	unsigned int steps_left = FUNCTION_RANGES_MAX;
	const char *name = debug_entry_name(function);
	uint64_t start = 0;
	bool has_start = debug_entry_range(unit, function, address, &start, &steps_left);

	start += (uint64_t)bias;
	if (!name || (symbol && (symbol->has_size || !has_start || start <= symbol->start)))
		return;
	finding->function = name;
	finding->start = start;
	finding->has_start = has_start;
}

static void find_debug(struct code_file *file, const struct elf_symbol_name *symbol, uint64_t address,
                       struct finding *finding)
{
	struct debug_unit *unit;
	Dwarf_Die function;

	address -= (uint64_t)file->bias;
	unit = debug_info_unit(file->debug, address);
	if (!unit)
		return;
	if (unit->has_lines)
		finding->line = debug_line(unit, address);
	if (!debug_info_function(file->debug, unit, address, &function))
		return;
	finding->n_calls = debug_inlined_calls(unit, &function, address, finding->calls);
	name_by_debug(finding, symbol, address, file->bias, unit, &function);
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
		level->function = text_pool_get(file->environment->functions, function);
		if (!level->function)
			return false;
		level->wrapper = wrapper_of(level->function, file->in_libc);
	}
	if (place->file) {
		level->file = text_pool_get(file->environment->others, place->file);
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

static uint64_t address_of(const struct code_file *file, const struct code_offset *offset)
{
	const struct elf_image *image = &file->image;
	uint64_t address;
	bool known = file->is_debug ? elf_image_mapped_address(image, offset->first, offset->end, offset->at, &address)
	                            : elf_image_address(image, offset->at, &address);

	return known ? address : NO_ADDRESS;
}

const struct code_place *code_file_place(struct code_file *file, const struct code_offset *offset)
{
	struct code_place wanted = {.address = address_of(file, offset)}, *place;
	void *found;

	found = tfind(&wanted, &file->places, compare_places);
	if (found)
		return *(struct code_place **)found;
	file->asked = true;
	if (file->rests)
		wake(file);
	place = make_place(file, wanted.address);
	if (place && !tsearch(place, &file->places, compare_places)) {
		free(place);
		return NULL;
	}
	return place;
}
