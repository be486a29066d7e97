// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int unwind_source_open(struct unwind_source *source, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	*source = (struct unwind_source){.fd = fd, .size = (uint64_t)status.st_size};
	return 0;
}

size_t unwind_source_some(const struct unwind_source *source, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	if (offset >= source->size)
		return 0;
	if (size > source->size - offset)
		size = (size_t)(source->size - offset);
	if (source->bytes) {
		memcpy(buffer, source->bytes + offset, size);
		return size;
	}
	while (done < size) {
		ssize_t n = pread(source->fd, (char *)buffer + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

bool unwind_source_read(const struct unwind_source *source, uint64_t offset, void *buffer, size_t size)
{
	return unwind_source_some(source, offset, buffer, size) == size;
}
