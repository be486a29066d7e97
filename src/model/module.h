/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has mapped executable: modules (files) and the mappings of them.
 * A module keeps its file open, so that it can be symbolized after the file was
 * deleted or replaced and after the process has ended.
 */
#ifndef MEMTRACE_MODEL_MODULE_H
#define MEMTRACE_MODEL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BUILD_ID_MAX 64

/* How a process that maps modules sees files, held for as long as they are known. */
struct module_view {
	int root_fd;      /* its root directory, O_PATH; -1: could not be opened */
	pid_t pid_inside; /* its ID in its innermost PID namespace */
	uid_t owner;      /* its effective user */
};

struct module {
	char *path;       /* as in /proc/PID/maps without " (deleted)"; or "[vdso]", "[anon]", … */
	const char *name; /* the part of path after its last slash */
	int fd;           /* open for reading; -1: nothing to read. Owned. */
	dev_t device;     /* 0 for what is not a file */
	ino_t inode;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size;           /* 0: none */
	bool replaced;                  /* another file has its name now, and the mapped one could not be opened */
	const struct module_view *view; /* NULL: not known */
	const char *debug_path;         /* of its debug file below the view's root; NULL: to be looked for */
};

/*
 * The same addresses may be mapped again and again. A process's code has a version, which is one more
 * each time that code was unmapped; a mapping was there from one version to another.
 */
struct mapping {
	uint64_t start, end; /* [start, end) */
	uint64_t offset;     /* in the file, bytes */
	const struct module *module;
	uint32_t from, until; /* versions, both included */
};

#define MAPPING_STAYS UINT32_MAX /* until now */

/* The mapping that held the address in that version, or NULL. `mappings` are sorted by start. */
const struct mapping *mapping_find(const struct mapping *mappings, size_t n, uint64_t address, uint32_t version);

/*
 * What of the mapping's file lies around it in that version without a gap: an mprotect(2) divides what was one. Offsets
 * in the file, bytes. False where it is in more pieces than anything but a hostile file makes of it.
 */
bool mapping_stretch(const struct mapping *mappings, size_t n, const struct mapping *mapping, uint32_t version,
                     uint64_t *first, uint64_t *end);

#endif
