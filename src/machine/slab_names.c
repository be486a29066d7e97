// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/slab_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/root.h"
#include "util/grow.h"

char *slab_directory_name(const char *cache)
{
	char *name = strdup(cache);

	/* As kobject_set_name_vargs() does. No directory of a cache begins with a dot. */
	for (char *at = name; at && *at; at++) {
		if (*at == '/' || (at == name && *at == '.'))
			*at = '!';
	}
	return name;
}

int slab_directory_check(int root_fd, const char *directory)
{
	char path[PATH_MAX];
	struct stat status;

	if (snprintf(path, sizeof(path), SLAB_DIRECTORY "/%s", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (fstatat(root_fd, path, &status, 0))
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

/* Where the link leads; what is no link is the directory itself. NULL when out of memory. */
static char *directory_of(int root_fd, const char *name)
{
	char path[PATH_MAX], target[NAME_MAX + 1];
	ssize_t length;

	if (snprintf(path, sizeof(path), SLAB_DIRECTORY "/%s", name) >= (int)sizeof(path))
		return strdup(name);
	length = readlinkat(root_fd, path, target, sizeof(target) - 1);
	return length < 0 ? strdup(name) : strndup(target, (size_t)length);
}

static int add_link(int root_fd, struct slab_names *names, const char *name)
{
	struct slab_link link = {.name = strdup(name), .directory = directory_of(root_fd, name)};
	int error = link.name && link.directory ? grow_list((void **)&names->links, names->n, sizeof(link)) : -ENOMEM;

	if (error) {
		free(link.name);
		free(link.directory);
		return error;
	}
	names->links[names->n++] = link;
	return 0;
}

int slab_names_read(int root_fd, struct slab_names *names)
{
	struct root_names found;
	int error = root_list(root_fd, &found, SLAB_DIRECTORY);

	*names = (struct slab_names){0};
	if (error)
		return error;
	for (size_t i = 0; i < found.n && !error; i++)
		error = add_link(root_fd, names, found.list[i]);
	root_names_free(&found);
	if (error)
		slab_names_free(names);
	return error;
}

void slab_names_free(struct slab_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->links[i].name);
		free(names->links[i].directory);
	}
	free(names->links);
	*names = (struct slab_names){0};
}

static int compare_name(const void *key, const void *link)
{
	return strcmp(key, ((const struct slab_link *)link)->name);
}

static void drop_aliases(struct slab_cache *cache)
{
	for (size_t i = 0; i < cache->n_aliases; i++)
		free(cache->aliases[i]);
	free(cache->aliases);
	cache->aliases = NULL;
	cache->n_aliases = 0;
}

static int add_alias(struct slab_cache *cache, const char *name)
{
	char *copy = strdup(name);
	int error = copy ? grow_list((void **)&cache->aliases, cache->n_aliases, sizeof(*cache->aliases)) : -ENOMEM;

	if (error) {
		free(copy);
		return error;
	}
	cache->aliases[cache->n_aliases++] = copy;
	return 0;
}

int slab_names_set(const struct slab_names *names, struct slab_cache *cache)
{
	char *own = slab_directory_name(cache->name);
	const struct slab_link *found;
	int error = own ? 0 : -ENOMEM;

	drop_aliases(cache);
	found = own && names->n ? bsearch(own, names->links, names->n, sizeof(*names->links), compare_name) : NULL;
	for (size_t i = 0; found && i < names->n && !error; i++) {
		const struct slab_link *link = &names->links[i];

		/* ":0000192" is a merged cache's directory, not a name. */
		if (link != found && link->name[0] != ':' && !strcmp(link->directory, found->directory))
			error = add_alias(cache, link->name);
	}
	free(own);
	return error;
}
