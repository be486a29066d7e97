// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/unpack.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* Memory that xz itself may take: what its presets need at most (-9) is 65 MiB. */
#define XZ_MEMORY_MAX (128u << 20)

bool unpack_zlib(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size)
{
	uLongf n = size;
	uLong n_packed = packed_size;

	return uncompress2(to, &n, packed, &n_packed) == Z_OK && n == size;
}

bool unpack_zstd(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size)
{
	size_t n = ZSTD_decompress(to, size, packed, packed_size);

	return !ZSTD_isError(n) && n == size;
}

/* Doubles the buffer. False when it is as large as it may be, or memory is out. */
static bool grow(lzma_stream *stream, uint8_t **buffer, size_t *capacity, size_t size_max)
{
	size_t wanted = *capacity ? *capacity * 2 : 1 << 16, used = stream->total_out;
	uint8_t *larger;

	if (wanted > size_max)
		wanted = size_max;
	if (wanted <= used)
		return false;
	larger = realloc(*buffer, wanted);
	if (!larger)
		return false;
	*buffer = larger;
	*capacity = wanted;
	stream->next_out = larger + used;
	stream->avail_out = wanted - used;
	return true;
}

int unpack_xz(const uint8_t *packed, size_t packed_size, size_t size_max, uint8_t **to, size_t *size)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t *buffer = NULL;
	size_t capacity = 0;
	lzma_ret status = lzma_stream_decoder(&stream, XZ_MEMORY_MAX, LZMA_CONCATENATED);
	bool full = false;

	stream.next_in = packed;
	stream.avail_in = packed_size;
	while (status == LZMA_OK && !full) {
		if (!stream.avail_out && !grow(&stream, &buffer, &capacity, size_max))
			full = true;
		else
			status = lzma_code(&stream, LZMA_FINISH);
	}
	*size = stream.total_out;
	lzma_end(&stream);
	if (status == LZMA_STREAM_END) {
		*to = buffer;
		return 0;
	}
	free(buffer);
	return full ? -EFBIG : status == LZMA_MEM_ERROR ? -ENOMEM : -EINVAL;
}
