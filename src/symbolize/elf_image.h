/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mapped ELF file, as far as symbolizing needs it: where its segments lie. The file
 * belongs to the target and is hostile; it is read, not mapped, because a mapping of
 * a file that shrinks ends in SIGBUS.
 */
#ifndef MEMTRACE_SYMBOLIZE_ELF_IMAGE_H
#define MEMTRACE_SYMBOLIZE_ELF_IMAGE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_segment {
	uint64_t file_offset, file_size_bytes;
	uint64_t address, end; /* virtual, as the file has it */
	bool executable;
};

struct elf_image {
	Elf *elf;
	struct elf_segment *segments; /* PT_LOAD */
	size_t n_segments;
	bool is_static_program; /* it carries its own C library */
};

/*
 * Reads the headers through fd, which stays the caller's. libelf goes on using fd until
 * elf_image_detach(). Returns 0 or -errno: -ENOEXEC when it is no program or shared library,
 * -EFBIG when its symbols should not be held in memory.
 */
int elf_image_open(struct elf_image *image, int fd);
/* The same of an open Elf handle, which it takes over, also when it fails; NULL is no program either. */
int elf_image_take(struct elf_image *image, Elf *elf);
/* What has not been read by now never will be; fd is no longer used. */
void elf_image_detach(struct elf_image *image);
void elf_image_close(struct elf_image *image);

/*
 * How much higher addresses in `image` are than in `other`, a file of the same program: a prelinked library is
 * moved, its debug file is not.
 */
int64_t elf_image_bias(const struct elf_image *image, const struct elf_image *other);

/* File offset to virtual address. False when no segment has that offset. */
bool elf_image_address(const struct elf_image *image, uint64_t file_offset, uint64_t *address);

/*
 * The same in a debug file, whose segments have lost their offsets: `first` and `end` are what of the program is mapped
 * around the byte without a gap, offsets in the program's file. Known where that is the whole of one executable
 * segment, as it is unless somebody has unmapped a part; false elsewhere.
 */
bool elf_image_mapped_address(const struct elf_image *image, uint64_t first, uint64_t end, uint64_t file_offset,
                              uint64_t *address);

/* The executable segment that holds the virtual address, or NULL. */
const struct elf_segment *elf_image_code(const struct elf_image *image, uint64_t address);

/*
 * The bytes of the first section of that name that is no larger than that, as they stand in the file;
 * libelf's. NULL when there is none.
 */
Elf_Data *elf_raw_section(Elf *elf, const char *wanted, uint64_t max_bytes);

#endif
