// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "collect/maps.h"
#include "collect/modules.h"
#include "collect/procfs.h"
#include "probe/elf_file.h"
#include "probe/resolve.h"

struct surveying {
	struct modules *modules;
	pid_t pid;
	void (*found)(void *context, const struct survey_row *row);
	void *context;
};

static void tell_points(const struct surveying *surveying, const struct module *module, const struct maps_row *row,
                        const struct probe_point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct survey_row told = {
		    .address = points[i].site_file_offset - row->offset + row->start,
		    .object = module->path,
		    .name = points[i].name,
		    .offset = points[i].site.offset,
		    .instruction = points[i].site.instruction,
		    .emulated = points[i].site.emulated,
		    .wants_return = catalog_wants_return(points[i].row),
		};

		if (points[i].site_file_offset >= row->offset &&
		    points[i].site_file_offset - row->offset < row->end - row->start)
			surveying->found(surveying->context, &told);
	}
}

static int survey_row(void *context, const struct maps_row *row)
{
	struct surveying *surveying = context;
	struct probe_point *points;
	struct module *module;
	struct elf_file *file;
	char error[160];
	size_t n;

	if (!row->executable || !row->inode)
		return 0;
	module = modules_get(surveying->modules, surveying->pid, row);
	if (!module)
		return -ENOMEM;
	if (module->fd < 0 || elf_file_open(module->fd, &file, error, sizeof(error)))
		return 0;
	if (resolve_is_allocator(file) && !resolve_points(file, false, &points, &n)) {
		tell_points(surveying, module, row, points, n);
		free(points);
	}
	elf_file_free(file);
	return 0;
}

int survey(pid_t pid, void (*found)(void *, const struct survey_row *), void *context, char *error, size_t error_size)
{
	struct surveying surveying = {.pid = pid, .found = found, .context = context};
	int code = procfs_check_traceable(pid, error, error_size);

	if (code)
		return code;
	surveying.modules = modules_new();
	if (!surveying.modules) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	code = maps_read(pid, survey_row, &surveying);
	if (code)
		snprintf(error, error_size, "cannot read the mappings of process %d", pid);
	modules_free(surveying.modules);
	return code;
}
