// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_sections.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/unpack.h"

/* Behind every section: more than a string's end, for the odd number read behind it. */
#define PADDING_BYTES 64
#define ALIGNMENT 16

/*
 * Unpacked sections are at most this many times what the file takes on disk. Real ones are
 * under ten times; a bomb is a thousand times or more.
 */
#define EXPANSION_MAX 64
#define EXPANSION_FREE_BYTES (1u << 20)

#define ELFCOMPRESS_ZSTD_ 2 /* not in the headers of older libelf */

static const struct section_name {
	const char *name; /* behind ".debug_", or whole when it begins with a dot */
	bool shown;       /* to libdw */
} section_names[DEBUG_SECTIONS] = {
    [DEBUG_INFO] = {"info", true},
    [DEBUG_TYPES] = {"types", true},
    [DEBUG_ABBREV] = {"abbrev", true},
    [DEBUG_LINE] = {"line", true},
    [DEBUG_LINE_STR] = {"line_str", true},
    [DEBUG_STR] = {"str", true},
    [DEBUG_STR_OFFSETS] = {"str_offsets", true},
    [DEBUG_ADDR] = {"addr", true},
    [DEBUG_RANGES] = {"ranges", true},
    [DEBUG_RNGLISTS] = {"rnglists", true},
    [DEBUG_CU_INDEX] = {"cu_index", false},
    [DEBUG_SUP] = {"sup", false},
    [DEBUG_ALTLINK] = {".gnu_debugaltlink", false},
};

enum packing { PACKING_NONE, PACKING_ZLIB, PACKING_ZSTD };

/* Where a section's bytes are in the file. */
struct packed_section {
	uint64_t offset, size_bytes; /* of the packed bytes */
	uint64_t unpacked_bytes;
	enum packing packing;
	bool found;
};

struct reading {
	Elf *elf;
	int fd;
	const char *memory; /* the whole file, if fd is -1 */
	size_t memory_bytes;
	struct packed_section rows[DEBUG_SECTIONS];
};

/* Which section has this name; DEBUG_SECTIONS for none. `*old` for the old form ".zdebug_…". */
static enum debug_section_id section_id(const char *name, enum debug_kind kind, bool *old)
{
	const char *suffix = kind == DEBUG_KIND_SPLIT ? ".dwo" : "";
	const char *start = name;

	*old = !strncmp(name, ".zdebug_", 8);
	if (*old || !strncmp(name, ".debug_", 7))
		start = name + (*old ? 8 : 7);
	for (int id = 0; id < DEBUG_SECTIONS; id++) {
		size_t n = strlen(section_names[id].name);

		if (strncmp(start, section_names[id].name, n) || (start == name) != (section_names[id].name[0] == '.'))
			continue;
		/* The index of a package has no suffix. */
		if (!strcmp(start + n, id == DEBUG_CU_INDEX ? "" : suffix))
			return id;
	}
	return DEBUG_SECTIONS;
}

static bool read_bytes(const struct reading *reading, uint64_t offset, uint8_t *to, size_t size)
{
	if (reading->fd < 0) {
		if (offset > reading->memory_bytes || size > reading->memory_bytes - offset)
			return false;
		memcpy(to, reading->memory + offset, size);
		return true;
	}
	while (size) {
		ssize_t n = pread(reading->fd, to, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return true;
}

/* The header before packed bytes, in the old and the new form. False when it cannot be used. */
static bool read_packing(const struct reading *reading, bool old, bool flagged, struct packed_section *row)
{
	uint8_t magic[12];
	Elf64_Chdr header;
	size_t n = old ? sizeof(magic) : sizeof(header);

	if (!old && !flagged)
		return true;
	if (row->size_bytes < n)
		return false;
	if (old) {
		if (!read_bytes(reading, row->offset, magic, n))
			return false;
		if (memcmp(magic, "ZLIB", 4))
			return true;
		row->packing = PACKING_ZLIB;
		row->unpacked_bytes = 0;
		for (int i = 4; i < 12; i++)
			row->unpacked_bytes = row->unpacked_bytes << 8 | magic[i];
	} else {
		if (!read_bytes(reading, row->offset, (uint8_t *)&header, n))
			return false;
		if (header.ch_type != ELFCOMPRESS_ZLIB && header.ch_type != ELFCOMPRESS_ZSTD_)
			return false;
		row->packing = header.ch_type == ELFCOMPRESS_ZLIB ? PACKING_ZLIB : PACKING_ZSTD;
		row->unpacked_bytes = header.ch_size;
	}
	row->offset += n;
	row->size_bytes -= n;
	return true;
}

static void find_sections(struct reading *reading, enum debug_kind kind)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(reading->elf, &names))
		return;
	while ((section = elf_nextscn(reading->elf, section))) {
		struct packed_section row = {0};
		enum debug_section_id id;
		const char *name;
		GElf_Shdr header;
		bool old;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS || !header.sh_size)
			continue;
		name = elf_strptr(reading->elf, names, header.sh_name);
		id = name ? section_id(name, kind, &old) : DEBUG_SECTIONS;
		if (id == DEBUG_SECTIONS || reading->rows[id].found)
			continue;
		row = (struct packed_section){.offset = header.sh_offset,
		                              .size_bytes = header.sh_size,
		                              .unpacked_bytes = header.sh_size,
		                              .found = true};
		if (read_packing(reading, old, header.sh_flags & SHF_COMPRESSED, &row))
			reading->rows[id] = row;
	}
}

static uint64_t file_bytes(const struct reading *reading)
{
	struct stat status;

	if (reading->fd < 0)
		return reading->memory_bytes;
	return fstat(reading->fd, &status) ? 0 : (uint64_t)status.st_size;
}

/* Bytes that the file takes on disk: a sparse one may claim any size. */
static uint64_t stored_bytes(const struct reading *reading)
{
	struct stat status;
	uint64_t blocks;

	if (reading->fd < 0)
		return reading->memory_bytes;
	if (fstat(reading->fd, &status))
		return 0;
	blocks = (uint64_t)status.st_blocks * 512;
	/* Some file systems do not count blocks, or store small files elsewhere. */
	return blocks && blocks < (uint64_t)status.st_size ? blocks : (uint64_t)status.st_size;
}

/* Counts off what the sections will take. */
static int check_sizes(const struct reading *reading, uint64_t *budget_bytes)
{
	uint64_t total = 0, stored = stored_bytes(reading), size = file_bytes(reading);

	for (int id = 0; id < DEBUG_SECTIONS; id++) {
		const struct packed_section *row = &reading->rows[id];

		if (!row->found)
			continue;
		if (row->unpacked_bytes > *budget_bytes || row->size_bytes > *budget_bytes)
			return -EFBIG;
		if (row->offset > size || row->size_bytes > size - row->offset)
			return -ENODATA;
		total += row->unpacked_bytes;
		if (row->packing != PACKING_NONE)
			total += row->size_bytes;
	}
	if (total > *budget_bytes ||
	    (total > EXPANSION_FREE_BYTES && (total - EXPANSION_FREE_BYTES) / EXPANSION_MAX > stored))
		return -EFBIG;
	*budget_bytes -= total;
	return total ? 0 : -ENODATA;
}

static bool unpack(const struct reading *reading, const struct packed_section *row, uint8_t *to)
{
	uint8_t *packed;
	bool done;

	if (row->packing == PACKING_NONE)
		return read_bytes(reading, row->offset, to, row->size_bytes);
	packed = malloc(row->size_bytes + 1);
	done = packed && read_bytes(reading, row->offset, packed, row->size_bytes) &&
	       (row->packing == PACKING_ZLIB ? unpack_zlib : unpack_zstd)(packed, row->size_bytes, to,
	                                                                  row->unpacked_bytes);
	free(packed);
	return done;
}

/* Where the next section goes, counted from the image's start. */
static size_t place(size_t *end, size_t size)
{
	size_t start = *end;

	*end = (start + size + PADDING_BYTES + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	return start;
}

/* Names of all sections as a string table: its size, and the text when `to` is there. */
static size_t write_names(enum debug_kind kind, char *to, uint32_t offsets[DEBUG_SECTIONS])
{
	size_t end = 1;

	for (int id = 0; id < DEBUG_SECTIONS; id++) {
		char name[32];
		int n = snprintf(name, sizeof(name), ".debug_%s%s", section_names[id].name,
		                 kind == DEBUG_KIND_SPLIT ? ".dwo" : "");

		offsets[id] = (uint32_t)end;
		if (to)
			memcpy(to + end, name, (size_t)n + 1);
		end += (size_t)n + 1;
	}
	return end;
}

/* Makes the image, with room for sections of these sizes and headers that say where they are. */
static int lay_out(struct debug_sections *sections, const size_t sizes[DEBUG_SECTIONS], enum debug_kind kind)
{
	const uint16_t probe = 1;
	uint32_t names[DEBUG_SECTIONS];
	size_t starts[DEBUG_SECTIONS], names_start, headers_start, names_bytes = write_names(kind, NULL, names);
	size_t end = sizeof(Elf64_Ehdr), n = 1;
	Elf64_Ehdr *file;
	Elf64_Shdr *headers;

	for (int id = 0; id < DEBUG_SECTIONS; id++)
		starts[id] = place(&end, sizes[id]);
	names_start = place(&end, names_bytes);
	headers_start = place(&end, sizeof(Elf64_Shdr) * (DEBUG_SECTIONS + 2));
	sections->image = calloc(1, end);
	if (!sections->image)
		return -ENOMEM;
	sections->image_bytes = end;
	write_names(kind, (char *)sections->image + names_start, names);
	headers = (Elf64_Shdr *)(sections->image + headers_start);
	for (int id = 0; id < DEBUG_SECTIONS; id++) {
		if (!sizes[id])
			continue;
		sections->rows[id] =
		    (struct debug_section){.bytes = sections->image + starts[id], .size_bytes = sizes[id]};
		if (section_names[id].shown)
			headers[n++] = (Elf64_Shdr){.sh_name = names[id],
			                            .sh_type = SHT_PROGBITS,
			                            .sh_offset = starts[id],
			                            .sh_size = sizes[id],
			                            .sh_addralign = 1};
	}
	headers[n] =
	    (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = names_start, .sh_size = names_bytes, .sh_addralign = 1};
	file = (Elf64_Ehdr *)sections->image;
	*file = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
	                                 *(const uint8_t *)&probe ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT},
	                     .e_type = ET_REL,
	                     .e_version = EV_CURRENT,
	                     .e_shoff = headers_start,
	                     .e_ehsize = sizeof(Elf64_Ehdr),
	                     .e_shentsize = sizeof(Elf64_Shdr),
	                     .e_shnum = (uint16_t)(n + 1),
	                     .e_shstrndx = (uint16_t)n};
	return 0;
}

/* Only files of this machine's form: nothing else can be traced. */
static bool is_native(Elf *elf)
{
	const uint16_t probe = 1;
	const char *ident = elf_getident(elf, NULL);

	return elf_kind(elf) == ELF_K_ELF && ident && ident[EI_CLASS] == ELFCLASS64 &&
	       ident[EI_DATA] == (*(const uint8_t *)&probe ? ELFDATA2LSB : ELFDATA2MSB);
}

int debug_sections_read(struct debug_sections *sections, Elf *elf, int fd, enum debug_kind kind, uint64_t *budget_bytes)
{
	struct reading reading = {.elf = elf, .fd = fd};
	size_t sizes[DEBUG_SECTIONS] = {0};
	int err;

	*sections = (struct debug_sections){0};
	if (!is_native(elf))
		return -ENODATA;
	if (fd < 0)
		reading.memory = elf_rawfile(elf, &reading.memory_bytes);
	find_sections(&reading, kind);
	err = check_sizes(&reading, budget_bytes);
	if (err)
		return err;
	for (int id = 0; id < DEBUG_SECTIONS; id++)
		sizes[id] = reading.rows[id].found ? reading.rows[id].unpacked_bytes : 0;
	err = lay_out(sections, sizes, kind);
	for (int id = 0; id < DEBUG_SECTIONS && !err; id++) {
		if (sizes[id] && !unpack(&reading, &reading.rows[id], sections->rows[id].bytes))
			err = -ENODATA;
	}
	if (err)
		debug_sections_clear(sections);
	return err;
}

int debug_sections_make(struct debug_sections *sections, const struct debug_section rows[DEBUG_SECTIONS],
                        enum debug_kind kind)
{
	size_t sizes[DEBUG_SECTIONS];
	int err;

	*sections = (struct debug_sections){0};
	for (int id = 0; id < DEBUG_SECTIONS; id++)
		sizes[id] = rows[id].size_bytes;
	err = lay_out(sections, sizes, kind);
	for (int id = 0; id < DEBUG_SECTIONS && !err; id++) {
		if (sizes[id])
			memcpy(sections->rows[id].bytes, rows[id].bytes, sizes[id]);
	}
	return err;
}

void debug_sections_clear(struct debug_sections *sections)
{
	free(sections->image);
	*sections = (struct debug_sections){0};
}
