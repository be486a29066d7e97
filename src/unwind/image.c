// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/cursor.h"
#include "unwind/pointer.h"

/* Real files have a dozen program headers and a few dozen sections. */
#define SEGMENTS_MAX 1024
#define SECTIONS_MAX 65536

/* Three times that of the largest programs; sparse files can claim any amount. */
#define CODE_MAX_BYTES (1024U * 1024 * 1024)

#define NAME_BYTES sizeof(".zdebug_frame")

static int compare_segments(const void *a, const void *b)
{
	const struct code_segment *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Ascending, and cut so that none overlaps the one before, nor all are larger than there is code. */
static void order_segments(struct unwind_image *image)
{
	uint64_t covered = 0, left = CODE_MAX_BYTES;
	size_t n = 0;

	if (image->n_segments)
		qsort(image->segments, image->n_segments, sizeof(*image->segments), compare_segments);
	for (size_t i = 0; i < image->n_segments; i++) {
		struct code_segment segment = image->segments[i];

		if (segment.end <= covered)
			continue;
		if (segment.start < covered) {
			segment.file_offset += covered - segment.start;
			segment.start = covered;
		}
		covered = segment.end;
		if (segment.end - segment.start > left)
			segment.end = segment.start + left;
		left -= segment.end - segment.start;
		if (segment.start < segment.end)
			image->segments[n++] = segment;
	}
	image->n_segments = n;
}

static void add_segment(struct unwind_image *image, const Elf64_Phdr *header)
{
	uint64_t size = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz;

	if (header->p_offset >= image->source.size)
		return;
	if (size > image->source.size - header->p_offset)
		size = image->source.size - header->p_offset;
	if (size == 0 || size > UINT64_MAX - header->p_vaddr)
		return;
	image->segments[image->n_segments++] = (struct code_segment){
	    .start = header->p_vaddr,
	    .end = header->p_vaddr + size,
	    .file_offset = header->p_offset,
	};
}

/*
 * Without section headers, .eh_frame is found by the header for it that the unwinder of the
 * process uses (LSB 5.0 core, section 10.6.2); its end is where an entry has length zero.
 */
static void find_by_header(struct unwind_image *image, const Elf64_Phdr *load, const Elf64_Phdr *header)
{
	uint8_t bytes[16];
	size_t n = unwind_source_some(&image->source, header->p_offset, bytes, sizeof(bytes));
	struct cursor cursor = {.at = bytes + 4, .end = bytes + n};
	uint64_t address;

	if (n < 5 || bytes[0] != 1 || !encoded_pointer_is_known(bytes[1]))
		return;
	address = encoded_pointer(&cursor, bytes[1], header->p_vaddr + 4);
	if (cursor.failed || address < load->p_vaddr || address - load->p_vaddr >= load->p_filesz)
		return;
	image->eh_frame = (struct frame_section){
	    .file_offset = load->p_offset + (address - load->p_vaddr),
	    .size = load->p_filesz - (address - load->p_vaddr),
	    .address = address,
	    .ends_at_a_zero = true,
	};
}

static int read_segments(struct unwind_image *image, const Elf64_Ehdr *elf)
{
	Elf64_Phdr *headers;
	const Elf64_Phdr *eh_header = NULL;
	size_t n = elf->e_phnum < SEGMENTS_MAX ? elf->e_phnum : SEGMENTS_MAX;

	if (n == 0 || elf->e_phentsize != sizeof(*headers))
		return -ENOEXEC;
	headers = calloc(n, sizeof(*headers));
	image->segments = calloc(n, sizeof(*image->segments));
	if (!headers || !image->segments) {
		free(headers);
		return -ENOMEM;
	}
	n = unwind_source_some(&image->source, elf->e_phoff, headers, n * sizeof(*headers)) / sizeof(*headers);
	for (size_t i = 0; i < n; i++) {
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_X)
			add_segment(image, &headers[i]);
		else if (headers[i].p_type == PT_GNU_EH_FRAME)
			eh_header = &headers[i];
	}
	for (size_t i = 0; eh_header && i < n && !image->eh_frame.size; i++) {
		if (headers[i].p_type == PT_LOAD)
			find_by_header(image, &headers[i], eh_header);
	}
	free(headers);
	order_segments(image);
	return image->n_segments ? 0 : -ENOEXEC;
}

static void consider_section(struct unwind_image *image, const Elf64_Shdr *header, const char *name)
{
	struct frame_section section = {
	    .file_offset = header->sh_offset,
	    .size = header->sh_size,
	    .address = header->sh_addr,
	    .compressed = header->sh_flags & SHF_COMPRESSED,
	};

	if (header->sh_size == 0 || header->sh_offset >= image->source.size)
		return;
	if (section.size > image->source.size - section.file_offset)
		section.size = image->source.size - section.file_offset;
	if (!strcmp(name, ".eh_frame"))
		image->eh_frame = section;
	else if (!strcmp(name, ".debug_frame"))
		image->debug_frame = section;
	else if (!strcmp(name, ".zdebug_frame") && !image->debug_frame.size) {
		section.old_compressed = true;
		image->debug_frame = section;
	}
}

static bool read_section(const struct unwind_image *image, const Elf64_Ehdr *elf, uint64_t index, Elf64_Shdr *header)
{
	uint64_t place = index * sizeof(*header);

	return elf->e_shoff <= UINT64_MAX - place &&
	       unwind_source_read(&image->source, elf->e_shoff + place, header, sizeof(*header));
}

/* A file may have no section headers, or damaged ones: then there is less to be found. */
static void read_sections(struct unwind_image *image, const Elf64_Ehdr *elf)
{
	uint64_t n = elf->e_shnum, names_index = elf->e_shstrndx;
	Elf64_Shdr header, names;

	if (elf->e_shoff == 0 || elf->e_shentsize != sizeof(header) || !read_section(image, elf, 0, &header))
		return;
	/* Numbers beyond 16 bits stand in the first header (System V ABI, chapter 4). */
	if (n == 0)
		n = header.sh_size;
	if (names_index == SHN_XINDEX)
		names_index = header.sh_link;
	if (!read_section(image, elf, names_index, &names))
		return;
	if (n > SECTIONS_MAX)
		n = SECTIONS_MAX;
	for (uint64_t i = 1; i < n && read_section(image, elf, i, &header); i++) {
		char name[NAME_BYTES + 1] = "";

		if (header.sh_type == SHT_NOBITS || header.sh_type == SHT_NULL || header.sh_name >= names.sh_size ||
		    names.sh_offset > UINT64_MAX - header.sh_name)
			continue;
		unwind_source_some(&image->source, names.sh_offset + header.sh_name, name, NAME_BYTES);
		consider_section(image, &header, name);
	}
}

int unwind_image_open(struct unwind_image *image, const struct unwind_source *source)
{
	Elf64_Ehdr elf;
	int err;

	*image = (struct unwind_image){.source = *source};
	if (!unwind_source_read(source, 0, &elf, sizeof(elf)) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (elf.e_type != ET_EXEC && elf.e_type != ET_DYN) ||
	    (elf.e_machine != EM_X86_64 && elf.e_machine != EM_AARCH64))
		return -ENOEXEC;
	image->machine = elf.e_machine;
	image->entry = elf.e_entry;
	err = read_segments(image, &elf);
	if (err) {
		unwind_image_close(image);
		return err;
	}
	read_sections(image, &elf);
	return 0;
}

void unwind_image_close(struct unwind_image *image)
{
	free(image->segments);
	image->segments = NULL;
	image->n_segments = 0;
}

const struct code_segment *unwind_image_code(const struct unwind_image *image, uint64_t address)
{
	size_t low = 0, high = image->n_segments;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (address < image->segments[middle].start)
			high = middle;
		else if (address >= image->segments[middle].end)
			low = middle + 1;
		else
			return &image->segments[middle];
	}
	return NULL;
}
