/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking what a hostile file has packed: into a buffer whose size is known before, or
 * up to a limit. Nothing is written beyond it, however much the packed bytes claim to be.
 */
#ifndef MEMTRACE_SYMBOLIZE_UNPACK_H
#define MEMTRACE_SYMBOLIZE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unpacks to exactly `size` bytes; false when the packed bytes hold less, more, or are damaged. */
bool unpack_zlib(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size);
bool unpack_zstd(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size);

/*
 * Unpacks a whole .xz file to new memory of at most `size_max` bytes, the caller's to free.
 * 0 or -errno: -EFBIG when it is more, -EINVAL when it is damaged, -ENOMEM.
 */
int unpack_xz(const uint8_t *packed, size_t packed_size, size_t size_max, uint8_t **to, size_t *size);

#endif
