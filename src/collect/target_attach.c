// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a target's mapped files is probed, and what of its code the programs must know. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/procfs.h"
#include "collect/target.h"
#include "probe/bpf.h"
#include "probe/guard.h"

static uint64_t register_bits(const struct probe_point *point, int argument)
{
	uint8_t reg;

	if (argument == NO_ARGUMENT)
		return MT_NO_REGISTER;
	reg = point->site.argument[argument];
	return reg == SITE_NO_REGISTER ? MT_NO_REGISTER : reg;
}

static uint64_t cookie_of(const struct probe_point *point, uint32_t slot, size_t index)
{
	const struct catalog_row *row = point->row;

	return (uint64_t)row->op | (uint64_t)row->failure << 3 | register_bits(point, row->size_argument) << 5 |
	       register_bits(point, row->count_argument) << 9 | register_bits(point, row->old_argument) << 13 |
	       register_bits(point, row->out_argument) << 17 | (uint64_t)(point->site.pushed_words & 127) << 21 |
	       (uint64_t)slot << 32 | (uint64_t)(index & 0xffff) << 48;
}

/* Adds to an array that ends at its first empty range. */
static void add_range(struct target *target, struct mt_range *ranges, size_t n, uint64_t low, uint64_t high)
{
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].high)
			continue;
		ranges[i] = (struct mt_range){low, high};
		return;
	}
	target->tracing->lost[LOSS_CODE_RANGES]++;
}

static int add_wrappers(struct target *target, const struct object *object, const struct mapping *mapping,
                        struct mt_process *code)
{
	uint64_t low = UINT64_MAX, high = 0;
	struct mt_wrapper_key *keys;

	if (!object->n_wrappers)
		return 0;
	keys = realloc(target->wrappers, (target->n_wrappers + object->n_wrappers) * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	target->wrappers = keys;
	for (size_t i = 0; i < object->n_wrappers; i++) {
		const struct wrapper_return *wrapper = &object->wrappers[i];
		struct mt_wrapper_key key = {.address = object_address(object, mapping, wrapper->address),
		                             .slot = target->slot};
		struct mt_wrapper_row row = {.cfa_sp_offset = wrapper->cfi.cfa_sp_offset,
		                             .rbp_cfa_offset = wrapper->cfi.rbp_cfa_offset};

		if (bpf_map_update_elem(bpf_map__fd(target->tracing->bpf->maps.wrappers), &key, &row, BPF_ANY)) {
			target->tracing->lost[LOSS_CODE_RANGES]++;
			continue;
		}
		keys[target->n_wrappers++] = key;
		low = key.address < low ? key.address : low;
		high = key.address > high ? key.address : high;
	}
	if (high)
		add_range(target, code->wrapper, MT_WRAPPER_RANGES, low, high + 1);
	return 0;
}

/* Whose mappings are an allocator's own, and whose frees are none. */
static void add_allocator(struct target *target, const struct object *object, const struct mapping *mapping,
                          struct mt_process *code)
{
	for (size_t i = 0; i < object->n_flushes; i++)
		add_range(target, code->flush, MT_FLUSH_RANGES, object_address(object, mapping, object->flushes[i].low),
		          object_address(object, mapping, object->flushes[i].high));
	for (size_t i = 0; i < object->n_own; i++)
		add_range(target, code->allocator, MT_WRAPPER_RANGES,
		          object_address(object, mapping, object->own[i].low),
		          object_address(object, mapping, object->own[i].high));
	if (object->is_libc)
		code->libc = (struct mt_range){mapping->start, mapping->end};
	else if (!object->is_program)
		add_range(target, code->allocator, MT_WRAPPER_RANGES, mapping->start, mapping->end);
}

/* Tells the programs what is mapped executable, for walks by call frame information. */
static int describe_places(struct target *target)
{
	struct code_place *places = calloc(target->n_mapped + 1, sizeof(*places));
	int unplaced, error = places ? 0 : -ENOMEM;

	for (size_t i = 0; i < target->n_mapped && !error; i++) {
		const struct mapping *mapping = &target->mapped[i];
		const struct object *object;

		error = objects_get(target->tracing->objects, mapping, &object);
		if (!error)
			places[i] = (struct code_place){mapping->start, mapping->end,
			                                object_address(object, mapping, 0), mapping->module};
	}
	unplaced = error ? error
	                 : unwinder_describe(target->tracing->unwinder, target->slot, &target->mapped_at, places,
	                                     target->n_mapped);
	free(places);
	if (unplaced > 0)
		target->tracing->lost[LOSS_UNWIND_TABLES] += unplaced;
	return unplaced < 0 ? unplaced : 0;
}

/* Tells the programs anew where code lies: a library may have gone, or come back elsewhere. */
static int describe_code(struct target *target)
{
	struct mt_process *process = &target->tracing->processes[target->slot], code = {0};
	int error = 0;

	for (size_t i = 0; i < target->n_wrappers; i++)
		bpf_map_delete_elem(bpf_map__fd(target->tracing->bpf->maps.wrappers), &target->wrappers[i]);
	target->n_wrappers = 0;
	for (size_t i = 0; i < target->n_mapped && !error; i++) {
		const struct mapping *mapping = &target->mapped[i];
		const struct object *object;

		error = objects_get(target->tracing->objects, mapping, &object);
		if (!error)
			error = add_wrappers(target, object, mapping, &code);
		if (!error && object->n_points)
			add_allocator(target, object, mapping, &code);
	}
	memcpy(process->flush, code.flush, sizeof(code.flush));
	memcpy(process->wrapper, code.wrapper, sizeof(code.wrapper));
	memcpy(process->allocator, code.allocator, sizeof(code.allocator));
	process->libc = code.libc;
	if (!error)
		error = describe_places(target);
	__atomic_fetch_add(&process->walk_version, 1, __ATOMIC_RELEASE);
	target->code_changed = error != 0;
	return error;
}

int target_follow_code(struct target *target)
{
	int error = target_read_mappings(target);

	return error || !target->code_changed ? error : describe_code(target);
}

/* A new row in a list of objects with probes; the caller counts it when it is filled. */
static struct attached_object *row_for(struct attached_object **rows, size_t n, const struct module *module)
{
	struct attached_object *grown = realloc(*rows, (n + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	*rows = grown;
	grown[n] = (struct attached_object){.module = module};
	return &grown[n];
}

static bool has_row(const struct attached_object *rows, size_t n, const struct module *module)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].module == module)
			return true;
	}
	return false;
}

static int guard_object(struct target *target, const struct object *object)
{
	struct tracing *tracing = target->tracing;
	struct attached_object *row;
	char path[64];
	int error = 0;

	if (has_row(target->guarded, target->n_guarded, object->module))
		return 0;
	if (!tracing->guard)
		error = guard_new(tracing->bpf, tracing->backend, &tracing->guard);
	if (error)
		return error;
	row = row_for(&target->guarded, target->n_guarded, object->module);
	if (!row)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", object->module->fd);
	error = guard_attach(tracing->guard, path, target->pid, procfs_live_thread(target->pid),
	                     object->unwinder_offset, &row->attachment);
	target->n_guarded += !error;
	return error;
}

/* With functions probed that may throw, every C++ runtime that is mapped is guarded. */
static int guard_runtimes(struct target *target)
{
	const struct object *object;
	bool throws = false;
	int error = 0;

	for (size_t i = 0; i < target->n_mapped && !error; i++) {
		error = objects_get(target->tracing->objects, &target->mapped[i], &object);
		throws |= !error && object->throws;
	}
	for (size_t i = 0; i < target->n_mapped && throws && !error; i++) {
		error = objects_get(target->tracing->objects, &target->mapped[i], &object);
		if (!error && object->unwinder_offset)
			error = guard_object(target, object);
	}
	return error;
}

/* Keeps those of the points that the kernel accepts, and counts the others. Returns how many. */
static size_t keep_accepted(struct target *target, const char *path, pid_t thread, struct attach_point *points,
                            size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct attachment *alone;

		if (attach_points(target->tracing->bpf, target->tracing->backend, path, thread, &points[i], 1,
		                  &alone)) {
			target->tracing->lost[LOSS_UNPROBED]++;
			continue;
		}
		attachment_free(alone);
		points[kept++] = points[i];
	}
	return kept;
}

static int attach_object(struct target *target, const struct object *object)
{
	struct attach_point *points = calloc(object->n_points, sizeof(*points));
	struct attached_object *row = row_for(&target->attached, target->n_attached, object->module);
	pid_t thread = procfs_live_thread(target->pid);
	char path[64];
	int error;

	if (!points || !row) {
		free(points);
		return -ENOMEM;
	}
	for (size_t i = 0; i < object->n_points; i++) {
		points[i].file_offset = object->points[i].site_file_offset;
		points[i].cookie = cookie_of(&object->points[i], target->slot, i);
		points[i].wants_return = catalog_wants_return(object->points[i].row);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", object->module->fd);
	row->n_points = object->n_points;
	error = thread ? attach_points(target->tracing->bpf, target->tracing->backend, path, thread, points,
	                               object->n_points, &row->attachment)
	               : -ESRCH;
	if (error && error != -ESRCH && error != -ENOMEM) {
		row->n_points = keep_accepted(target, path, thread, points, object->n_points);
		error = row->n_points ? attach_points(target->tracing->bpf, target->tracing->backend, path, thread,
		                                      points, row->n_points, &row->attachment)
		                      : 0;
	}
	target->n_attached += !error;
	free(points);
	return error;
}

/* Goes on after an object that fails: *failed is the last one, *code why. Returns how many succeeded, or -ENOMEM. */
static int attach_allocators(struct target *target, const struct module **failed, int *code)
{
	int attached = 0;

	for (size_t i = 0; i < target->n_mapped; i++) {
		const struct module *module = target->mapped[i].module;
		const struct object *object;
		int error = objects_get(target->tracing->objects, &target->mapped[i], &object);

		if (error)
			return error;
		if (!object->n_points || has_row(target->attached, target->n_attached, module))
			continue;
		error = attach_object(target, object);
		if (error) {
			*failed = module;
			*code = error;
		}
		attached += !error;
	}
	return attached;
}

int target_attach(struct target *target, char *error, size_t error_size)
{
	const struct module *failed = NULL;
	int code = describe_code(target), attached, why = 0;

	error[0] = 0;
	if (code) {
		snprintf(error, error_size, "cannot trace process %d: %s", target->pid, strerror(-code));
		return code;
	}
	code = guard_runtimes(target);
	if (code) {
		snprintf(error, error_size, "cannot guard process %d against exceptions out of probed functions: %s",
		         target->pid, strerror(-code));
		return code;
	}
	attached = attach_allocators(target, &failed, &why);
	if (attached < 0)
		why = attached;
	if (why == -ESRCH)
		snprintf(error, error_size, "process %d ended while memtrace attached", target->pid);
	else if (why)
		snprintf(error, error_size, "cannot attach to %s in process %d: %s", failed ? failed->path : "it",
		         target->pid, attach_error_words(why));
	return attached ? attached : why;
}

int target_hook_loader(struct target *target, struct bpf_program *program)
{
	for (size_t i = 0; i < target->n_mapped; i++) {
		const struct object *object;
		struct attach_point hook = {0};
		char path[64];
		int error = objects_get(target->tracing->objects, &target->mapped[i], &object);

		if (error)
			return error;
		if (!object->loader_offset)
			continue;
		if (target->loader_hook && target->loader == object->module)
			return 0;
		attachment_free(target->loader_hook);
		target->loader_hook = NULL;
		target->loader = object->module;
		hook.file_offset = object->loader_offset;
		hook.cookie = (uint64_t)target->slot << 32;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", object->module->fd);
		return attach_program(program, target->tracing->backend, path, target->pid, &hook,
		                      &target->loader_hook);
	}
	return -ENOENT;
}
