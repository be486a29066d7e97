/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that go compressed to a stream (RFC 1952). */
#ifndef MEMTRACE_REPORT_GZIP_H
#define MEMTRACE_REPORT_GZIP_H

#include <stdio.h>
#include <zlib.h>

struct gzip {
	z_stream stream;
	FILE *out;
};

/* 0 or -ENOMEM. A failed write is left in ferror(out). */
int gzip_begin(struct gzip *gzip, FILE *out);
void gzip_write(struct gzip *gzip, const void *bytes, size_t size);
/* Writes what is left, and frees all. The stream is not flushed. */
void gzip_end(struct gzip *gzip);

#endif
