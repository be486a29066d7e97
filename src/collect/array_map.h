/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BPF arrays that memtrace shares with its programs (BPF_F_MMAPABLE). */
#ifndef MEMTRACE_COLLECT_ARRAY_MAP_H
#define MEMTRACE_COLLECT_ARRAY_MAP_H

struct bpf_map;

/* Its elements, to be read and written, each of value_size rounded up to 8 bytes. NULL: it could not be mapped. */
void *array_map(const struct bpf_map *map);
/* `elements` may be NULL. */
void array_unmap(void *elements, const struct bpf_map *map);

#endif
