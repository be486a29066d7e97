// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/procfs.h"
#include "model/kind.h"
#include "probe/bpf.h"
#include "probe/elf_file.h"
#include "probe/guard.h"
#include "probe/resolve.h"
#include "probe/site.h"

/* The process as the tracepoints know it: by its ID in the initial PID namespace. */
static int find_tgid(struct tracing *tracing, pid_t pid, uint32_t *tgid)
{
	struct bpf_link *link = bpf_program__attach_iter(tracing->bpf->progs.find_task, NULL);
	char buffer[64];
	int fd, error = 0;

	if (!link)
		return -errno;
	tracing->bpf->bss->wanted_pid = pid;
	tracing->bpf->bss->found_tgid = 0;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		error = -errno;
	while (!error && read(fd, buffer, sizeof(buffer)) > 0)
		;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	*tgid = tracing->bpf->bss->found_tgid;
	if (!error && !*tgid)
		error = -ESRCH;
	return error;
}

static struct mt_process *process_of(const struct target *target)
{
	return &target->tracing->processes[target->slot];
}

static int slot_claim(struct target *target)
{
	struct mt_process *process = process_of(target);
	uint32_t tgid, generation = process->generation;
	int error = find_tgid(target->tracing, target->pid, &tgid);

	if (error)
		return error;
	memset(process, 0, sizeof(*process));
	process->tgid = tgid;
	process->generation = generation;
	if (bpf_map_update_elem(bpf_map__fd(target->tracing->bpf->maps.slots), &tgid, &target->slot, BPF_ANY))
		return -errno;
	return 0;
}

int target_new(struct tracing *tracing, pid_t pid, uint32_t slot, const struct ranges_stats *stats,
	       struct target **result, char *error, size_t error_size)
{
	struct target *target = calloc(1, sizeof(*target));
	int code = -ENOMEM;

	*result = NULL;
	if (!target) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	target->tracing = tracing;
	target->pid = pid;
	target->slot = slot;
	target->range_stats = *stats;
	target->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (target->pidfd < 0) {
		code = -errno;
		goto fail;
	}
	target->ranges = ranges_new(&target->range_stats);
	if (!target->ranges)
		goto fail;
	procfs_comm(pid, target->comm);
	target->exe = procfs_exe(pid);
	code = slot_claim(target);
	if (code)
		goto fail;
	*result = target;
	return 0;
fail:
	if (code == -ESRCH)
		snprintf(error, error_size, "process %d ended while memtrace attached", pid);
	else
		snprintf(error, error_size, "cannot trace process %d: %s", pid, strerror(-code));
	target_free(target);
	return code;
}

static void detach_all(struct target *target)
{
	process_of(target)->traced = 0;
	attachment_free(target->loader_hook);
	target->loader_hook = NULL;
	target->loader = NULL;
	for (size_t i = 0; i < target->n_attached; i++)
		attachment_free(target->attached[i].attachment);
	for (size_t i = 0; i < target->n_guarded; i++)
		attachment_free(target->guarded[i].attachment);
	target->n_attached = 0;
	target->n_guarded = 0;
	target->n_examined = 0;
	target->throws = false;
}

void target_free(struct target *target)
{
	if (!target)
		return;
	if (target->tracing->processes) {
		uint32_t tgid = process_of(target)->tgid;

		detach_all(target);
		if (tgid)
			bpf_map_delete_elem(bpf_map__fd(target->tracing->bpf->maps.slots), &tgid);
	}
	ranges_free(target->ranges);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target->attached);
	free(target->guarded);
	free(target->examined);
	free(target->mappings);
	free(target->exe);
	free(target);
}

struct reading {
	struct target *target;
	struct mapping *rows;
	size_t n, size;
};

static int add_mapping(struct reading *reading, const struct mapping *mapping)
{
	if (reading->n == reading->size) {
		size_t size = reading->size ? 2 * reading->size : 64;
		struct mapping *rows = realloc(reading->rows, size * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		reading->rows = rows;
		reading->size = size;
	}
	reading->rows[reading->n++] = *mapping;
	return 0;
}

static int add_row(void *context, const struct maps_row *row)
{
	struct reading *reading = context;
	struct mapping mapping = { .start = row->start, .end = row->end, .offset = row->offset };

	if (!row->executable)
		return 0;
	mapping.module = modules_get(reading->target->tracing->modules, reading->target->pid, row);
	return mapping.module ? add_mapping(reading, &mapping) : -ENOMEM;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct mapping *one = a, *two = b;

	return (one->start > two->start) - (one->start < two->start);
}

static bool overlaps_any(const struct mapping *rows, size_t n, const struct mapping *mapping)
{
	for (size_t i = 0; i < n; i++) {
		if (mapping->start < rows[i].end && rows[i].start < mapping->end)
			return true;
	}
	return false;
}

int target_read_mappings(struct target *target)
{
	struct reading reading = { .target = target };
	size_t n_now;
	int error = maps_read(target->pid, add_row, &reading);

	if (!error && !reading.n)
		error = -ESRCH;
	n_now = reading.n;
	for (size_t i = 0; i < target->n_mappings && !error; i++) {
		if (!overlaps_any(reading.rows, n_now, &target->mappings[i]))
			error = add_mapping(&reading, &target->mappings[i]);
	}
	if (error) {
		free(reading.rows);
		return error;
	}
	qsort(reading.rows, reading.n, sizeof(*reading.rows), compare_mappings);
	free(target->mappings);
	target->mappings = reading.rows;
	target->n_mappings = reading.n;
	target->mappings_stale = false;
	return 0;
}

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

/* What is added to a virtual address in the file to get one in the process. */
static int load_bias(const struct elf_file *file, const struct mapping *mapping, uint64_t *bias)
{
	static const uint64_t within[] = { 0, 0xfff };

	for (size_t i = 0; i < 2; i++) {
		uint64_t address;

		if (!elf_file_address(file, mapping->offset + within[i], &address)) {
			*bias = mapping->start + within[i] - address;
			return 0;
		}
	}
	return -ERANGE;
}

static void add_range(struct mt_range *ranges, size_t n, uint64_t low, uint64_t high)
{
	for (size_t i = 0; i < n; i++) {
		if (!ranges[i].high) {
			ranges[i].low = low;
			ranges[i].high = high;
			return;
		}
	}
}

static int add_wrappers(struct target *target, const struct elf_file *file, uint64_t bias)
{
	struct wrapper_return *returns;
	uint64_t low = UINT64_MAX, high = 0;
	size_t n;
	int error = resolve_wrappers(file, &returns, &n);

	for (size_t i = 0; i < n && !error; i++) {
		struct mt_wrapper_key key = { .address = returns[i].address + bias, .slot = target->slot };
		struct mt_wrapper_row row = { .cfa_sp_offset = returns[i].cfi.cfa_sp_offset,
					      .rbp_cfa_offset = returns[i].cfi.rbp_cfa_offset };

		if (bpf_map_update_elem(bpf_map__fd(target->tracing->bpf->maps.wrappers), &key, &row, BPF_ANY))
			continue; /* its frames are shown as the walk finds them */
		low = key.address < low ? key.address : low;
		high = key.address > high ? key.address : high;
	}
	if (high)
		add_range(process_of(target)->wrapper, MT_WRAPPER_RANGES, low, high + 1);
	__atomic_fetch_add(&process_of(target)->walk_version, 1, __ATOMIC_RELEASE);
	if (!error)
		free(returns);
	return error;
}

static int add_flush_ranges(struct target *target, const struct elf_file *file, uint64_t bias)
{
	struct address_range *ranges;
	size_t n;
	int error = resolve_flush_ranges(file, &ranges, &n);

	if (error)
		return error;
	for (size_t i = 0; i < n; i++)
		add_range(process_of(target)->flush, MT_FLUSH_RANGES, ranges[i].low + bias, ranges[i].high + bias);
	free(ranges);
	return 0;
}

/* In a program that holds its own allocator (static), only some functions map for the allocator. */
static void add_static_allocator(struct target *target, const struct elf_file *file, uint64_t bias)
{
	static const char *const names[] = { "sysmalloc", "new_heap", "alloc_new_heap", "__default_morecore",
					     "__glibc_morecore", "sysmalloc_mmap" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct elf_symbol symbol;

		if (!elf_file_symbol(file, names[i], &symbol))
			add_range(process_of(target)->allocator, MT_WRAPPER_RANGES, symbol.value + bias,
				  symbol.value + bias + (symbol.size_bytes ? symbol.size_bytes : 1));
	}
}

/* Tells the programs whose mappings are an allocator's own. */
static void add_allocator_code(struct target *target, const struct elf_file *file, const struct mapping *mapping,
			       uint64_t bias)
{
	struct elf_symbol symbol;

	if (elf_file_is_program(file))
		add_static_allocator(target, file, bias);
	else if (!elf_file_symbol(file, "sbrk", &symbol))
		process_of(target)->libc = (struct mt_range){ mapping->start, mapping->end };
	else
		add_range(process_of(target)->allocator, MT_WRAPPER_RANGES, mapping->start, mapping->end);
}

static int guard_module(struct target *target, const struct module *module, uint64_t file_offset)
{
	struct tracing *tracing = target->tracing;
	struct attached_object *guarded =
		realloc(target->guarded, (target->n_guarded + 1) * sizeof(*target->guarded));
	char path[64];
	int error = 0;

	if (!guarded)
		return -ENOMEM;
	target->guarded = guarded;
	if (!tracing->guard)
		error = guard_new(tracing->bpf, tracing->backend, &tracing->guard);
	if (error)
		return error;
	memset(&guarded[target->n_guarded], 0, sizeof(*guarded));
	guarded[target->n_guarded].module = module;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", module->fd);
	error = guard_attach(tracing->guard, path, target->pid, procfs_live_thread(target->pid), file_offset,
			     &guarded[target->n_guarded].attachment);
	target->n_guarded += !error;
	return error;
}

/* Where the function is probed: no argument is needed there, nor its return. */
static uint64_t guard_site(const struct elf_file *file, const struct elf_symbol *symbol)
{
	const uint8_t *code;
	struct site site;
	size_t size = elf_file_code(file, symbol->value, symbol->size_bytes ? symbol->size_bytes : 64, &code);

	if (!size || site_choose(code, size, symbol->value, 0, false, &site))
		return symbol->file_offset;
	return symbol->file_offset + site.offset;
}

/* Guards every C++ runtime that is mapped and is not guarded yet. */
static int guard_runtimes(struct target *target)
{
	int error = 0;

	for (size_t i = 0; i < target->n_mappings && !error; i++) {
		const struct module *module = target->mappings[i].module;
		struct elf_symbol symbol;
		struct elf_file *file;
		char why[160];
		bool found = false;

		for (size_t j = 0; j < target->n_guarded; j++)
			found |= target->guarded[j].module == module;
		if (found || module->fd < 0 || elf_file_open(module->fd, &file, why, sizeof(why)))
			continue;
		if (!elf_file_symbol(file, GUARD_FUNCTION, &symbol))
			error = guard_module(target, module, guard_site(file, &symbol));
		elf_file_free(file);
	}
	return error;
}

static bool any_throws(const struct probe_point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (catalog_may_throw(points[i].row))
			return true;
	}
	return false;
}

static int attach_object(struct target *target, const struct module *module, const struct probe_point *points, size_t n)
{
	struct attach_point *rows = calloc(n, sizeof(*rows));
	struct attached_object *attached =
		realloc(target->attached, (target->n_attached + 1) * sizeof(*target->attached));
	pid_t thread = procfs_live_thread(target->pid);
	char path[64];
	int error = -ENOMEM;

	if (attached)
		target->attached = attached;
	if (!rows || !attached)
		goto out;
	error = -ESRCH;
	if (!thread)
		goto out;
	for (size_t i = 0; i < n; i++) {
		rows[i].file_offset = points[i].site_file_offset;
		rows[i].cookie = cookie_of(&points[i], target->slot, i);
		rows[i].wants_return = catalog_wants_return(points[i].row);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", module->fd);
	attached = &target->attached[target->n_attached];
	memset(attached, 0, sizeof(*attached));
	error = attach_points(target->tracing->bpf, target->tracing->backend, path, thread, rows, n,
			      &attached->attachment);
	if (!error) {
		attached->module = module;
		attached->n_points = n;
		target->n_attached++;
	}
out:
	free(rows);
	return error;
}

static bool is_named(const struct tracing *tracing, const struct module *module)
{
	for (size_t i = 0; i < tracing->n_objects; i++) {
		struct stat status, file;

		if (!strcmp(tracing->objects[i], module->path))
			return true;
		if (!stat(tracing->objects[i], &status) && module->fd >= 0 && !fstat(module->fd, &file) &&
		    status.st_dev == file.st_dev && status.st_ino == file.st_ino)
			return true;
	}
	return false;
}

/* 1 when the object is an allocator and has probes now, 0 when it is none, or -errno. */
static int examine(struct target *target, const struct mapping *mapping)
{
	bool named = is_named(target->tracing, mapping->module);
	struct probe_point *points = NULL;
	struct elf_file *file;
	char error[160];
	size_t n = 0;
	uint64_t bias;
	int code;

	if (mapping->module->fd < 0 || elf_file_open(mapping->module->fd, &file, error, sizeof(error)))
		return 0;
	code = load_bias(file, mapping, &bias);
	if (code) {
		elf_file_free(file);
		return 0;
	}
	code = add_wrappers(target, file, bias);
	if (!code && (named || (!target->tracing->n_objects && resolve_is_allocator(file))))
		code = resolve_points(file, named, &points, &n);
	if (!code && n) {
		add_allocator_code(target, file, mapping, bias);
		code = add_flush_ranges(target, file, bias);
		if (!code && (named || any_throws(points, n))) {
			target->throws = true;
			code = guard_runtimes(target);
		}
		if (!code)
			code = attach_object(target, mapping->module, points, n);
	}
	free(points);
	elf_file_free(file);
	return code ? code : n > 0;
}

static bool was_examined(const struct target *target, const struct module *module)
{
	for (size_t i = 0; i < target->n_examined; i++) {
		if (target->examined[i] == module)
			return true;
	}
	return false;
}

int target_attach(struct target *target, char *error, size_t error_size)
{
	int attached = 0;

	for (size_t i = 0; i < target->n_mappings; i++) {
		const struct mapping *mapping = &target->mappings[i];
		const struct module **examined;
		int code;

		if (was_examined(target, mapping->module))
			continue;
		examined = realloc(target->examined, (target->n_examined + 1) * sizeof(*examined));
		if (!examined) {
			snprintf(error, error_size, "out of memory");
			return -ENOMEM;
		}
		target->examined = examined;
		examined[target->n_examined++] = mapping->module;
		code = examine(target, mapping);
		if (code == -ESRCH) {
			snprintf(error, error_size, "process %d ended while memtrace attached", target->pid);
			return code;
		}
		if (code < 0) {
			snprintf(error, error_size, "cannot attach to %s in process %d: %s", mapping->module->path,
				 target->pid, strerror(-code));
			return code;
		}
		attached += code;
	}
	if (target->throws && guard_runtimes(target)) {
		snprintf(error, error_size, "cannot guard process %d against exceptions from probed functions", target->pid);
		return -EPERM;
	}
	return attached;
}

/* The file that the process runs, among its mappings. */
static const struct module *program_module(const struct target *target)
{
	for (size_t i = 0; i < target->n_mappings; i++) {
		if (target->exe && !strcmp(target->mappings[i].module->path, target->exe))
			return target->mappings[i].module;
	}
	return target->n_mappings ? target->mappings[0].module : NULL;
}

int target_check_program(const struct target *target, char *error, size_t error_size)
{
	const struct module *program = program_module(target);
	struct elf_file *file;
	char why[160];
	int code;

	if (!program || program->fd < 0)
		return 0;
	code = elf_file_open(program->fd, &file, why, sizeof(why));
	if (code) {
		snprintf(error, error_size, "process %d cannot be traced: its program is of another architecture or 32-bit (%s)",
			 target->pid, why);
		return code;
	}
	elf_file_free(file);
	return 0;
}

int target_check_attached(const struct target *target, char *error, size_t error_size)
{
	const struct module *program = program_module(target);
	struct elf_file *file;
	bool is_static, can_tell;
	char why[160];

	if (target->n_attached)
		return 0;
	if (target->tracing->n_objects) {
		snprintf(error, error_size,
			 "process %d has not mapped %s, or it has no allocation function that memtrace knows; "
			 "see memtrace doctor -p %d",
			 target->pid, target->tracing->objects[0], target->pid);
		return -ENOENT;
	}
	if (!program || program->fd < 0 || elf_file_open(program->fd, &file, why, sizeof(why))) {
		snprintf(error, error_size, "cannot read the program of process %d", target->pid);
		return -ENOENT;
	}
	is_static = !elf_file_is_dynamic(file);
	can_tell = elf_file_has_symtab(file) || elf_file_is_go(file);
	elf_file_free(file);
	if (is_static && can_tell)
		return 0;
	snprintf(error, error_size,
		 is_static ? "process %d runs a stripped static program: its allocator cannot be found; "
			     "trace a build with symbols (not stripped)" :
			     "process %d has mapped no allocator that memtrace knows; name its object with -O",
		 target->pid);
	return -ENOENT;
}

int target_hook_loader(struct target *target)
{
	for (size_t i = 0; i < target->n_mappings; i++) {
		const struct module *module = target->mappings[i].module;
		struct attach_point hook = { 0 };
		struct elf_symbol symbol;
		struct elf_file *file;
		char error[160], path[64];
		int found;

		if (module->fd < 0 || elf_file_open(module->fd, &file, error, sizeof(error)))
			continue;
		/* A static program carries the loader's functions too, and never calls them. */
		found = elf_file_is_program(file) ? -ENOENT : elf_file_symbol(file, "_dl_debug_state", &symbol);
		elf_file_free(file);
		if (found)
			continue;
		target->loader = module;
		hook.file_offset = symbol.file_offset;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", module->fd);
		return attach_program(target->tracing->bpf->progs.loader_state, target->tracing->backend, path,
				      target->pid, &hook, &target->loader_hook);
	}
	return -ENOENT;
}

bool target_loader_is_libc(const struct target *target)
{
	for (size_t i = 0; i < target->n_attached; i++) {
		if (target->attached[i].module == target->loader)
			return true;
	}
	return false;
}

int target_exec(struct target *target)
{
	struct mt_process *process = process_of(target);

	detach_all(target);
	memset(process->flush, 0, sizeof(process->flush));
	memset(process->wrapper, 0, sizeof(process->wrapper));
	__atomic_fetch_add(&process->walk_version, 1, __ATOMIC_RELEASE);
	memset(process->allocator, 0, sizeof(process->allocator));
	memset(&process->libc, 0, sizeof(process->libc));
	ranges_clear(target->ranges);
	target->n_mappings = 0;
	procfs_comm(target->pid, target->comm);
	free(target->exe);
	target->exe = procfs_exe(target->pid);
	return target_read_mappings(target);
}

/* The stacks without frames, that blocks belong to when the stack table is full. */
static void reserve_no_stacks(struct target *target)
{
	struct mt_process *process = process_of(target);
	struct memtrace_bpf *bpf = target->tracing->bpf;
	int fd = bpf_map__fd(bpf->maps.stacks);

	for (uint32_t kind = 0; kind < KIND_COUNT; kind++) {
		struct mt_stack stack = { .kind = kind, .flags = MT_STACK_USED };

		stack.owner = MT_OWNER(target->slot, process->generation);
		process->no_stack[kind] = __atomic_fetch_add(&bpf->bss->next_stack, 1, __ATOMIC_RELAXED);
		bpf_map_update_elem(fd, &process->no_stack[kind], &stack, BPF_ANY);
	}
}

void target_start(struct target *target)
{
	if (process_of(target)->traced)
		return;
	reserve_no_stacks(target);
	__atomic_store_n(&process_of(target)->traced, 1, __ATOMIC_RELEASE);
}
