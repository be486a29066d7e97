// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of kernel memory to a snapshot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/internal.h"
#include "collect/kernel_internal.h"
#include "collect/nodes.h"
#include "collect/procfs.h"

/* What the scan adds up for one row of the stack table. */
struct tally {
	uint64_t live_bytes, live_blocks, slack_bytes;
	uint64_t oldest_ns; /* time of its allocation */
	size_t stack;       /* index + 1 into snapshot->stacks */
};

struct found_block {
	uint64_t address; /* as the key has it */
	struct mt_block block;
	enum block_kind kind;
};

struct drain {
	struct kernel_session *session;
	struct snapshot *snapshot;
	struct tally *tallies;
	uint32_t n_tallies;
	uint64_t now_ns, older_ns;
	size_t last_process; /* whom the row before was laid to */
	bool keep_blocks;
	struct found_block *blocks;
	size_t n_blocks, blocks_size;
	int error;
};

static uint64_t age_of(const struct drain *drain, uint64_t time_ns)
{
	return drain->now_ns > time_ns ? drain->now_ns - time_ns : 0;
}

static void keep_block(struct drain *drain, const struct found_block *block)
{
	if (drain->n_blocks == drain->blocks_size) {
		size_t size = drain->blocks_size ? 2 * drain->blocks_size : 4096;
		struct found_block *blocks = reallocarray(drain->blocks, size, sizeof(*blocks));

		if (!blocks) {
			drain->error = -ENOMEM;
			return;
		}
		drain->blocks = blocks;
		drain->blocks_size = size;
	}
	drain->blocks[drain->n_blocks++] = *block;
}

static void on_block(void *context, uint64_t owner, uint64_t address, const struct mt_block *block)
{
	struct found_block found = {.address = address, .block = *block, .kind = (enum block_kind)owner};
	struct drain *drain = context;
	struct tally *tally;

	if (block->stack >= drain->n_tallies || age_of(drain, block->time_ns) < drain->older_ns)
		return;
	tally = &drain->tallies[block->stack];
	tally->live_bytes += MK_REQUESTED(block->size_bytes);
	tally->slack_bytes += MK_SLACK(block->size_bytes);
	if (!tally->live_blocks++ || block->time_ns < tally->oldest_ns)
		tally->oldest_ns = block->time_ns;
	if (drain->keep_blocks)
		keep_block(drain, &found);
}

static int describe_cgroup(const struct kernel_session *session, struct process *process)
{
	const char *path = cgroup_directories_find(&session->cgroups, process->cgroup);

	process->cgroup_path = path ? strdup(path) : NULL;
	return path && !process->cgroup_path ? -ENOMEM : 0;
}

static bool is_owner(const struct process *process, pid_t pid, uint32_t cgroup)
{
	return process->pid == pid && process->cgroup == cgroup;
}

/* Whom a row is laid to: the index of its process, which is added when it is new. */
static int process_index(struct drain *drain, uint32_t laid_to, size_t *index)
{
	enum laid_to whom = drain->session->options.laid_to;
	pid_t pid = whom == LAID_TO_PROCESS ? (pid_t)laid_to : 0;
	uint32_t cgroup = whom == LAID_TO_CGROUP ? laid_to : 0;
	struct snapshot *snapshot = drain->snapshot;
	struct process *processes, *process;

	*index = drain->last_process;
	if (*index < snapshot->n_processes && is_owner(&snapshot->processes[*index], pid, cgroup))
		return 0;
	for (*index = 0; *index < snapshot->n_processes; ++*index) {
		if (is_owner(&snapshot->processes[*index], pid, cgroup))
			return 0;
	}
	processes = reallocarray(snapshot->processes, snapshot->n_processes + 1, sizeof(*processes));
	if (!processes)
		return -ENOMEM;
	snapshot->processes = processes;
	process = &processes[snapshot->n_processes++];
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	process->cgroup = cgroup;
	if (placement_init(&process->placement, snapshot->placement.nodes, snapshot->placement.n_nodes))
		return -ENOMEM;
	snprintf(process->comm, sizeof(process->comm), "%s", pid || cgroup ? "" : "kernel");
	if (pid)
		procfs_comm(pid, process->comm);
	return cgroup ? describe_cgroup(drain->session, process) : 0;
}

static int copy_stack(struct drain *drain, uint32_t number, const struct mt_stack *from)
{
	struct stack *stack = &drain->snapshot->stacks[drain->snapshot->n_stacks];
	struct tally *tally = &drain->tallies[number];
	size_t process;
	int error;

	/* The first rows are the classes' own, of what has no stack. */
	memset(stack, 0, sizeof(*stack));
	stack->class_index = number < MK_MAX_CLASSES ? number : from->owner;
	stack->usage = (struct usage){.live_bytes = tally->live_bytes,
	                              .live_blocks = tally->live_blocks,
	                              .alloc_bytes = __atomic_load_n(&from->alloc_bytes, __ATOMIC_RELAXED),
	                              .alloc_count = __atomic_load_n(&from->alloc_count, __ATOMIC_RELAXED),
	                              .free_bytes = __atomic_load_n(&from->free_bytes, __ATOMIC_RELAXED),
	                              .free_count = __atomic_load_n(&from->free_count, __ATOMIC_RELAXED)};
	if ((!stack->usage.alloc_count && !stack->usage.live_blocks) ||
	    stack->class_index >= drain->snapshot->kernel->n_classes)
		return 0;
	error = process_index(drain, number < MK_MAX_CLASSES ? 0 : from->code_version, &process);
	if (error)
		return error;
	drain->last_process = process;
	stack->process = process;
	stack->kind = drain->snapshot->kernel->classes[stack->class_index].kind;
	stack->end = MT_STACK_END(from->flags);
	stack->slack_bytes = tally->slack_bytes;
	stack->oldest_ns = tally->live_blocks ? age_of(drain, tally->oldest_ns) : 0;
	if (from->n_frames) {
		stack->addresses = calloc(from->n_frames, sizeof(*stack->addresses));
		if (!stack->addresses)
			return -ENOMEM;
		stack_table_frames(&drain->session->stacks, from, stack->addresses);
		stack->n_addresses = from->n_frames;
	}
	tally->stack = ++drain->snapshot->n_stacks;
	return 0;
}

static int copy_stacks(struct drain *drain)
{
	int error = 0;

	drain->snapshot->stacks = calloc(drain->n_tallies + 1, sizeof(*drain->snapshot->stacks));
	if (!drain->snapshot->stacks)
		return -ENOMEM;
	for (uint32_t i = 0; i < drain->n_tallies && !error; i++) {
		const struct mt_stack *row = &drain->session->stacks.rows[i];

		if (i < MK_MAX_CLASSES || row->flags & MT_STACK_USED)
			error = copy_stack(drain, i, row);
	}
	return error;
}

static size_t find_cache(const struct kernel_memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_caches; i++) {
		if (!strcmp(memory->caches[i].name, name))
			return i;
	}
	return SIZE_MAX;
}

/* The cache that has this address now, where that is known: one that went may have left it to another. */
static size_t find_cache_at(const struct kernel_memory *memory, uint64_t address)
{
	for (size_t i = 0; i < memory->n_caches && address; i++) {
		if (memory->caches[i].address == address)
			return i;
	}
	return SIZE_MAX;
}

/* A cache of kmalloc's that its objects' size and flags alone tell of: create_kmalloc_caches(), mm/slab_common.c. */
static void name_by_size(char *name, size_t size, const struct mk_class_key *key)
{
	const char *kind = "kmalloc";

	if (key->gfp & 0x1) /* __GFP_DMA */
		kind = "dma-kmalloc";
	else if (key->gfp & 0x10) /* __GFP_RECLAIMABLE */
		kind = "kmalloc-rcl";
	else if (key->gfp & 0x400000) /* __GFP_ACCOUNT */
		kind = "kmalloc-cg";
	if (key->cache % 1024)
		snprintf(name, size, "%s-%llu", kind, (unsigned long long)key->cache);
	else
		snprintf(name, size, "%s-%lluk", kind, (unsigned long long)key->cache / 1024);
}

static int copy_classes(struct drain *drain)
{
	struct kernel_session *session = drain->session;
	struct kernel_memory *memory = drain->snapshot->kernel;
	uint32_t n = __atomic_load_n(&session->bpf->data->n_classes, __ATOMIC_ACQUIRE);

	if (n > MK_MAX_CLASSES)
		n = MK_MAX_CLASSES;
	memory->classes = calloc(n, sizeof(*memory->classes));
	if (!memory->classes)
		return -ENOMEM;
	memory->n_classes = n;
	for (uint32_t i = 0; i < n; i++) {
		const struct mk_class *from = &session->classes[i];
		struct memory_class *to = &memory->classes[i];
		char name[MK_NAME_BYTES + 1];

		to->kind =
		    i && from->key.kind >= KIND_OF_KERNEL && from->key.kind < KIND_COUNT ? from->key.kind : KIND_SLAB;
		to->order = from->key.order;
		to->migratetype = from->key.migratetype;
		to->gfp = to->kind == KIND_SLAB ? 0 : from->key.gfp;
		to->cache = SIZE_MAX;
		if (to->kind != KIND_SLAB || !i)
			continue;
		memcpy(name, from->name, MK_NAME_BYTES);
		name[MK_NAME_BYTES] = '\0';
		if (from->key.gfp)
			name_by_size(name, sizeof(name), &from->key);
		to->cache = from->key.gfp ? SIZE_MAX : find_cache_at(memory, from->key.cache);
		if (to->cache == SIZE_MAX)
			to->cache = find_cache(memory, name);
		if (to->cache == SIZE_MAX)
			continue;
		memory->caches[to->cache].unknown_frees += from->free_unknown;
		memory->caches[to->cache].unseen_frees += from->free_unseen;
	}
	return 0;
}

static int copy_nodes(struct snapshot *snapshot)
{
	size_t n;
	int *online = nodes_online(&n);

	if (!online)
		return -ENOMEM;
	snapshot->placed = n > 1;
	snapshot->placement.nodes = calloc(n, sizeof(*snapshot->placement.nodes));
	for (size_t i = 0; i < n && snapshot->placement.nodes; i++)
		snapshot->placement.nodes[snapshot->placement.n_nodes++].node = online[i];
	free(online);
	return snapshot->placement.nodes ? 0 : -ENOMEM;
}

/* The address of which the block's has the lower 48 bits: the nearest one to another of its kind. */
static uint64_t whole_address(const struct drain *drain, const struct found_block *block)
{
	uint64_t near = drain->session->bpf->bss->whole_addresses[block->kind];

	return near + (uint64_t)((int64_t)((block->address - near) << 16) >> 16);
}

static int zone_add(struct kernel_memory *memory, const struct mk_place *place, uint64_t bytes)
{
	struct zone_usage *zones;

	for (size_t i = 0; i < memory->n_zones; i++) {
		if (memory->zones[i].node == place->node && memory->zones[i].zone == place->zone) {
			memory->zones[i].live_bytes += bytes;
			memory->zones[i].live_blocks++;
			return 0;
		}
	}
	zones = reallocarray(memory->zones, memory->n_zones + 1, sizeof(*zones));
	if (!zones)
		return -ENOMEM;
	memory->zones = zones;
	zones[memory->n_zones++] =
	    (struct zone_usage){.node = place->node, .zone = place->zone, .live_bytes = bytes, .live_blocks = 1};
	return 0;
}

static int stack_on_node(struct snapshot *snapshot, struct stack *stack, const struct found_block *block, int node)
{
	int asked = (int)MT_ORIGIN_REST(block->block.origin);

	if (!stack->placement.nodes &&
	    placement_init(&stack->placement, snapshot->placement.nodes, snapshot->placement.n_nodes))
		return -ENOMEM;
	placement_add_block(&stack->placement, MK_REQUESTED(block->block.size_bytes), node,
	                    MT_ORIGIN_NODE(block->block.origin));
	stack->misplaced_blocks += asked && node >= 0 && asked - 1 != node;
	return 0;
}

static int list_block(struct drain *drain, struct stack *stack, const struct found_block *found, int node)
{
	if (!(stack->n_blocks & (stack->n_blocks - 1))) {
		struct block *blocks =
		    reallocarray(stack->blocks, stack->n_blocks ? 2 * stack->n_blocks : 1, sizeof(*blocks));

		if (!blocks)
			return -ENOMEM;
		stack->blocks = blocks;
	}
	stack->blocks[stack->n_blocks++] = (struct block){
	    .address = whole_address(drain, found),
	    .size_bytes = MK_REQUESTED(found->block.size_bytes),
	    .age_ns = age_of(drain, found->block.time_ns),
	    .node = node,
	    .cpu_node = MT_ORIGIN_NODE(found->block.origin),
	    .placed = node >= 0,
	};
	return 0;
}

static int compare_age(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	return (a->age_ns < b->age_ns) - (a->age_ns > b->age_ns);
}

static bool has_place(const struct found_block *block)
{
	return block->kind == KIND_SLAB || block->kind == KIND_PAGE;
}

static int copy_blocks(struct drain *drain, bool with_blocks)
{
	struct snapshot *snapshot = drain->snapshot;
	struct mk_place *places = calloc(drain->n_blocks + 1, sizeof(*places));
	int error = places ? 0 : -ENOMEM;

	for (size_t i = 0; i < drain->n_blocks && !error; i++) {
		places[i].address = has_place(&drain->blocks[i]) ? whole_address(drain, &drain->blocks[i]) : 0;
		places[i].is_page = drain->blocks[i].kind == KIND_PAGE;
	}
	if (!error)
		error = kernel_places_find(drain->session, places, drain->n_blocks);
	for (size_t i = 0; i < drain->n_blocks && !error; i++) {
		const struct found_block *block = &drain->blocks[i];
		size_t number = drain->tallies[block->block.stack].stack;
		int node = has_place(block) ? places[i].node : -1;

		if (!number)
			continue;
		if (snapshot->placed)
			error = stack_on_node(snapshot, &snapshot->stacks[number - 1], block, node);
		if (!error && block->kind == KIND_PAGE && node >= 0)
			error = zone_add(snapshot->kernel, &places[i], MK_REQUESTED(block->block.size_bytes));
		if (!error && with_blocks)
			error = list_block(drain, &snapshot->stacks[number - 1], block, node);
	}
	for (size_t i = 0; i < snapshot->n_stacks && with_blocks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		if (stack->n_blocks)
			qsort(stack->blocks, stack->n_blocks, sizeof(*stack->blocks), compare_age);
	}
	free(places);
	return error;
}

static bool leaves_out_allocations(const struct kernel_options *options)
{
	return options->n_pids || options->cgroup || options->node >= 0;
}

static void copy_losses(const struct kernel_session *session, struct snapshot *snapshot)
{
	for (int i = 0; i < LOSS_COUNT; i++)
		snapshot->lost[i] = session->bpf->bss->lost[i];
	snapshot->lost[LOSS_MISSED_PROBES] += kernel_session_missed(session);
	for (size_t i = 0; i < snapshot->kernel->n_caches; i++)
		snapshot->unknown_frees += snapshot->kernel->caches[i].unknown_frees;
	/* Where a filter left allocations out, their frees cannot be told from those of older blocks. */
	snapshot->unknown_frees_known = !snapshot->kernel->filtered && !session->options.cache;
}

/* What events told, where they are traced. */
static int fill_traced(struct drain *drain, bool with_blocks)
{
	struct kernel_session *session = drain->session;
	int error;

	drain->keep_blocks = with_blocks || drain->snapshot->placed || session->kinds[KIND_PAGE];
	drain->n_tallies = stack_table_end(&session->stacks);
	drain->tallies = calloc(drain->n_tallies + 1, sizeof(*drain->tallies));
	if (!drain->tallies)
		return -ENOMEM;
	error = live_scan(session->live, on_block, drain);
	if (!error)
		error = drain->error;
	if (!error && session->options.laid_to == LAID_TO_CGROUP)
		error = cgroup_directories_look(&session->cgroups);
	if (!error)
		error = copy_classes(drain);
	if (!error)
		error = copy_stacks(drain);
	if (!error)
		error = copy_blocks(drain, with_blocks);
	if (!error)
		copy_losses(session, drain->snapshot);
	return error;
}

/* No program begins to count any more, and those that ran have ended: sums and blocks are of one moment. */
static int end_tracing(struct kernel_session *session)
{
	__atomic_store_n(&session->bpf->bss->kernel_traced, 0, __ATOMIC_RELEASE);
	return live_settle(session->live);
}

/* The caches first: they are to be counted at the moment at which the blocks are looked at. */
static int fill(struct drain *drain, bool with_blocks, bool last)
{
	struct kernel_session *session = drain->session;
	struct kernel_memory *memory = drain->snapshot->kernel;
	int error = kernel_account_caches(session, memory);

	if (!error && session->bpf && last)
		error = end_tracing(session);
	if (!error && session->bpf)
		error = fill_traced(drain, with_blocks);
	if (!error)
		error = kernel_account_counters(session, memory);
	if (!error)
		error = kernel_account_nodes(memory);
	return error;
}

int kernel_session_snapshot(struct kernel_session *session, uint64_t older_ns, bool with_blocks, bool last,
                            struct snapshot **result)
{
	struct drain drain = {.session = session, .older_ns = older_ns, .now_ns = clock_ns(CLOCK_MONOTONIC)};
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int error;

	*result = NULL;
	if (!snapshot)
		return -ENOMEM;
	drain.snapshot = snapshot;
	snapshot->command = "kernel";
	snapshot->time_unix_ns = clock_ns(CLOCK_REALTIME);
	snapshot->elapsed_ns = drain.now_ns - session->started_ns;
	snapshot->since_unix_ns = session->started_unix_ns;
	snapshot->kernel = calloc(1, sizeof(*snapshot->kernel));
	error = snapshot->kernel ? copy_nodes(snapshot) : -ENOMEM;
	if (!error) {
		snapshot->kernel->laid_to = session->options.laid_to;
		snapshot->kernel->filtered = leaves_out_allocations(&session->options);
		memcpy(snapshot->kernel->kinds, session->kinds, sizeof(session->kinds));
		error = fill(&drain, with_blocks, last);
	}
	free(drain.blocks);
	free(drain.tallies);
	if (error) {
		snapshot_free(snapshot);
		return error;
	}
	if (session->bpf && !last)
		reclaim_when_crowded(&session->reclaim, session->live); /* no program wakes memtrace once all is used */
	*result = snapshot;
	return 0;
}
