// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/kernel_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/array_map.h"
#include "collect/internal.h"
#include "collect/iterate.h"
#include "collect/kernel_internal.h"
#include "collect/programs.h"
#include "machine/slabinfo.h"
#include "probe/features.h"
#include "probe/kernel_code.h"
#include "probe/kernel_events.h"

#define COPIES 3 /* of each program, bpf/kernel/context.bpf.h */

static const char *const copy_suffixes[COPIES] = {"", "_second", "_third"};

static struct bpf_program *program_named(const struct kernel_session *session, const char *name)
{
	return bpf_object__find_program_by_name(session->bpf->obj, name);
}

static struct bpf_program *program_copy(const struct kernel_session *session, size_t row, size_t copy)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", kernel_event_rows[row].program, copy_suffixes[copy]);
	return program_named(session, name);
}

/* A filter on caches or on the order of pages leaves the other kinds out. */
static void choose_kinds(struct kernel_session *session)
{
	const struct kernel_options *options = &session->options;
	bool all = !options->cache && options->order < 0;

	session->kinds[KIND_SLAB] = all || options->cache;
	session->kinds[KIND_PAGE] = all || options->order >= 0;
	session->kinds[KIND_PERCPU] = session->kinds[KIND_VMALLOC] = all && options->node < 0;
}

/* Programs on events that this kernel lacks, or of kinds that are not asked for, are not loaded. */
static int choose_programs(struct kernel_session *session, const struct kernel_types *types)
{
	int error = programs_choose(session->bpf->obj, PROGRAMS_OF_KERNEL);

	for (size_t i = 0; i < n_kernel_event_rows && !error; i++) {
		const struct kernel_event_row *row = &kernel_event_rows[i];
		bool exists = kernel_event_exists(types, row->event);

		if (!exists && row->kind == KIND_VMALLOC)
			session->kinds[KIND_VMALLOC] = false;
		for (size_t copy = 0; copy < COPIES && !error; copy++)
			error = bpf_program__set_autoload(program_copy(session, i, copy),
			                                  exists && session->kinds[row->kind]);
	}
	if (!error && !feature_present(FEATURE_ITER_SLAB)) {
		error = bpf_program__set_autoload(session->bpf->progs.slab_counts, false);
		if (!error)
			error = bpf_program__set_autoload(session->bpf->progs.calibrate_pages, false);
	}
	for (size_t i = 0; i < n_kernel_function_rows && !error; i++) {
		const struct kernel_function_row *row = &kernel_function_rows[i];

		error = bpf_program__set_autoload(program_named(session, row->program),
		                                  session->kinds[KIND_SLAB] && feature_present(FEATURE_FENTRY) &&
		                                      kernel_function_exists(types, row->function));
	}
	if (!error && !session->preemptible)
		error = bpf_map__set_autocreate(session->bpf->maps.task_marks, false);
	return error;
}

/* Where struct pages begin: as the kernel's variables have it, or from its slabs. */
static void find_pages(struct kernel_session *session, const struct kernel_types *types,
                       const struct kernel_places *known)
{
	struct mk_pages *pages = &session->bpf->rodata->pages_known;

	pages->page_bytes = kernel_page_struct_bytes(types);
	pages->node_shift = kernel_node_shift(types);
	session->bpf->rodata->vmemmap_base_at = known->vmemmap_base;
	session->bpf->rodata->page_offset_base_at = known->page_offset_base;
}

static int possible(const char *path)
{
	FILE *file = fopen(path, "re");
	char list[4096], *last;
	int number = 0;

	if (!file)
		return 1;
	if (fgets(list, sizeof(list), file)) {
		last = list + strlen(list);
		while (last > list && !strchr("-,", last[-1]))
			last--;
		number = (int)strtol(last, NULL, 10);
	}
	fclose(file);
	return number + 1;
}

static uint64_t power_of_two_below(uint64_t n)
{
	return n < 2 ? 1 : 1ULL << (63 - __builtin_clzll(n));
}

static uint64_t stack_rows(const struct kernel_session *session)
{
	const struct kernel_options *options = &session->options;

	return options->stack_table_rows ? options->stack_table_rows
	                                 : power_of_two_below(options->max_memory_bytes / 8192);
}

/* An eighth of --max-memory to stacks, the rest to blocks. */
static int size_tables(struct kernel_session *session)
{
	struct memtrace_bpf *bpf = session->bpf;
	uint64_t scratches = power_of_two_below(4 * (uint64_t)sysconf(_SC_NPROCESSORS_CONF) * 2 - 1);
	int error = stack_table_size(bpf, stack_rows(session));

	bpf->rodata->scratch_mask = scratches - 1;
	bpf->rodata->stack_depth = session->options.stack_depth;
	bpf->rodata->preemptible = session->preemptible;
	bpf->rodata->n_possible_cpus = possible("/sys/devices/system/cpu/possible");
	bpf->rodata->n_nodes_possible = possible("/sys/devices/system/node/possible");
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.scratches, scratches);
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.cpus, bpf->rodata->n_possible_cpus);
	if (!error)
		error = bpf_map__set_max_entries(bpf->maps.events, (uint32_t)sysconf(_SC_PAGESIZE));
	return error;
}

static int prepare(struct kernel_session *session)
{
	struct kernel_types *types;
	struct kernel_percpu percpu;
	struct kernel_places known;
	int error = kernel_types_new(&types);

	if (error)
		return error;
	if (kernel_code_read(&known))
		memset(&known, 0, sizeof(known)); /* then stacks may have a few frames more */
	session->bpf->rodata->shapes = kernel_event_shapes(types);
	session->bpf->rodata->shapes.const_void = features_const_void_arguments();
	session->bpf->rodata->kernel_code = known.code;
	percpu = kernel_percpu_places(types);
	session->bpf->rodata->hrtimer_bases_offset = percpu.hrtimer_bases;
	session->bpf->rodata->preempt_count_offset = percpu.hrtimer_bases ? percpu.preempt_count : 0;
	find_pages(session, types, &known);
	error = choose_programs(session, types);
	kernel_types_free(types);
	return error;
}

static int on_event(void *context, void *event, size_t bytes)
{
	struct kernel_session *session = context;

	(void)event;
	(void)bytes;
	session->crowded = true;
	return 0;
}

static uint64_t live_slots(const struct kernel_session *session)
{
	uint64_t bytes = session->options.max_memory_bytes, stacks = stack_table_bytes(stack_rows(session));

	if (session->options.live_table_slots)
		return session->options.live_table_slots;
	return (bytes > 2 * stacks ? bytes - stacks : bytes / 2) / (sizeof(struct mt_bucket) / MT_BUCKET_SLOTS);
}

static int ignore_record(void *context, const void *record)
{
	(void)context;
	(void)record;
	return 0;
}

/* What the programs know only once the kernel's slabs were looked at. */
static int calibrate(struct kernel_session *session)
{
	struct memtrace_bpf *bpf = session->bpf;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int error = bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.find_cpus), &opts) ? -errno : 0;

	if (!error && bpf_program__fd(bpf->progs.calibrate_pages) >= 0)
		error = iterate(bpf->progs.calibrate_pages, 1, ignore_record, NULL);
	if (bpf->bss->pages_disagree)
		bpf->bss->pages_constant = 0;
	return error;
}

static int open_tables(struct kernel_session *session)
{
	struct memtrace_bpf *bpf = session->bpf;

	session->classes = array_map(bpf->maps.classes);
	if (bpf_map__fd(bpf->maps.places) >= 0)
		session->places = array_map(bpf->maps.places);
	session->ring = ring_buffer__new(bpf_map__fd(bpf->maps.events), on_event, session, NULL);
	if (!session->classes || !session->ring || stack_table_map(&session->stacks, bpf) ||
	    reclaim_init(&session->reclaim, &kernel_reclaim_ops, session, &session->stacks))
		return -ENOMEM;
	return live_new(bpf, live_slots(session), &session->live);
}

static int read_names(struct kernel_session *session, char *error, size_t error_size)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), code;

	code = root < 0 ? -errno : slabinfo_read(root, SLABINFO_ALIASES, &session->caches);
	if (root >= 0)
		close(root);
	if (code)
		snprintf(error, error_size, "cannot read /proc/slabinfo: %s; run as root", strerror(-code));
	return code;
}

static int set_up(struct kernel_session *session, char *error, size_t error_size)
{
	int code = read_names(session, error, error_size);

	if (code)
		return code;
	session->preemptible = features_tracepoints_preempted();
	choose_kinds(session);
	session_silence_libbpf();
	session->bpf = memtrace_bpf__open();
	code = session->bpf ? prepare(session) : -errno;
	if (!code)
		code = size_tables(session);
	if (!code) {
		code = kernel_filter_set(session, error, error_size);
		if (code)
			return code;
		code = memtrace_bpf__load(session->bpf);
	}
	if (!code)
		code = open_tables(session);
	if (!code)
		code = calibrate(session);
	if (!code)
		code = kernel_filter_processes(session);
	if (code)
		snprintf(error, error_size, "cannot load the BPF programs: %s%s", strerror(-code),
		         code == -E2BIG || code == -ENOMEM ? "; try a smaller --max-memory" : "; see memtrace doctor");
	return code;
}

/* Counts can be had on any kernel, by who may read them. */
static int count_alone(struct kernel_session *session, char *error, size_t error_size)
{
	const struct kernel_options *options = &session->options;

	snprintf(session->untraced, sizeof(session->untraced), "%s", error);
	if (options->order >= 0 || options->node >= 0 || options->n_pids || options->cgroup)
		return -ENOTSUP;
	return read_names(session, error, error_size);
}

int kernel_session_new(const struct kernel_options *options, struct kernel_session **result, char *error,
                       size_t error_size)
{
	struct kernel_session *session = calloc(1, sizeof(*session));
	int code;

	*result = NULL;
	if (!session) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	session->options = *options;
	code = features_require_kernel(error, error_size);
	if (code == -ENOTSUP)
		code = count_alone(session, error, error_size);
	else if (!code)
		code = set_up(session, error, error_size);
	if (code) {
		kernel_session_free(session);
		return code;
	}
	*result = session;
	return 0;
}

const char *kernel_session_untraced(const struct kernel_session *session)
{
	return session->bpf ? NULL : session->untraced;
}

void kernel_session_free(struct kernel_session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < session->n_links; i++)
		bpf_link__destroy(session->links[i]);
	live_free(session->live);
	reclaim_free(&session->reclaim);
	ring_buffer__free(session->ring);
	if (session->bpf) {
		array_unmap(session->classes, session->bpf->maps.classes);
		array_unmap(session->places, session->bpf->maps.places);
		stack_table_unmap(&session->stacks);
		memtrace_bpf__destroy(session->bpf);
	}
	slab_caches_free(&session->caches);
	slab_counts_free(&session->before);
	cgroup_directories_clear(&session->cgroups);
	named_values_clear(&session->counters_before);
	free(session);
}

static int attach_to_event(struct kernel_session *session, const struct bpf_program *program)
{
	struct bpf_link *link;

	if (!bpf_program__autoload(program))
		return 0;
	link = bpf_program__attach(program);
	if (!link)
		return -errno;
	session->links[session->n_links++] = link;
	return 0;
}

static int attach(struct kernel_session *session)
{
	int error = 0;

	for (size_t i = 0; i < n_kernel_event_rows; i++) {
		for (size_t copy = 0; copy < COPIES && !error; copy++)
			error = attach_to_event(session, program_copy(session, i, copy));
	}
	for (size_t i = 0; i < n_kernel_function_rows && !error; i++)
		error = attach_to_event(session, program_named(session, kernel_function_rows[i].program));
	return error;
}

int kernel_session_start(struct kernel_session *session, char *error, size_t error_size)
{
	int code = session->bpf ? attach(session) : 0;

	if (code) {
		snprintf(error, error_size, "cannot attach to the kernel's memory events: %s; see memtrace doctor",
		         strerror(-code));
		return code;
	}
	if (session->options.laid_to == LAID_TO_CGROUP && cgroup_directories_look(&session->cgroups)) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	session->started_ns = clock_ns(CLOCK_MONOTONIC);
	session->started_unix_ns = clock_ns(CLOCK_REALTIME);
	if (session->bpf)
		__atomic_store_n(&session->bpf->bss->kernel_traced, 1, __ATOMIC_RELEASE);
	code = slab_counts_take(session->bpf, &session->before);
	if (!code)
		code = kernel_counters_read(&session->counters_before);
	if (code)
		snprintf(error, error_size, "cannot count the kernel's slab caches: %s", strerror(-code));
	return code;
}

int kernel_session_fd(const struct kernel_session *session)
{
	return session->ring ? ring_buffer__epoll_fd(session->ring) : -1;
}

int kernel_session_handle(struct kernel_session *session)
{
	int code = ring_buffer__consume(session->ring);

	if (code < 0 || !session->crowded)
		return code < 0 ? code : 0;
	session->crowded = false;
	live_grow(session->live); /* what no longer fits is counted as lost */
	reclaim_when_crowded(&session->reclaim, session->live);
	return 0;
}

void kernel_session_describe(const struct kernel_session *session, char *text, size_t size)
{
	size_t used = 0;

	used += (size_t)snprintf(text, size, "%zu programs%s", session->n_links, session->bpf ? " on events of" : "");
	for (int kind = KIND_OF_KERNEL; kind < KIND_COUNT && used < size; kind++) {
		if (session->kinds[kind])
			used += (size_t)snprintf(text + used, size - used, " %s", block_kind_name(kind));
	}
	if (used < size)
		snprintf(text + used, size - used, "; objects %s",
		         session->before.exact ? "counted from the slabs" : "as /proc/slabinfo has them");
}

static uint64_t missed_by(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_program__fd(program) < 0 || bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

uint64_t kernel_session_missed(const struct kernel_session *session)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n_kernel_function_rows; i++)
		sum += missed_by(program_named(session, kernel_function_rows[i].program));
	for (size_t i = 0; i < n_kernel_event_rows && session->preemptible; i++) {
		uint64_t least = UINT64_MAX;

		for (size_t copy = 0; copy < COPIES; copy++) {
			uint64_t misses = missed_by(program_copy(session, i, copy));

			least = misses < least ? misses : least;
		}
		sum += least;
	}
	return sum;
}
