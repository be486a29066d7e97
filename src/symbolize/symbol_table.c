// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/symbol_table.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
	uint64_t start, size_bytes;
	uint64_t section_end;
	const char *name;
	bool is_function; /* as against an assembler's label without a type */
	bool is_global;
};

struct candidates {
	struct candidate *items;
	size_t n;
};

/* A string table up to its last NUL, so that every name in it ends. */
struct strings {
	const char *bytes;
	size_t size_bytes;
};

static struct strings read_strings(Elf *elf, size_t section_index)
{
	Elf_Scn *section = elf_getscn(elf, section_index);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	const char *last;

	if (!data || !data->d_buf || !data->d_size)
		return (struct strings){0};
	last = memrchr(data->d_buf, '\0', data->d_size);
	return (struct strings){.bytes = data->d_buf,
	                        .size_bytes = last ? (size_t)(last - (const char *)data->d_buf) + 1 : 0};
}

/* Sections of code, settled; values unused. */
static int read_code_sections(struct intervals *code, Elf *elf)
{
	const uint64_t wanted = SHF_ALLOC | SHF_EXECINSTR;
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		int err;

		if (!gelf_getshdr(section, &header) || (header.sh_flags & wanted) != wanted ||
		    header.sh_addr + header.sh_size < header.sh_addr)
			continue;
		err = intervals_add(code, header.sh_addr, header.sh_addr + header.sh_size, 0);
		if (err)
			return err;
	}
	return intervals_settle(code);
}

static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' || !strncmp(name, ".L", 2);
}

/* Makes a candidate of a symbol that names code. */
static bool take_symbol(const GElf_Sym *symbol, const struct strings *strings, const struct intervals *code,
                        struct candidate *candidate)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	int binding = GELF_ST_BIND(symbol->st_info);
	const struct interval *section;
	const char *name;

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || symbol->st_shndx == SHN_COMMON)
		return false;
	if (symbol->st_name >= strings->size_bytes)
		return false;
	name = strings->bytes + symbol->st_name;
	section = intervals_find(code, symbol->st_value);
	if (!section || !name[0] || (type == STT_NOTYPE && is_mapping_symbol(name)))
		return false;
	*candidate = (struct candidate){
	    .start = symbol->st_value,
	    .size_bytes = symbol->st_size,
	    .section_end = section->end,
	    .name = name,
	    .is_function = type != STT_NOTYPE,
	    .is_global = binding != STB_LOCAL,
	};
	return true;
}

static int read_candidates(struct candidates *candidates, const struct symbol_source *source, Elf_Scn *section,
                           const struct intervals *code)
{
	Elf_Data *data = elf_getdata(section, NULL);
	struct candidate *items;
	GElf_Shdr header;
	struct strings strings;
	size_t entry_size = gelf_fsize(source->elf, ELF_T_SYM, 1, EV_CURRENT), n;

	if (!data || !data->d_buf || !entry_size || !gelf_getshdr(section, &header))
		return 0;
	strings = read_strings(source->elf, header.sh_link);
	n = data->d_size / entry_size;
	if (n > INTERVALS_MAX - candidates->n)
		return -EOVERFLOW;
	items = reallocarray(candidates->items, candidates->n + n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	candidates->items = items;
	for (size_t i = 0; i < n; i++) {
		struct candidate *item = &items[candidates->n];
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || !take_symbol(&symbol, &strings, code, item))
			continue;
		item->start += (uint64_t)source->bias;
		item->section_end += (uint64_t)source->bias;
		candidates->n++;
	}
	return 0;
}

static int compare_start(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Names are compared this far only: a hostile file may give each of many symbols an endless one. */
#define COMPARED_MAX 1024

static size_t leading_underscores(const char *name)
{
	size_t n = 0;

	while (n < COMPARED_MAX && name[n] == '_')
		n++;
	return n;
}

/* Is a the better name for the place of both? */
static bool is_better_name(const struct candidate *a, const struct candidate *b)
{
	size_t a_underscores = leading_underscores(a->name), b_underscores = leading_underscores(b->name);

	if (a->is_function != b->is_function)
		return a->is_function;
	if (a->is_global != b->is_global)
		return a->is_global;
	if (a_underscores != b_underscores)
		return a_underscores < b_underscores;
	return strncmp(a->name, b->name, COMPARED_MAX) < 0;
}

/* Adds the place that candidates [from, to) name. `covered`: where sized symbols before it end. */
static int add_place(struct symbol_table *symbols, const struct candidates *candidates, size_t from, size_t to,
                     uint64_t *covered)
{
	const struct candidate *best = &candidates->items[from];
	uint64_t end, size_bytes = 0;

	for (size_t i = from; i < to; i++) {
		const struct candidate *candidate = &candidates->items[i];

		if (is_better_name(candidate, best))
			best = candidate;
		if (candidate->size_bytes > size_bytes)
			size_bytes = candidate->size_bytes;
	}
	end = best->section_end;
	if (size_bytes) {
		if (size_bytes < end - best->start)
			end = best->start + size_bytes;
		if (end > *covered)
			*covered = end;
	} else if (best->start < *covered) {
		return 0; /* a label inside a function */
	} else if (to < candidates->n && candidates->items[to].start < end) {
		end = candidates->items[to].start;
	}
	symbols->names[symbols->n_names] =
	    (struct elf_symbol_name){.start = best->start, .name = best->name, .has_size = size_bytes};
	return intervals_add(&symbols->places, best->start, end, symbols->n_names++);
}

static int add_places(struct symbol_table *symbols, struct candidates *candidates)
{
	uint64_t covered = 0;
	int err = 0;

	qsort(candidates->items, candidates->n, sizeof(*candidates->items), compare_start);
	symbols->names = calloc(candidates->n + 1, sizeof(*symbols->names));
	if (!symbols->names)
		return -ENOMEM;
	for (size_t from = 0, to; from < candidates->n && !err; from = to) {
		for (to = from + 1; to < candidates->n; to++) {
			if (candidates->items[to].start != candidates->items[from].start)
				break;
		}
		err = add_place(symbols, candidates, from, to, &covered);
	}
	return err ? err : intervals_settle(&symbols->places);
}

static Elf_Scn *find_section(Elf *elf, uint32_t type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == type)
			return section;
	}
	return NULL;
}

bool symbol_table_present(Elf *elf, uint32_t type)
{
	Elf_Scn *section = find_section(elf, type);
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) && header.sh_size > 0;
}

static int read_source(struct candidates *candidates, const struct symbol_source *source)
{
	Elf_Scn *section = find_section(source->elf, source->type);
	struct intervals code = {0};
	int err;

	if (!section)
		return 0;
	err = read_code_sections(&code, source->elf);
	if (!err)
		err = read_candidates(candidates, source, section, &code);
	intervals_clear(&code);
	return err;
}

int symbol_table_read(struct symbol_table *symbols, const struct symbol_source *sources, size_t n)
{
	struct candidates candidates = {0};
	int err = 0;

	*symbols = (struct symbol_table){0};
	for (size_t i = 0; i < n && !err; i++)
		err = read_source(&candidates, &sources[i]);
	if (!err && candidates.n)
		err = add_places(symbols, &candidates);
	if (err)
		symbol_table_clear(symbols);
	free(candidates.items);
	return err;
}

void symbol_table_clear(struct symbol_table *symbols)
{
	intervals_clear(&symbols->places);
	free(symbols->names);
	*symbols = (struct symbol_table){0};
}

const struct elf_symbol_name *symbol_table_find(const struct symbol_table *symbols, uint64_t address)
{
	const struct interval *place = intervals_find(&symbols->places, address);

	return place ? &symbols->names[place->value] : NULL;
}
