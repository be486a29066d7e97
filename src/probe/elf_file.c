/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/elf_internal.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "no ELF machine number for this architecture"
#endif

#define PAGE_BYTES 4096
/* The kernel's own limit for a program's headers (fs/binfmt_elf.c, load_elf_phdrs). */
#define SEGMENTS_MAX_BYTES 65536
#define CODE_MAX_BYTES (16 << 20)
#define NOTES_MAX_BYTES 65536
#define GO_BUILD_ID_NOTE 4 /* cmd/internal/buildid of Go: name "Go\0\0", type 4 */

static bool header_is_ours(const Elf64_Ehdr *header)
{
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == MACHINE &&
	       (header->e_type == ET_EXEC || header->e_type == ET_DYN);
}

static int read_segments(struct elf_file *file)
{
	size_t bytes = (size_t)file->header.e_phnum * sizeof(Elf64_Phdr);

	if (file->header.e_phentsize != sizeof(Elf64_Phdr) || bytes == 0 || bytes > SEGMENTS_MAX_BYTES)
		return -ENOEXEC;
	file->segments = malloc(bytes);
	if (!file->segments)
		return -ENOMEM;
	if (elf_read_some(file->fd, file->header.e_phoff, file->segments, bytes) != bytes)
		return -ENOEXEC;
	file->n_segments = file->header.e_phnum;
	return 0;
}

static int read_headers(struct elf_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	file->size = (uint64_t)status.st_size;
	if (elf_read_some(file->fd, 0, &file->header, sizeof(file->header)) != sizeof(file->header) ||
	    !header_is_ours(&file->header))
		return -ENOEXEC;
	return read_segments(file);
}

static void explain(int err, char *error, size_t error_size)
{
	if (err == -ENOEXEC)
		snprintf(error, error_size, "not a 64-bit ELF program or library of this machine");
	else
		snprintf(error, error_size, "cannot be read: %s", strerror(-err));
}

int elf_file_open(int fd, struct elf_file **file, char *error, size_t error_size)
{
	struct elf_file *opened = calloc(1, sizeof(*opened));
	int err = -ENOMEM;

	if (!opened)
		goto err_file;
	opened->fd = -1;
	opened->lazy = calloc(1, sizeof(*opened->lazy));
	if (!opened->lazy)
		goto err_file;
	opened->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (opened->fd < 0) {
		err = -errno;
		goto err_file;
	}
	err = read_headers(opened);
	if (err)
		goto err_file;
	elf_dynamic_read(opened);
	elf_symbols_find(opened);
	*file = opened;
	return 0;

err_file:
	elf_file_free(opened);
	explain(err, error, error_size);
	return err;
}

void elf_file_free(struct elf_file *file)
{
	if (!file)
		return;
	if (file->lazy) {
		struct elf_code *code = file->lazy->code;

		while (code) {
			struct elf_code *next = code->next;

			free(code);
			code = next;
		}
		elf_symbols_free(&file->lazy->dynsym);
		elf_symbols_free(&file->lazy->symtab);
		elf_cfi_free(file->lazy->cfi);
		free(file->lazy);
	}
	elf_dynamic_free(&file->dynamic);
	free(file->segments);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

const Elf64_Phdr *elf_segment_at(const struct elf_file *file, uint64_t address)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz)
			return segment;
	}
	return NULL;
}

const Elf64_Phdr *elf_segment_of_type(const struct elf_file *file, uint32_t type)
{
	for (size_t i = 0; i < file->n_segments; i++)
		if (file->segments[i].p_type == type)
			return &file->segments[i];
	return NULL;
}

int elf_offset_of(const struct elf_file *file, uint64_t address, uint64_t *offset)
{
	const Elf64_Phdr *segment = elf_segment_at(file, address);

	if (!segment || __builtin_add_overflow(segment->p_offset, address - segment->p_vaddr, offset))
		return -ERANGE;
	return 0;
}

int elf_file_code_delta(const struct elf_file *file, uint64_t page_offset, int64_t *delta)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) ||
		    page_offset < (segment->p_offset & ~(uint64_t)(PAGE_BYTES - 1)) ||
		    (page_offset > segment->p_offset && page_offset - segment->p_offset >= segment->p_filesz))
			continue;
		*delta = (int64_t)(segment->p_vaddr - segment->p_offset);
		return 0;
	}
	return -ERANGE;
}

/* The file's bytes [offset, offset + size) as far as it has them; NULL without any. */
static const uint8_t *code_at(struct elf_lazy *lazy, int fd, uint64_t offset, size_t *size)
{
	uint64_t start = offset & ~(uint64_t)(PAGE_BYTES - 1);
	size_t bytes = ((size_t)(offset - start) + *size + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	struct elf_code *code;

	for (code = lazy->code; code; code = code->next)
		if (offset >= code->offset && offset - code->offset <= code->size &&
		    *size <= code->size - (size_t)(offset - code->offset))
			return code->bytes + (offset - code->offset);
	code = malloc(sizeof(*code) + bytes);
	if (!code)
		return NULL;
	code->offset = start;
	code->size = elf_read_some(fd, start, code->bytes, bytes);
	if (code->size <= offset - start) {
		free(code);
		return NULL;
	}
	code->next = lazy->code;
	lazy->code = code;
	if (*size > code->size - (size_t)(offset - start))
		*size = code->size - (size_t)(offset - start);
	return code->bytes + (offset - start);
}

size_t elf_file_code(const struct elf_file *file, uint64_t address, size_t wanted, const uint8_t **code)
{
	const Elf64_Phdr *segment = elf_segment_at(file, address);
	uint64_t offset, left;
	size_t size = CODE_MAX_BYTES;

	if (wanted == 0 || !segment || elf_offset_of(file, address, &offset) || offset > INT64_MAX)
		return 0;
	left = segment->p_filesz - (address - segment->p_vaddr);
	if (left < size)
		size = (size_t)left;
	if (wanted < size)
		size = wanted;
	*code = code_at(file->lazy, file->fd, offset, &size);
	return *code ? size : 0;
}

/* Calls `found` for each note until it returns true. */
static bool each_note(const struct elf_file *file,
                      bool (*found)(const Elf64_Nhdr *note, const char *name, const uint8_t *value, void *context),
                      void *context)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const Elf64_Phdr *segment = &file->segments[i];
		size_t size = segment->p_filesz < NOTES_MAX_BYTES ? (size_t)segment->p_filesz : NOTES_MAX_BYTES;
		size_t align = segment->p_align == 8 ? 8 : 4;
		size_t at = 0;
		uint8_t *bytes;
		bool done = false;

		if (segment->p_type != PT_NOTE || size == 0)
			continue;
		bytes = malloc(size);
		if (!bytes)
			return false;
		size = elf_read_some(file->fd, segment->p_offset, bytes, size);
		while (!done && size - at >= sizeof(Elf64_Nhdr)) {
			Elf64_Nhdr note;
			size_t value_at, next;

			memcpy(&note, bytes + at, sizeof(note));
			at += sizeof(note);
			if (note.n_namesz > size - at)
				break;
			value_at = (at + note.n_namesz + align - 1) & ~(align - 1);
			if (value_at > size || note.n_descsz > size - value_at)
				break;
			done = found(&note, (const char *)bytes + at, bytes + value_at, context);
			next = (value_at + note.n_descsz + align - 1) & ~(align - 1);
			at = next < size ? next : size;
		}
		free(bytes);
		if (done)
			return true;
	}
	return false;
}

static bool is_go_build_id(const Elf64_Nhdr *note, const char *name, const uint8_t *value, void *context)
{
	(void)value;
	(void)context;
	return note->n_type == GO_BUILD_ID_NOTE && note->n_namesz == 4 && !memcmp(name, "Go\0", 4);
}

bool elf_file_is_go(const struct elf_file *file)
{
	return each_note(file, is_go_build_id, NULL);
}

struct build_id {
	uint8_t *bytes;
	size_t capacity, size;
};

static bool take_build_id(const Elf64_Nhdr *note, const char *name, const uint8_t *value, void *context)
{
	struct build_id *id = context;

	if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4 || memcmp(name, "GNU", 4) || note->n_descsz == 0 ||
	    note->n_descsz > id->capacity)
		return false;
	memcpy(id->bytes, value, note->n_descsz);
	id->size = note->n_descsz;
	return true;
}

size_t elf_file_build_id(const struct elf_file *file, uint8_t *id, size_t size)
{
	struct build_id taken = {.bytes = id, .capacity = size};

	each_note(file, take_build_id, &taken);
	return taken.size;
}

bool elf_file_is_dynamic(const struct elf_file *file)
{
	return elf_segment_of_type(file, PT_INTERP) || file->dynamic.needs_libraries;
}

bool elf_file_is_program(const struct elf_file *file)
{
	if (file->header.e_type == ET_EXEC || file->dynamic.flags_1 & DF_1_PIE)
		return true;
	/* Linkers before binutils 2.26 did not mark PIEs; glibc's libc.so has an interpreter, but a name too. */
	return elf_segment_of_type(file, PT_INTERP) && !file->dynamic.soname;
}

const char *elf_file_soname(const struct elf_file *file)
{
	return file->dynamic.soname;
}
