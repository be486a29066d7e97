// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/module_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/debug_search.h"
#include "symbolize/root_files.h"

#define FILES_LOOKED_AT (1UL << 20)

struct module_files {
	struct module *modules;
	char **debug_paths; /* of the modules, below the view's root; NULL: none was found */
	size_t n;
	struct module_view view; /* the directory as a root, in which debug files are looked for */
	int root;                /* memtrace's own */
};

/* What a file that is found is. */
struct found {
	uint8_t id[BUILD_ID_MAX];
	size_t id_size; /* 0: it has none, or is no ELF file */
	bool is_debug;  /* what was in its sections of code is in another file */
};

static bool is_debug_file(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && (header.sh_flags & SHF_EXECINSTR) && header.sh_type == SHT_NOBITS)
			return true;
	}
	return false;
}

static struct found look_at(int fd)
{
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	struct found found = {.id_size = 0};
	const uint8_t *id;
	size_t size = elf && elf_kind(elf) == ELF_K_ELF ? elf_build_id(elf, &id) : 0;

	if (size && size <= BUILD_ID_MAX) {
		memcpy(found.id, id, size);
		found.id_size = size;
		found.is_debug = is_debug_file(elf);
	}
	elf_end(elf);
	return found;
}

static bool is_of(const struct found *found, const struct module *module)
{
	return found->id_size && found->id_size == module->build_id_size &&
	       !memcmp(found->id, module->build_id, found->id_size);
}

static bool is_same_file(int fd, const struct module *module)
{
	struct stat stat;

	return !module->replaced && !fstat(fd, &stat) && stat.st_dev == module->device && stat.st_ino == module->inode;
}

static bool is_wanted(const struct module *module)
{
	return module->fd < 0 && module->path[0] == '/';
}

static void open_at_path(struct module_files *files, struct module *module)
{
	int fd = root_open(files->root, module->path, true);
	struct found found;

	if (fd < 0)
		return;
	found = look_at(fd);
	if (module->build_id_size ? is_of(&found, module) && !found.is_debug : is_same_file(fd, module))
		module->fd = fd;
	else
		close(fd);
}

/* Whose file is it? The first one that is found is taken. `below`: where the path goes on below the directory. */
static void offer(struct module_files *files, const char *path, size_t below)
{
	int fd = root_open(files->root, path, false);
	const struct found found = look_at(fd);

	for (size_t i = 0; i < files->n && found.id_size; i++) {
		if (!is_of(&found, &files->modules[i]))
			continue;
		if (found.is_debug && !files->debug_paths[i])
			files->debug_paths[i] = strdup(path + below);
		else if (!found.is_debug && is_wanted(&files->modules[i]))
			files->modules[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	if (fd >= 0)
		close(fd);
}

static int look_below(struct module_files *files, const char *directory)
{
	char *absolute = realpath(directory, NULL);
	char *const roots[] = {absolute, NULL};
	FTS *tree = absolute ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL) : NULL;
	size_t looked_at = 0;
	int error = tree ? 0 : -errno;
	FTSENT *entry;

	while (tree && looked_at < FILES_LOOKED_AT && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_F)
			continue;
		looked_at++;
		offer(files, entry->fts_path, strlen(absolute));
	}
	if (tree)
		fts_close(tree);
	free(absolute);
	return error;
}

int module_files_open(struct module *modules, size_t n, const char *directory, struct module_files **result)
{
	struct module_files *files = calloc(1, sizeof(*files));
	int error = 0;

	*result = NULL;
	if (!files)
		return -ENOMEM;
	elf_version(EV_CURRENT);
	*files = (struct module_files){.modules = modules, .n = n, .view = {.root_fd = -1}};
	files->debug_paths = calloc(n + 1, sizeof(*files->debug_paths));
	if (!files->debug_paths) {
		free(files);
		return -ENOMEM;
	}
	files->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory) {
		files->view.root_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
		error = files->view.root_fd < 0 ? -errno : look_below(files, directory);
	}
	for (size_t i = 0; i < n && !error; i++) {
		modules[i].view = directory ? &files->view : NULL;
		modules[i].debug_path = files->debug_paths[i];
		if (is_wanted(&modules[i]))
			open_at_path(files, &modules[i]);
	}
	if (error)
		module_files_close(files);
	else
		*result = files;
	return error;
}

void module_files_close(struct module_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->n; i++) {
		if (files->modules[i].fd >= 0)
			close(files->modules[i].fd);
		files->modules[i].fd = -1;
		files->modules[i].view = NULL;
		files->modules[i].debug_path = NULL;
		free(files->debug_paths[i]);
	}
	if (files->view.root_fd >= 0)
		close(files->view.root_fd);
	if (files->root >= 0)
		close(files->root);
	free(files->debug_paths);
	free(files);
}
