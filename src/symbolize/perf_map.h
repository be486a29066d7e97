/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of code that a process makes while it runs, as its JIT compiler writes them to
 * /tmp/perf-PID.map: a line `START SIZE NAME` each, numbers in hexadecimal (Linux,
 * tools/perf/Documentation/jit-interface.txt). The PID is that in the process's own namespace,
 * /tmp that of its root directory.
 *
 * Anybody may have put that file there: it is read if it belongs to root or to the
 * process's user, is a regular file with one name and no symbolic link, and then only its last part.
 */
#ifndef MEMTRACE_SYMBOLIZE_PERF_MAP_H
#define MEMTRACE_SYMBOLIZE_PERF_MAP_H

#include "model/module.h"
#include "symbolize/intervals.h"

struct perf_symbol {
	uint64_t start;
	const char *name; /* the map's; as in the file */
};

struct perf_map {
	char *text;
	struct perf_symbol *symbols;
	size_t n;
	struct intervals places; /* value: index into symbols */
};

/*
 * Takes over `text`, n bytes and room for one more, also when it fails; lines that are none are left out. Where
 * two overlap the later one holds: code is thrown away and made anew. 0 or -errno.
 */
int perf_map_parse(struct perf_map *map, char *text, size_t n);
const struct perf_symbol *perf_map_find(const struct perf_map *map, uint64_t address);
void perf_map_clear(struct perf_map *map);

/* Maps of all processes, each read when it is asked for, and again when it has changed. */
struct perf_maps;

struct perf_maps *perf_maps_new(void);
void perf_maps_free(struct perf_maps *maps);

/* What is at the address in a process that sees files this way; NULL when it is not known. Lives until the next call.
 */
const struct perf_symbol *perf_maps_find(struct perf_maps *maps, const struct module_view *view, uint64_t address);

#endif
