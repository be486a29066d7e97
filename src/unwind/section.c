// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/section.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "unwind/cursor.h"

/* Ten times that of the largest browsers. */
#define SECTION_MAX_BYTES (256U * 1024 * 1024)

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

#define OLD_HEADER_BYTES 12 /* "ZLIB", and the size as a big-endian number */

static int unpack_zlib(const uint8_t *packed, size_t packed_size, uint8_t *bytes, size_t *size)
{
	uLongf n = *size;

	if (uncompress(bytes, &n, packed, packed_size) != Z_OK)
		return -ENOEXEC;
	*size = n;
	return 0;
}

static int unpack_zstd(const uint8_t *packed, size_t packed_size, uint8_t *bytes, size_t *size)
{
	size_t n = ZSTD_decompress(bytes, *size, packed, packed_size);

	if (ZSTD_isError(n))
		return -ENOEXEC;
	*size = n;
	return 0;
}

/* The compression's type and size, which are all there is to know; moves past the header. */
static bool read_header(bool old, struct cursor *cursor, uint32_t *type, uint64_t *size)
{
	const uint8_t *bytes = cursor_take(cursor, old ? OLD_HEADER_BYTES : sizeof(Elf64_Chdr));
	Elf64_Chdr header;

	if (!bytes)
		return false;
	if (old) {
		*type = ELFCOMPRESS_ZLIB;
		memcpy(size, bytes + 4, sizeof(*size));
		*size = be64toh(*size);
		return !memcmp(bytes, "ZLIB", 4);
	}
	memcpy(&header, bytes, sizeof(header));
	*type = header.ch_type;
	*size = header.ch_size;
	return true;
}

static int unpack(bool old, const uint8_t *packed, size_t packed_size, uint8_t **bytes, size_t *size)
{
	struct cursor cursor = {.at = packed, .end = packed + packed_size};
	uint64_t claimed;
	uint32_t type;
	int err;

	if (!read_header(old, &cursor, &type, &claimed) || claimed == 0)
		return -ENOEXEC;
	if (claimed > SECTION_MAX_BYTES)
		return -EFBIG;
	*size = (size_t)claimed;
	*bytes = malloc(*size);
	if (!*bytes)
		return -ENOMEM;
	if (type == ELFCOMPRESS_ZLIB)
		err = unpack_zlib(cursor.at, cursor_left(&cursor), *bytes, size);
	else if (type == ELFCOMPRESS_ZSTD)
		err = unpack_zstd(cursor.at, cursor_left(&cursor), *bytes, size);
	else
		err = -ENOEXEC;
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}

int frame_section_load(const struct unwind_source *source, const struct frame_section *from,
                       struct frame_bytes *section, uint8_t **owned)
{
	uint8_t *bytes;
	size_t size;
	int err;

	*owned = NULL;
	if (from->size > SECTION_MAX_BYTES && !from->ends_at_a_zero)
		return -EFBIG;
	size = from->size < SECTION_MAX_BYTES ? (size_t)from->size : SECTION_MAX_BYTES;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	size = unwind_source_some(source, from->file_offset, bytes, size);
	if (from->compressed || from->old_compressed) {
		uint8_t *packed = bytes;

		err = unpack(from->old_compressed, packed, size, &bytes, &size);
		free(packed);
		if (err)
			return err;
	}
	*owned = bytes;
	*section = (struct frame_bytes){
	    .bytes = bytes,
	    .size = (uint32_t)size,
	    .address = from->address,
	    .ends_at_a_zero = from->ends_at_a_zero,
	};
	return 0;
}
