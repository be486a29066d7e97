/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where debug information that is not in a module's own file is looked for: below the
 * root directory of the process that maps it first (its container may bring debug files), then
 * below memtrace's own (debug files are mostly installed outside). In each root:
 *
 *   separate file   /usr/lib/debug/.build-id/XX/YY.debug; by .gnu_debuglink next to the module, in
 *                   .debug next to it, and in /usr/lib/debug with the module's directory
 *   alternate file  (dwz) by its name, also in /usr/lib/debug/.dwz; by its build ID as above
 *   split DWARF     by its name next to the module or in the compilation directory; packages as
 *                   MODULE.dwp, next to the separate file, and in /usr/lib/debug
 *
 * All these names are a hostile file's. What is found counts only if its build ID, its
 * checksum or its unit ID is the one asked for.
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_SEARCH_H
#define MEMTRACE_SYMBOLIZE_DEBUG_SEARCH_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug_server;

struct debug_search {
	const char *path;            /* of the module, in its root */
	const char *known;           /* path of the separate file, in the module's root; NULL: not known yet */
	int roots[2];                /* directories; -1: none */
	struct debug_server *server; /* NULL: not to be asked */
	uint64_t budget_bytes;       /* what all that is read for the module may still take */
	char separate[4096];         /* path of the separate file; "": none */
};

/* Is this the file? */
typedef bool (*debug_accept)(int fd, void *context);

/* The first of the names that exists and is accepted: a descriptor, or -ENOENT. */
int debug_search_open(const struct debug_search *search, const char *const *names, size_t n, debug_accept accept,
                      void *context);

/* The debug file of this build ID. `server`: a debuginfod may be asked. A descriptor or -ENOENT. */
int debug_search_build_id(struct debug_search *search, const uint8_t *id, size_t id_size, bool server);

/* The debug file of a module of which no more is at hand than its build ID. A descriptor or -ENOENT. */
int debug_search_alone(struct debug_search *search, const uint8_t *id, size_t id_size);

/* The separate debug file of the module, which has this build ID (size 0: none). A descriptor or -ENOENT. */
int debug_search_separate(struct debug_search *search, Elf *module, const uint8_t *id, size_t id_size);

/* The alternate file that the module's or separate file's debug information names. A descriptor or -ENOENT. */
int debug_search_alternate(struct debug_search *search, const char *name, const uint8_t *id, size_t id_size);

/* The directory part of a path with its slash: how many bytes. 0: none. */
size_t debug_directory_length(const char *path);

/* The GNU build ID of a file, in its memory; 0 bytes when it has none. */
size_t elf_build_id(Elf *elf, const uint8_t **id);

#endif
