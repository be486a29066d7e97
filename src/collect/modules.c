// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "collect/procfs.h"
#include "probe/elf_file.h"

/* A root directory, once for all processes that have it. */
struct root {
	int fd;
	dev_t device;
	ino_t inode;
	ino_t mount_namespace;
};

struct view {
	struct module_view view;
	pid_t pid;
};

/* A module and what it is told apart by, where there is no inode. */
struct row {
	struct module *module;
	pid_t pid;
	uint8_t *image; /* the vdso's */
	size_t image_bytes;
};

struct modules {
	struct row *rows;
	size_t n, size;
	struct root *roots;
	size_t n_roots;
	struct view **views;
	size_t n_views;
};

struct modules *modules_new(void)
{
	return calloc(1, sizeof(struct modules));
}

static void module_free(struct module *module)
{
	if (!module)
		return;
	if (module->fd >= 0)
		close(module->fd);
	free(module->path);
	free(module);
}

void modules_free(struct modules *modules)
{
	if (!modules)
		return;
	for (size_t i = 0; i < modules->n; i++) {
		module_free(modules->rows[i].module);
		free(modules->rows[i].image);
	}
	for (size_t i = 0; i < modules->n_roots; i++)
		close(modules->roots[i].fd);
	for (size_t i = 0; i < modules->n_views; i++)
		free(modules->views[i]);
	free(modules->roots);
	free(modules->views);
	free(modules->rows);
	free(modules);
}

/* The process's root directory; -1 when it cannot be opened. */
static int get_root(struct modules *modules, pid_t pid)
{
	struct root root, *roots;
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	root.mount_namespace = stat(path, &status) ? 0 : status.st_ino;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	root.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0 || fstat(root.fd, &status))
		goto close;
	root.device = status.st_dev;
	root.inode = status.st_ino;
	for (size_t i = 0; i < modules->n_roots; i++) {
		const struct root *known = &modules->roots[i];

		if (known->device == root.device && known->inode == root.inode &&
		    known->mount_namespace == root.mount_namespace) {
			close(root.fd);
			return known->fd;
		}
	}
	roots = reallocarray(modules->roots, modules->n_roots + 1, sizeof(*roots));
	if (!roots)
		goto close;
	modules->roots = roots;
	roots[modules->n_roots++] = root;
	return root.fd;
close:
	if (root.fd >= 0)
		close(root.fd);
	return -1;
}

/* How the process sees files now; NULL when it cannot be told. */
static const struct module_view *get_view(struct modules *modules, pid_t pid)
{
	struct process_status status;
	struct view view, **views, *added;

	if (procfs_status(pid, &status))
		return NULL;
	view.pid = status.thread_group;
	view.view = (struct module_view){
	    .root_fd = get_root(modules, pid), .pid_inside = status.pid_inside, .owner = status.owner};
	for (size_t i = 0; i < modules->n_views; i++) {
		const struct view *known = modules->views[i];

		if (known->pid == view.pid && known->view.root_fd == view.view.root_fd &&
		    known->view.pid_inside == view.view.pid_inside && known->view.owner == view.view.owner)
			return &known->view;
	}
	views = reallocarray(modules->views, modules->n_views + 1, sizeof(*views));
	if (!views)
		return NULL;
	modules->views = views;
	added = malloc(sizeof(*added));
	if (!added)
		return NULL;
	*added = view;
	views[modules->n_views++] = added;
	return &added->view;
}

/*
 * Through map_files it is the mapped file itself, whatever happened to its name since.
 * Through the root directory only if it is still the same file.
 */
static int open_mapped(pid_t pid, const struct maps_row *row, bool *replaced)
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
			*replaced = true;
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

/* More than any kernel's. */
#define VDSO_MAX (1u << 20)

static bool is_vdso(const struct maps_row *row)
{
	return !row->inode && !strcmp(row->name, "[vdso]") && row->end - row->start <= VDSO_MAX;
}

/* The vdso's image from the process's memory; NULL when it cannot be read. */
static uint8_t *read_vdso(pid_t pid, const struct maps_row *row)
{
	size_t size = row->end - row->start;
	uint8_t *image = malloc(size);
	struct iovec to = {.iov_base = image, .iov_len = size},
	             from = {.iov_base = (void *)(uintptr_t)row->start, .iov_len = size};

	if (image && process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)size)
		return image;
	free(image);
	return NULL;
}

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* A file of these bytes that nobody can change. */
static int make_file(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("vdso", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0) /* before Linux 6.3 */
		fd = memfd_create("vdso", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	if (write(fd, bytes, size) != (ssize_t)size ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct module *module_new(struct modules *modules, pid_t pid, const struct maps_row *row, const uint8_t *vdso)
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
	module->view = get_view(modules, pid);
	if (vdso)
		module->fd = make_file(vdso, row->end - row->start);
	else
		module->fd = row->inode ? open_mapped(pid, row, &module->replaced) : -1;
	read_build_id(module);
	return module;
}

static bool is_same(const struct row *known, pid_t pid, const struct maps_row *row, const uint8_t *vdso)
{
	const struct module *module = known->module;

	if (module->device != row->device || module->inode != row->inode)
		return false;
	if (row->inode)
		return true;
	if (strcmp(module->path, row->name[0] ? row->name : "[anon]"))
		return false;
	if (vdso || known->image)
		return vdso && known->image && known->image_bytes == row->end - row->start &&
		       !memcmp(known->image, vdso, known->image_bytes);
	return known->pid == pid;
}

static struct module *add_module(struct modules *modules, pid_t pid, const struct maps_row *row, uint8_t *vdso)
{
	struct module *module;

	if (modules->n == modules->size) {
		size_t size = modules->size ? 2 * modules->size : 64;
		struct row *rows = reallocarray(modules->rows, size, sizeof(*rows));

		if (!rows)
			return NULL;
		modules->rows = rows;
		modules->size = size;
	}
	module = module_new(modules, pid, row, vdso);
	if (module)
		modules->rows[modules->n++] = (struct row){
		    .module = module, .pid = pid, .image = vdso, .image_bytes = vdso ? row->end - row->start : 0};
	return module;
}

struct module *modules_get(struct modules *modules, pid_t pid, const struct maps_row *row)
{
	uint8_t *vdso = is_vdso(row) ? read_vdso(pid, row) : NULL;
	struct module *module;

	for (size_t i = 0; i < modules->n; i++) {
		if (is_same(&modules->rows[i], pid, row, vdso)) {
			free(vdso);
			return modules->rows[i].module;
		}
	}
	module = add_module(modules, pid, row, vdso);
	if (!module)
		free(vdso);
	return module;
}
