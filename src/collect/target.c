// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/place_memo.h"
#include "collect/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/churn_table.h"
#include "collect/internal.h"
#include "collect/procfs.h"
#include "collect/scan.h"
#include "model/kind.h"
#include "probe/bpf.h"
#include "probe/detach.h"
#include "probe/elf_file.h"

int process_find(struct tracing *tracing, pid_t pid, struct found_process *found)
{
	struct bpf_link *link = bpf_program__attach_iter(tracing->bpf->progs.find_task, NULL);
	char buffer[64];
	int fd, error = 0;

	*found = (struct found_process){0};
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
	*found = (struct found_process){.tgid = tracing->bpf->bss->found_tgid,
	                                .address_space = tracing->bpf->bss->found_address_space,
	                                .vforked = tracing->bpf->bss->found_vforked};
	if (!error && !found->tgid)
		error = -ESRCH;
	return error;
}

static struct mt_process *process_of(const struct target *target)
{
	return &target->tracing->processes[target->slot];
}

bool target_has_memory(const struct target *target, const struct found_process *found)
{
	uint64_t program = process_of(target)->program; /* since its last exec */

	return (program ? program : target->address_space) == found->address_space;
}

/* The slot may have been another process's: what tells things of different times apart goes on from there. */
static int slot_claim(struct target *target)
{
	struct mt_process *process = process_of(target);
	uint32_t generation = process->generation, walk_version = process->walk_version + 1;
	struct found_process found;
	int error = process_find(target->tracing, target->pid, &found);

	if (error)
		return error;
	memset(process, 0, sizeof(*process));
	process->tgid = found.tgid;
	process->generation = target->generation = generation;
	process->walk_version = walk_version;
	churn_table_start(target->tracing->churn, target->slot);
	target->address_space = found.address_space;
	if (bpf_map_update_elem(bpf_map__fd(target->tracing->bpf->maps.slots), &found.tgid, &target->slot, BPF_ANY))
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

void target_unhook_loader(struct target *target)
{
	attachment_free(target->loader_hook);
	target->loader_hook = NULL;
	target->loader = NULL;
}

/* Nothing runs by the probes any more when it returns. */
static void detach_at_once(struct target *target)
{
	process_of(target)->traced = 0;
	target_unhook_loader(target);
	for (size_t i = 0; i < target->n_attached; i++)
		attachment_free(target->attached[i].attachment);
	for (size_t i = 0; i < target->n_guarded; i++)
		attachment_free(target->guarded[i].attachment);
	target->n_attached = 0;
	target->n_guarded = 0;
}

void target_detach(struct target *target)
{
	struct detacher *detacher = target->tracing->detacher;

	process_of(target)->traced = 0;
	detacher_take(detacher, target->loader_hook);
	target->loader_hook = NULL;
	for (size_t i = 0; i < target->n_attached; i++)
		detacher_take(detacher, target->attached[i].attachment);
	for (size_t i = 0; i < target->n_guarded; i++)
		detacher_take(detacher, target->guarded[i].attachment);
	target->n_attached = 0;
	target->n_guarded = 0;
}

/* The slot can be another process's from now on. */
static void release_slot(struct target *target)
{
	struct mt_process *process = process_of(target);
	uint32_t tgid = process->tgid;

	/* Of one that has ended the program has done so, and the ID may be another's by now. */
	if (tgid && !process->exited)
		bpf_map_delete_elem(bpf_map__fd(target->tracing->bpf->maps.slots), &tgid);
	process->tgid = 0;
	for (size_t i = 0; i < target->n_wrappers; i++)
		bpf_map_delete_elem(bpf_map__fd(target->tracing->bpf->maps.wrappers), &target->wrappers[i]);
}

void target_free(struct target *target)
{
	if (!target)
		return;
	if (target->tracing->processes) {
		target_detach(target);
		release_slot(target);
	}
	ranges_free(target->ranges);
	place_memo_free(target->places);
	scanned_free(target->scanned);
	exit_scan_clear(&target->exit_scan);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target->attached);
	free(target->guarded);
	free(target->wrappers);
	free(target->mapped);
	free(target->mappings);
	free(target->exe);
	free(target);
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
		snprintf(error, error_size,
		         "process %d cannot be traced: its program is of another architecture or 32-bit (%s)",
		         target->pid, why);
		return code;
	}
	elf_file_free(file);
	return 0;
}

/* Probes on files that only an earlier program had mapped are there still. */
static bool any_attached(const struct target *target)
{
	for (size_t i = 0; i < target->n_mapped; i++) {
		for (size_t j = 0; j < target->n_attached; j++) {
			if (target->attached[j].module == target->mapped[i].module)
				return true;
		}
	}
	return false;
}

int target_check_attached(const struct target *target, char *error, size_t error_size)
{
	const struct module *program = program_module(target);
	struct elf_file *file;
	bool is_static, can_tell;
	char why[160];

	if (any_attached(target))
		return 0;
	if (target->tracing->n_named) {
		snprintf(error, error_size,
		         "process %d has not mapped %s, or it has no allocation function that memtrace knows; "
		         "see memtrace doctor -p %d",
		         target->pid, target->tracing->named[0], target->pid);
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
	                     "trace a build with symbols (not stripped)"
	                   : "process %d has mapped no allocator that memtrace knows; name its object with -O",
	         target->pid);
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

int target_exec(struct target *target, bool by_main_thread)
{
	if (!by_main_thread)
		detach_at_once(target);
	ranges_clear(target->ranges);
	churn_table_start(target->tracing->churn, target->slot);
	target->memory_before_bytes = 0;
	target->n_mappings = 0;
	target->n_mapped = 0;
	procfs_comm(target->pid, target->comm);
	free(target->exe);
	target->exe = procfs_exe(target->pid);
	return target_read_mappings(target);
}

/* The stacks without frames: what blocks belong to when the stack table is full, and sums of stacks reclaimed. */
static void reset_no_stacks(struct target *target)
{
	const struct ranges_stats *stats = &target->range_stats;
	const struct mt_process *process = process_of(target);

	for (uint32_t kind = 0; kind < KIND_OF_KERNEL; kind++) {
		uint32_t number = MT_NO_STACK(target->slot, kind);

		target->tracing->stacks[number] = (struct mt_stack){
		    .kind = kind, .flags = MT_STACK_USED, .owner = MT_OWNER(target->slot, process->generation)};
		*stats->of_stack(stats->context, number) = (struct usage){0};
		churn_table_empty(target->tracing->churn, number);
	}
}

void target_set_child(struct target *target)
{
	struct process_status status;

	target->is_child = true;
	target->parent = procfs_status(target->pid, &status) ? 0 : status.parent;
}

void target_inherits(struct target *target)
{
	process_of(target)->inherits = 1;
}

void tracing_begin_to_count(struct tracing *tracing)
{
	if (tracing->started_ns)
		return;
	tracing->started_ns = clock_ns(CLOCK_MONOTONIC);
	tracing->started_unix_ns = clock_ns(CLOCK_REALTIME);
}

void target_start(struct target *target)
{
	if (process_of(target)->traced)
		return;
	reset_no_stacks(target);
	tracing_begin_to_count(target->tracing);
	target->started = true;
	__atomic_store_n(&process_of(target)->traced, 1, __ATOMIC_RELEASE);
}
