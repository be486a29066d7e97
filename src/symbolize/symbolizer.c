// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <malloc.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/code_file.h"
#include "symbolize/debug_server.h"
#include "symbolize/demangle.h"
#include "symbolize/perf_map.h"
#include "util/printable.h"

struct symbolizer {
	struct code_environment environment;
	struct perf_maps *perf_maps;
	void *files;   /* tsearch(3) of struct known_file */
	void *modules; /* tsearch(3) of struct known_module */
};

/* What all frames in a module share, found once. */
struct known_module {
	const struct module *module;
	struct module seen;     /* what it was then: another may come to stand in its place */
	struct code_file *code; /* NULL: nothing to read */
	const char *name, *build_id;
};

/* What makes two modules the same file. Compared as bytes: no padding. */
struct file_key {
	uint8_t build_id[BUILD_ID_MAX];
	uint64_t build_id_size; /* 0: the others count */
	uint64_t device, inode;
	uint64_t size_bytes, changed_s, changed_ns; /* an inode is used again after its file is gone */
};

struct known_file {
	struct file_key key;
	struct code_file *code;
};

static int compare_files(const void *a, const void *b)
{
	return memcmp(&((const struct known_file *)a)->key, &((const struct known_file *)b)->key,
	              sizeof(struct file_key));
}

static void known_file_free(void *node)
{
	struct known_file *file = node;

	code_file_free(file->code);
	free(file);
}

struct symbolizer *symbolizer_new(void)
{
	struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (!symbolizer)
		return NULL;
	elf_version(EV_CURRENT);
	symbolizer->environment.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	symbolizer->environment.functions = text_pool_new(demangle);
	symbolizer->environment.others = text_pool_new(printable_copy);
	symbolizer->perf_maps = perf_maps_new();
	if (!symbolizer->environment.functions || !symbolizer->environment.others || !symbolizer->perf_maps) {
		symbolizer_free(symbolizer);
		return NULL;
	}
	return symbolizer;
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	tdestroy(symbolizer->modules, free);
	tdestroy(symbolizer->files, known_file_free);
	perf_maps_free(symbolizer->perf_maps);
	debug_server_free(symbolizer->environment.server);
	if (symbolizer->environment.root >= 0)
		close(symbolizer->environment.root);
	text_pool_free(symbolizer->environment.functions);
	text_pool_free(symbolizer->environment.others);
	free(symbolizer);
}

int symbolizer_use_debuginfod(struct symbolizer *symbolizer, bool progress, char *error, size_t error_size)
{
	symbolizer->environment.server = debug_server_new(progress, error, error_size);
	return symbolizer->environment.server ? 0 : -ENOENT;
}

static void rest(const void *node, VISIT visit, int depth)
{
	struct known_file *const *file = node;

	(void)depth;
	if ((visit == postorder || visit == leaf) && (*file)->code)
		code_file_rest((*file)->code);
}

void symbolizer_rest(struct symbolizer *symbolizer)
{
	twalk(symbolizer->files, rest);
	malloc_trim(0);
}

static void make_key(const struct module *module, struct file_key *key)
{
	struct stat status;

	memset(key, 0, sizeof(*key));
	if (module->build_id_size && module->build_id_size <= BUILD_ID_MAX) {
		memcpy(key->build_id, module->build_id, module->build_id_size);
		key->build_id_size = module->build_id_size;
		return;
	}
	key->device = module->device;
	key->inode = module->inode;
	if (fstat(module->fd, &status))
		return;
	key->size_bytes = (uint64_t)status.st_size;
	key->changed_s = (uint64_t)status.st_mtim.tv_sec;
	key->changed_ns = (uint64_t)status.st_mtim.tv_nsec;
}

/* The module's file, read when it is asked for the first time. NULL when out of memory. */
static struct code_file *module_file(struct symbolizer *symbolizer, const struct module *module)
{
	struct known_file *file = calloc(1, sizeof(*file));
	void *found;

	if (!file)
		return NULL;
	make_key(module, &file->key);
	found = tfind(file, &symbolizer->files, compare_files);
	if (found) {
		free(file);
		return (*(struct known_file **)found)->code;
	}
	file->code = code_file_open(module, &symbolizer->environment);
	if (!file->code || !tsearch(file, &symbolizer->files, compare_files)) {
		known_file_free(file);
		return NULL;
	}
	return file->code;
}

/* Lower-case hexadecimal, the symbolizer's own; NULL without a build ID or when out of memory. */
static const char *build_id_text(struct symbolizer *symbolizer, const struct module *module)
{
	char text[2 * BUILD_ID_MAX + 1];

	if (!module->build_id_size || module->build_id_size > BUILD_ID_MAX)
		return NULL;
	for (size_t i = 0; i < module->build_id_size; i++) {
		text[2 * i] = "0123456789abcdef"[module->build_id[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[module->build_id[i] & 15];
	}
	text[2 * module->build_id_size] = '\0';
	return text_pool_get(symbolizer->environment.others, text);
}

/* Frames while they are gathered, each with what it wraps. */
struct gathered {
	struct frame *frames;
	enum wrapper *wrappers;
	size_t n, capacity;
};

static int make_room(struct gathered *gathered, size_t wanted)
{
	size_t capacity = (gathered->n + wanted) * 2;
	enum wrapper *wrappers;
	struct frame *frames;

	if (gathered->n + wanted <= gathered->capacity)
		return 0;
	frames = reallocarray(gathered->frames, capacity, sizeof(*frames));
	if (frames)
		gathered->frames = frames;
	wrappers = reallocarray(gathered->wrappers, capacity, sizeof(*wrappers));
	if (wrappers)
		gathered->wrappers = wrappers;
	if (!frames || !wrappers)
		return -ENOMEM;
	gathered->capacity = capacity;
	return 0;
}

/* Frames for all levels of a place; `like` has what they share. */
static int add_levels(struct gathered *gathered, const struct code_place *place, const struct frame *like)
{
	int err = make_room(gathered, place->n_levels);

	if (err)
		return err;
	for (size_t i = 0; i < place->n_levels; i++) {
		const struct code_level *level = &place->levels[i];
		struct frame *frame = &gathered->frames[gathered->n];

		*frame = *like;
		frame->function = level->function;
		frame->file = level->file;
		frame->line = level->line;
		frame->inlined = level->inlined;
		if (!level->inlined && place->has_offset) {
			frame->offset = place->offset;
			frame->has_offset = true;
		}
		gathered->wrappers[gathered->n++] = level->wrapper;
	}
	return 0;
}

static int add_plain(struct gathered *gathered, const struct frame *frame)
{
	int err = make_room(gathered, 1);

	if (err)
		return err;
	gathered->frames[gathered->n] = *frame;
	gathered->wrappers[gathered->n++] = WRAPPER_NONE;
	return 0;
}

/* The symbolizer's own; NULL when out of memory. */
static const char *module_text(struct symbolizer *symbolizer, const struct module *module)
{
	const char *text;
	char *replaced;

	if (!module->replaced)
		return text_pool_get(symbolizer->environment.others, module->name);
	if (asprintf(&replaced, "[%s: replaced]", module->name) < 0)
		return NULL;
	text = text_pool_get(symbolizer->environment.others, replaced);
	free(replaced);
	return text;
}

static int compare_modules(const void *a, const void *b)
{
	const struct known_module *x = a, *y = b;

	return x->module < y->module ? -1 : x->module > y->module;
}

static bool is_same(const struct module *a, const struct module *b)
{
	return a->path == b->path && a->name == b->name && a->fd == b->fd && a->device == b->device &&
	       a->inode == b->inode && a->view == b->view && a->replaced == b->replaced &&
	       a->build_id_size == b->build_id_size && !memcmp(a->build_id, b->build_id, sizeof(a->build_id));
}

/* Something to read: the file itself, or perhaps its debug file, which its build ID names. */
static bool has_file(const struct module *module)
{
	return module->fd >= 0 ||
	       (module->path[0] == '/' && module->build_id_size && module->build_id_size <= BUILD_ID_MAX);
}

/* NULL when out of memory. */
static const struct known_module *know_module(struct symbolizer *symbolizer, const struct module *module)
{
	struct known_module wanted = {.module = module, .seen = *module}, *known;
	void *found = tfind(&wanted, &symbolizer->modules, compare_modules);

	known = found ? *(struct known_module **)found : NULL;
	if (known && is_same(&known->seen, module))
		return known;
	wanted.name = module_text(symbolizer, module);
	wanted.build_id = build_id_text(symbolizer, module);
	if (has_file(module))
		wanted.code = module_file(symbolizer, module);
	if (!wanted.name || (has_file(module) && !wanted.code))
		return NULL;
	if (known) {
		*known = wanted;
		return known;
	}
	known = malloc(sizeof(*known));
	if (!known)
		return NULL;
	*known = wanted;
	if (!tsearch(known, &symbolizer->modules, compare_modules)) {
		free(known);
		return NULL;
	}
	return known;
}

/* Code that is in no ELF file: the process may have said what it is. */
static int add_made_code(struct symbolizer *symbolizer, const struct module *module, struct gathered *gathered,
                         struct frame *frame)
{
	const struct perf_symbol *symbol = NULL;

	/* The kernel's own are no such code. */
	if (!module->replaced && strncmp(module->path, "[v", 2) && strcmp(module->path, "[uprobes]"))
		symbol = perf_maps_find(symbolizer->perf_maps, module->view, frame->address - 1);
	if (symbol) {
		frame->function = text_pool_get(symbolizer->environment.others, symbol->name);
		frame->offset = frame->address - symbol->start;
		frame->has_offset = true;
		if (!frame->function)
			return -ENOMEM;
	}
	return add_plain(gathered, frame);
}

/* Everything is looked up for the byte before the return address: a call may be its function's last instruction. */
static int add_address(struct symbolizer *symbolizer, const struct process *process, uint64_t address,
                       uint32_t code_version, struct gathered *gathered)
{
	const struct mapping *mapping = mapping_find(process->mappings, process->n_mappings, address - 1, code_version);
	struct frame frame = {.address = address, .module = "[unknown]"};
	const struct known_module *known;
	const struct code_place *place;
	struct code_offset offset = {0};

	if (!mapping)
		return add_plain(gathered, &frame);
	known = know_module(symbolizer, mapping->module);
	if (!known)
		return -ENOMEM;
	frame.module = known->name;
	frame.build_id = known->build_id;
	if (!known->code || !code_file_readable(known->code))
		return add_made_code(symbolizer, mapping->module, gathered, &frame);
	offset.at = address - 1 - mapping->start + mapping->offset;
	if (code_file_is_debug(known->code) &&
	    !mapping_stretch(process->mappings, process->n_mappings, mapping, code_version, &offset.first, &offset.end))
		offset.first = offset.end = 0;
	place = code_file_place(known->code, &offset);
	return place ? add_levels(gathered, place, &frame) : -ENOMEM;
}

int symbolizer_stack(struct symbolizer *symbolizer, const struct process *process, struct stack *stack)
{
	struct gathered gathered = {0};
	int err = 0;

	for (size_t i = 0; i < stack->n_addresses && !err; i++)
		err = add_address(symbolizer, process, stack->addresses[i], stack->code_version, &gathered);
	if (err) {
		free(gathered.frames);
	} else {
		size_t dropped = trim_count(stack->kind, gathered.frames, gathered.wrappers, gathered.n);

		if (dropped && gathered.frames)
			memmove(gathered.frames, gathered.frames + dropped,
			        (gathered.n - dropped) * sizeof(*gathered.frames));
		free(stack->frames);
		stack->frames = gathered.frames;
		stack->n_frames = gathered.n - dropped;
	}
	free(gathered.wrappers);
	return err;
}
