// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/elf_image.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/*
 * Bytes that symbols and their names may take: several times what the largest programs have. A
 * sparse file can claim sections of any size.
 */
#define SYMBOLS_BYTES_MAX (512ull << 20)

/* Is it a section that libelf is asked to read? Debug sections are not: debug_sections.h. */
static bool is_read(const GElf_Shdr *header)
{
	return header->sh_type == SHT_SYMTAB || header->sh_type == SHT_DYNSYM || header->sh_type == SHT_STRTAB ||
	       header->sh_type == SHT_DYNAMIC;
}

static int check_memory(Elf *elf)
{
	uint64_t left = SYMBOLS_BYTES_MAX;
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !is_read(&header))
			continue;
		if (header.sh_size > left)
			return -EFBIG;
		left -= header.sh_size;
	}
	return 0;
}

static int add_segment(struct elf_image *image, const GElf_Phdr *header)
{
	struct elf_segment *segments;

	if (header->p_vaddr + header->p_memsz < header->p_vaddr ||
	    header->p_offset + header->p_filesz < header->p_offset || header->p_filesz > header->p_memsz)
		return -ENOEXEC;
	segments = reallocarray(image->segments, image->n_segments + 1, sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	image->segments = segments;
	segments[image->n_segments++] = (struct elf_segment){
	    .file_offset = header->p_offset,
	    .file_size_bytes = header->p_filesz,
	    .address = header->p_vaddr,
	    .end = header->p_vaddr + header->p_memsz,
	    .executable = header->p_flags & PF_X,
	};
	return 0;
}

static int read_segments(struct elf_image *image, bool *interpreted)
{
	size_t n;

	if (elf_getphdrnum(image->elf, &n))
		return -ENOEXEC;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;
		int err = 0;

		if (!gelf_getphdr(image->elf, i, &header))
			return -ENOEXEC;
		if (header.p_type == PT_LOAD)
			err = add_segment(image, &header);
		else if (header.p_type == PT_INTERP)
			*interpreted = true;
		if (err)
			return err;
	}
	return 0;
}

/* Linked with -pie or -static-pie, as against a shared library (DT_FLAGS_1). */
static bool is_pie(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;
	GElf_Dyn entry;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC)
			break;
	}
	data = section ? elf_getdata(section, NULL) : NULL;
	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag == DT_FLAGS_1)
			return entry.d_un.d_val & DF_1_PIE;
	}
	return false;
}

int elf_image_open(struct elf_image *image, int fd)
{
	return elf_image_take(image, elf_begin(fd, ELF_C_READ, NULL));
}

int elf_image_take(struct elf_image *image, Elf *elf)
{
	bool interpreted = false;
	GElf_Ehdr header;
	int err;

	*image = (struct elf_image){.elf = elf};
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF || !gelf_getehdr(image->elf, &header) ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		err = -ENOEXEC;
	else
		err = read_segments(image, &interpreted);
	if (!err)
		err = check_memory(image->elf);
	if (err) {
		elf_image_close(image);
		return err;
	}
	image->is_static_program = !interpreted && (header.e_type == ET_EXEC || is_pie(image->elf));
	return 0;
}

void elf_image_detach(struct elf_image *image)
{
	elf_cntl(image->elf, ELF_C_FDDONE);
}

void elf_image_close(struct elf_image *image)
{
	free(image->segments);
	elf_end(image->elf);
	*image = (struct elf_image){0};
}

int64_t elf_image_bias(const struct elf_image *image, const struct elf_image *other)
{
	if (!image->n_segments || !other->n_segments)
		return 0;
	return (int64_t)(image->segments[0].address - other->segments[0].address);
}

bool elf_image_address(const struct elf_image *image, uint64_t file_offset, uint64_t *address)
{
	const struct elf_segment *found = NULL;

	for (size_t i = 0; i < image->n_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (file_offset < segment->file_offset ||
		    file_offset - segment->file_offset >= segment->file_size_bytes)
			continue;
		/* Two segments may share file pages; the addresses asked for are code. */
		if (!found || (segment->executable && !found->executable))
			found = segment;
	}
	if (!found)
		return false;
	*address = found->address + (file_offset - found->file_offset);
	return true;
}

/* What the kernel and the dynamic loader map of a segment: whole pages, of the machine that the program ran on. */
static bool is_mapped_as(const struct elf_segment *segment, uint64_t size_bytes, uint64_t *start)
{
	for (uint64_t page_bytes = 4096; page_bytes <= 65536; page_bytes *= 4) {
		uint64_t last = (segment->end - 1) | (page_bytes - 1);

		*start = segment->address & ~(page_bytes - 1);
		if (last - *start == size_bytes - 1)
			return true;
	}
	return false;
}

bool elf_image_mapped_address(const struct elf_image *image, uint64_t first, uint64_t end, uint64_t file_offset,
                              uint64_t *address)
{
	bool found = false;

	if (first >= end || file_offset < first || file_offset >= end)
		return false;
	for (size_t i = 0; i < image->n_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uint64_t start;

		if (!segment->executable || segment->address == segment->end ||
		    !is_mapped_as(segment, end - first, &start))
			continue;
		/* Two of one size: which is it? */
		if (found && *address != start + (file_offset - first))
			return false;
		*address = start + (file_offset - first);
		found = true;
	}
	return found;
}

const struct elf_segment *elf_image_code(const struct elf_image *image, uint64_t address)
{
	for (size_t i = 0; i < image->n_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (segment->executable && address >= segment->address && address < segment->end)
			return segment;
	}
	return NULL;
}

Elf_Data *elf_raw_section(Elf *elf, const char *wanted, uint64_t max_bytes)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS || header.sh_size > max_bytes)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, wanted))
			return elf_rawdata(section, NULL);
	}
	return NULL;
}
