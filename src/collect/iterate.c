// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/iterate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define RECORDS 256 /* at once */

/* A record may come in pieces. */
static int read_all(int fd, size_t record_bytes, int (*found)(void *, const void *), void *context)
{
	char *buffer = malloc(RECORDS * record_bytes);
	size_t have = 0;
	ssize_t bytes = 1;
	int error = buffer ? 0 : -ENOMEM;

	while (!error && bytes > 0) {
		size_t used = 0;

		bytes = read(fd, buffer + have, RECORDS * record_bytes - have);
		if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
			bytes = 1;
			continue;
		}
		if (bytes < 0)
			error = -errno;
		have += bytes > 0 ? (size_t)bytes : 0;
		for (; !error && have - used >= record_bytes; used += record_bytes)
			error = found(context, buffer + used);
		have -= used;
		if (have)
			memmove(buffer, buffer + used, have);
	}
	free(buffer);
	return error;
}

int iterate(const struct bpf_program *program, size_t record_bytes, int (*found)(void *context, const void *record),
            void *context)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	int fd, error;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	error = fd < 0 ? fd : read_all(fd, record_bytes, found, context);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return error;
}
