// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/elf_file.h"

struct modules {
	struct module **rows;
	size_t n, size;
};

struct modules *modules_new(void)
{
	return calloc(1, sizeof(struct modules));
}

void modules_free(struct modules *modules)
{
	if (!modules)
		return;
	for (size_t i = 0; i < modules->n; i++) {
		if (modules->rows[i]->fd >= 0)
			close(modules->rows[i]->fd);
		free(modules->rows[i]->path);
		free(modules->rows[i]);
	}
	free(modules->rows);
	free(modules);
}

/*
 * Through map_files it is the mapped file itself, whatever happened to its name since.
 * Through the root directory only if it is still the same file.
 */
static int open_mapped(pid_t pid, const struct maps_row *row)
{
	char path[4200];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, row->start, row->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, row->name);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 && (fstat(fd, &status) || status.st_ino != row->inode)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void read_build_id(struct module *module)
{
	struct elf_file *file;
	char error[160];

	if (module->fd < 0 || elf_file_open(module->fd, &file, error, sizeof(error)))
		return;
	module->build_id_size = elf_file_build_id(file, module->build_id, sizeof(module->build_id));
	elf_file_free(file);
}

static struct module *module_new(pid_t pid, const struct maps_row *row)
{
	struct module *module = calloc(1, sizeof(*module));
	const char *slash;

	if (!module)
		return NULL;
	module->path = strdup(row->name[0] ? row->name : "[anon]");
	if (!module->path) {
		free(module);
		return NULL;
	}
	slash = module->path[0] == '/' ? strrchr(module->path, '/') : NULL;
	module->name = slash ? slash + 1 : module->path;
	module->device = row->device;
	module->inode = row->inode;
	module->fd = row->inode ? open_mapped(pid, row) : -1;
	read_build_id(module);
	return module;
}

struct module *modules_get(struct modules *modules, pid_t pid, const struct maps_row *row)
{
	struct module *module;

	for (size_t i = 0; i < modules->n; i++) {
		module = modules->rows[i];
		if (module->device == row->device && module->inode == row->inode &&
		    (row->inode || !strcmp(module->path, row->name[0] ? row->name : "[anon]")))
			return module;
	}
	if (modules->n == modules->size) {
		size_t size = modules->size ? 2 * modules->size : 64;
		struct module **rows = realloc(modules->rows, size * sizeof(struct module *));

		if (!rows)
			return NULL;
		modules->rows = rows;
		modules->size = size;
	}
	module = module_new(pid, row);
	if (module)
		modules->rows[modules->n++] = module;
	return module;
}
