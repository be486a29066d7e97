/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what was written to a stream has arrived. */
#ifndef MEMTRACE_REPORT_STREAM_H
#define MEMTRACE_REPORT_STREAM_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/buffer.h"

/* Writes a long text, so that what it fails with is known. 0 or -errno. */
static inline int stream_write(FILE *out, const char *text)
{
	size_t size = strlen(text);

	return fwrite(text, 1, size, out) < size ? -errno : 0;
}

/* Flushes. 0, or -errno when that or any write since the stream was opened has failed. */
static inline int stream_finish(FILE *out)
{
	if (fflush(out))
		return -errno;
	/* The cause of an earlier failure is no longer known. */
	return ferror(out) ? -EIO : 0;
}

/* The same where lines were put together in a buffer, which is freed; -ENOMEM when it has failed. */
static inline int stream_finish_lines(FILE *out, struct buffer *line)
{
	int error = line->failed ? -ENOMEM : 0, unwritten = stream_finish(out);

	buffer_free(line);
	return error ? error : unwritten;
}

#endif
