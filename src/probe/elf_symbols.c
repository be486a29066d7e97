/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function symbols by name. A table is walked once, through a window, into an index of
 * 8 bytes a function (hash of the name, number of the symbol), so that a binary with a
 * million symbols costs megabytes; a look-up reads the few symbols of equal hash.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/elf_internal.h"

#define SYMBOLS_MAX (16u << 20)
#define SECTIONS_MAX (1u << 16)
#define NAME_MAX_BYTES 256
#define VERSION_HIDDEN 0x8000 /* in .gnu.version: not the default version */

struct elf_symbol_key {
	uint32_t hash, index;
};

/* FNV-1a of the name up to its version ("@", "@@"). */
static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name && *name != '@'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static int compare_keys(const void *a, const void *b)
{
	const struct elf_symbol_key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* A function that stands in this file, in code that is there. An IFUNC is the resolver, not the function. */
static bool is_function(const struct elf_file *file, const Elf64_Sym *symbol)
{
	const Elf64_Phdr *segment;

	if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0)
		return false;
	segment = elf_segment_at(file, symbol->st_value);
	return segment && segment->p_flags & PF_X;
}

static int add_key(struct elf_symbols *symbols, size_t *capacity, uint32_t hash, uint32_t index)
{
	if (symbols->n_keys == *capacity) {
		size_t grown = *capacity ? *capacity * 2 : 1024;
		struct elf_symbol_key *keys = reallocarray(symbols->keys, grown, sizeof(*keys));

		if (!keys)
			return -ENOMEM;
		symbols->keys = keys;
		*capacity = grown;
	}
	symbols->keys[symbols->n_keys++] = (struct elf_symbol_key){.hash = hash, .index = index};
	return 0;
}

static void build_index(const struct elf_file *file, struct elf_symbols *symbols)
{
	struct elf_window table = ELF_WINDOW(file->fd), strings = ELF_WINDOW(file->fd);
	uint64_t strings_end = symbols->strings_offset + symbols->strings_size;
	size_t capacity = 0;

	symbols->indexed = true;
	for (uint32_t i = 0; i < symbols->count; i++) {
		const void *bytes = elf_window_at(&table, symbols->offset + i * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
		const char *name;
		Elf64_Sym symbol;

		if (!bytes)
			break;
		memcpy(&symbol, bytes, sizeof(symbol));
		if (!is_function(file, &symbol) || symbol.st_name >= symbols->strings_size)
			continue;
		name = elf_window_string(&strings, symbols->strings_offset + symbol.st_name, strings_end);
		if (name && *name && add_key(symbols, &capacity, hash_name(name), i))
			break;
	}
	elf_window_close(&table);
	elf_window_close(&strings);
	if (symbols->n_keys)
		qsort(symbols->keys, symbols->n_keys, sizeof(*symbols->keys), compare_keys);
}

static struct elf_symbols *indexed(const struct elf_file *file, struct elf_symbols *symbols)
{
	if (!symbols->indexed)
		build_index(file, symbols);
	return symbols;
}

static int read_symbol(const struct elf_file *file, const struct elf_symbols *symbols, uint32_t index,
                       Elf64_Sym *symbol)
{
	uint64_t offset = symbols->offset + index * sizeof(*symbol);

	return elf_read_some(file->fd, offset, symbol, sizeof(*symbol)) == sizeof(*symbol) ? 0 : -ENOENT;
}

/* Has the symbol this name, versions cut off? *is_default: the version is the default one, or there is none. */
static bool name_matches(const struct elf_file *file, const struct elf_symbols *symbols, uint32_t index,
                         const Elf64_Sym *symbol, const char *name, bool *is_default)
{
	char there[NAME_MAX_BYTES + 2] = "";
	size_t length = strlen(name);
	uint64_t left = symbols->strings_size - symbol->st_name;
	size_t wanted = length + 2 < left ? length + 2 : (size_t)left;
	uint16_t version = 0;

	if (length > NAME_MAX_BYTES || wanted <= length ||
	    elf_read_some(file->fd, symbols->strings_offset + symbol->st_name, there, wanted) != wanted ||
	    memcmp(there, name, length) || (there[length] != '\0' && there[length] != '@'))
		return false;
	if (symbols->versions_offset)
		elf_read_some(file->fd, symbols->versions_offset + index * sizeof(version), &version, sizeof(version));
	*is_default = there[length] == '@' ? there[length + 1] == '@' : !(version & VERSION_HIDDEN);
	return true;
}

static int fill(const struct elf_file *file, const Elf64_Sym *from, struct elf_symbol *to)
{
	to->value = from->st_value;
	to->size_bytes = from->st_size;
	return elf_offset_of(file, from->st_value, &to->file_offset);
}

/* Of several symbols of a name: the default version before others, a global one before a local one. */
static int find_in(const struct elf_file *file, struct elf_symbols *symbols, const char *name, struct elf_symbol *found)
{
	uint32_t hash = hash_name(name);
	size_t low = 0, high = indexed(file, symbols)->n_keys;
	int best = -1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->keys[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < symbols->n_keys && symbols->keys[low].hash == hash; low++) {
		uint32_t index = symbols->keys[low].index;
		bool is_default;
		Elf64_Sym symbol;
		int rank;

		/* The file may have changed since the index was built. */
		if (read_symbol(file, symbols, index, &symbol) || !is_function(file, &symbol) ||
		    symbol.st_name >= symbols->strings_size ||
		    !name_matches(file, symbols, index, &symbol, name, &is_default))
			continue;
		rank = 2 * is_default + (ELF64_ST_BIND(symbol.st_info) != STB_LOCAL);
		if (rank > best && !fill(file, &symbol, found))
			best = rank;
	}
	return best < 0 ? -ENOENT : 0;
}

int elf_file_symbol(const struct elf_file *file, const char *name, struct elf_symbol *symbol)
{
	if (!find_in(file, &file->lazy->dynsym, name, symbol))
		return 0;
	return find_in(file, &file->lazy->symtab, name, symbol);
}

bool elf_file_imports(const struct elf_file *file, const char *name)
{
	const struct elf_symbols *symbols = &file->lazy->dynsym;
	struct elf_window table = ELF_WINDOW(file->fd);
	bool found = false;

	for (uint32_t i = 0; !found && i < symbols->count; i++) {
		const void *bytes = elf_window_at(&table, symbols->offset + i * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
		Elf64_Sym symbol;
		bool is_default;

		if (!bytes)
			break;
		memcpy(&symbol, bytes, sizeof(symbol));
		found = symbol.st_shndx == SHN_UNDEF && symbol.st_name && symbol.st_name < symbols->strings_size &&
		        name_matches(file, symbols, i, &symbol, name, &is_default);
	}
	elf_window_close(&table);
	return found;
}

bool elf_file_has_symtab(const struct elf_file *file)
{
	return indexed(file, &file->lazy->symtab)->n_keys > 0;
}

static bool each_in(const struct elf_file *file, struct elf_symbols *symbols,
                    bool (*found)(void *context, const struct elf_symbol *symbol), void *context)
{
	struct elf_window table = ELF_WINDOW(file->fd);
	bool go_on = true;

	for (uint32_t i = 0; go_on && i < symbols->count; i++) {
		const void *bytes = elf_window_at(&table, symbols->offset + i * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
		struct elf_symbol function;
		Elf64_Sym symbol;

		if (!bytes)
			break;
		memcpy(&symbol, bytes, sizeof(symbol));
		if (is_function(file, &symbol) && !fill(file, &symbol, &function))
			go_on = found(context, &function);
	}
	elf_window_close(&table);
	return go_on;
}

void elf_file_each_function(const struct elf_file *file, bool (*found)(void *context, const struct elf_symbol *symbol),
                            void *context)
{
	if (each_in(file, &file->lazy->dynsym, found, context))
		each_in(file, &file->lazy->symtab, found, context);
}

void elf_symbols_free(struct elf_symbols *symbols)
{
	free(symbols->keys);
}

/* Takes a table if it lies within the file. */
static bool take_table(const struct elf_file *file, struct elf_symbols *symbols, uint64_t offset, uint64_t count,
                       uint64_t strings_offset, uint64_t strings_size)
{
	if (offset >= file->size || strings_offset >= file->size || count == 0)
		return false;
	if (count > (file->size - offset) / sizeof(Elf64_Sym))
		count = (file->size - offset) / sizeof(Elf64_Sym);
	symbols->offset = offset;
	symbols->count = count < SYMBOLS_MAX ? count : SYMBOLS_MAX;
	symbols->strings_offset = strings_offset;
	symbols->strings_size = strings_size < file->size - strings_offset ? strings_size : file->size - strings_offset;
	return true;
}

/* All section headers; NULL without (valid) ones. */
static Elf64_Shdr *read_sections(const struct elf_file *file, size_t *n)
{
	Elf64_Shdr first, *sections;
	size_t count = file->header.e_shnum;

	if (file->header.e_shoff == 0 || file->header.e_shoff >= file->size ||
	    file->header.e_shentsize != sizeof(first) ||
	    elf_read_some(file->fd, file->header.e_shoff, &first, sizeof(first)) != sizeof(first))
		return NULL;
	if (count == 0) /* more than 65,279 of them: gABI, "Section header" */
		count = first.sh_size < SECTIONS_MAX ? (size_t)first.sh_size : 0;
	if (count == 0)
		return NULL;
	sections = calloc(count, sizeof(*sections));
	if (sections)
		*n = elf_read_some(file->fd, file->header.e_shoff, sections, count * sizeof(*sections)) /
		     sizeof(*sections);
	return sections;
}

static void find_by_sections(const struct elf_file *file, struct elf_lazy *lazy)
{
	size_t n = 0, dynsym = SIZE_MAX;
	Elf64_Shdr *sections = read_sections(file, &n);

	for (size_t i = 0; i < n; i++) {
		const Elf64_Shdr *section = &sections[i];
		struct elf_symbols *symbols = section->sh_type == SHT_DYNSYM ? &lazy->dynsym : &lazy->symtab;
		const Elf64_Shdr *strings;

		if ((section->sh_type != SHT_DYNSYM && section->sh_type != SHT_SYMTAB) || symbols->count ||
		    section->sh_link >= n || section->sh_entsize != sizeof(Elf64_Sym))
			continue;
		strings = &sections[section->sh_link];
		if (strings->sh_type == SHT_STRTAB &&
		    take_table(file, symbols, section->sh_offset, section->sh_size / sizeof(Elf64_Sym),
		               strings->sh_offset, strings->sh_size) &&
		    section->sh_type == SHT_DYNSYM)
			dynsym = i;
	}
	for (size_t i = 0; i < n; i++)
		if (sections[i].sh_type == SHT_GNU_versym && sections[i].sh_link == dynsym)
			lazy->dynsym.versions_offset = sections[i].sh_offset;
	free(sections);
}

/*
 * How many symbols DT_GNU_HASH covers: the last one is at the end of the chain that
 * the highest bucket starts (https://sourceware.org/ml/binutils/2006-10/msg00377.html).
 */
static uint64_t gnu_hash_count(const struct elf_file *file)
{
	struct elf_window window = ELF_WINDOW(file->fd);
	uint32_t header[4], highest = 0; /* buckets, first symbol, words of the bloom filter, its shift */
	uint64_t offset, buckets, chains, count = 0;
	const void *bytes;

	if (elf_offset_of(file, file->dynamic.gnu_hash, &offset) ||
	    elf_read_some(file->fd, offset, header, sizeof(header)) != sizeof(header))
		return 0;
	buckets = offset + sizeof(header) + 8 * (uint64_t)header[2];
	chains = buckets + 4 * (uint64_t)header[0];
	for (uint64_t i = 0; i < header[0] && i < SYMBOLS_MAX; i++) {
		uint32_t bucket;

		bytes = elf_window_at(&window, buckets + 4 * i, sizeof(bucket));
		if (!bytes)
			break;
		memcpy(&bucket, bytes, sizeof(bucket));
		highest = bucket > highest ? bucket : highest;
	}
	for (uint64_t i = highest; highest >= header[1] && highest && i < SYMBOLS_MAX; i++) {
		uint32_t chain;

		bytes = elf_window_at(&window, chains + 4 * (i - header[1]), sizeof(chain));
		if (!bytes)
			break;
		count = i + 1;
		memcpy(&chain, bytes, sizeof(chain));
		if (chain & 1)
			break;
	}
	elf_window_close(&window);
	return count;
}

static uint64_t dynamic_count(const struct elf_file *file)
{
	uint32_t header[2]; /* buckets, chains: one chain a symbol */
	uint64_t offset;

	if (file->dynamic.hash && !elf_offset_of(file, file->dynamic.hash, &offset) &&
	    elf_read_some(file->fd, offset, header, sizeof(header)) == sizeof(header))
		return header[1];
	return file->dynamic.gnu_hash ? gnu_hash_count(file) : 0;
}

static void find_by_dynamic(const struct elf_file *file, struct elf_symbols *symbols)
{
	uint64_t offset, strings;

	if (elf_offset_of(file, file->dynamic.symbols, &offset) ||
	    elf_offset_of(file, file->dynamic.strings, &strings) ||
	    !take_table(file, symbols, offset, dynamic_count(file), strings, file->dynamic.strings_size))
		return;
	if (file->dynamic.versions && elf_offset_of(file, file->dynamic.versions, &symbols->versions_offset))
		symbols->versions_offset = 0;
}

void elf_symbols_find(struct elf_file *file)
{
	find_by_sections(file, file->lazy);
	if (!file->lazy->dynsym.count && file->dynamic.symbols && file->dynamic.strings)
		find_by_dynamic(file, &file->lazy->dynsym);
}
