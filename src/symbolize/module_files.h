/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files for modules of which only path and build ID are known: those of a recording. */
#ifndef MEMTRACE_SYMBOLIZE_MODULE_FILES_H
#define MEMTRACE_SYMBOLIZE_MODULE_FILES_H

#include <stddef.h>

#include "model/module.h"

struct module_files;

/*
 * Opens for each module that has no file yet the one that has its build ID: at its path, or anywhere below `directory`
 * (NULL: none; a tree of files as on the traced machine, a folder of debug files, …), where debug files are looked for
 * first, too. Modules without a build ID are opened where device and inode are the same. What is not found stays
 * without a file, and has its names from its debug file alone. 0 or -errno: -ENOMEM, or the directory cannot be read.
 */
int module_files_open(struct module *modules, size_t n, const char *directory, struct module_files **result);
/* Closes them, after the symbolizer. NULL is allowed. */
void module_files_close(struct module_files *files);

#endif
