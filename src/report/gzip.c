// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/gzip.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define CHUNK_BYTES 16384
#define WINDOW_BITS 15
#define GZIP_FORMAT 16 /* is added to the window's bits */
#define MEMORY_LEVEL 8

/* Compresses what there is to be read. */
static void deflate_all(struct gzip *gzip, int flush)
{
	unsigned char chunk[CHUNK_BYTES];

	do {
		gzip->stream.next_out = chunk;
		gzip->stream.avail_out = sizeof(chunk);
		deflate(&gzip->stream, flush);
		fwrite(chunk, 1, sizeof(chunk) - gzip->stream.avail_out, gzip->out);
	} while (!gzip->stream.avail_out);
}

int gzip_begin(struct gzip *gzip, FILE *out)
{
	memset(gzip, 0, sizeof(*gzip));
	gzip->out = out;
	return deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS + GZIP_FORMAT, MEMORY_LEVEL,
	                    Z_DEFAULT_STRATEGY) == Z_OK
	           ? 0
	           : -ENOMEM;
}

void gzip_write(struct gzip *gzip, const void *bytes, size_t size)
{
	gzip->stream.next_in = (z_const Bytef *)bytes;
	while (size) {
		uInt part = size < UINT_MAX ? (uInt)size : UINT_MAX;

		gzip->stream.avail_in = part;
		deflate_all(gzip, Z_NO_FLUSH);
		size -= part;
	}
}

void gzip_end(struct gzip *gzip)
{
	gzip->stream.avail_in = 0;
	deflate_all(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
}
