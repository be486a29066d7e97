// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"

/* Addresses and frames of a stack, for what it takes. */
#define MEAN_FRAMES 32

struct watch *watch_new(uint64_t max_bytes)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->max_stacks =
	    max_bytes / (sizeof(struct watched) + MEAN_FRAMES * (sizeof(uint64_t) + sizeof(struct frame)));
	watch->max_frames = watch->max_stacks * MEAN_FRAMES;
	return watch;
}

static void forget(struct watch *watch, struct watched *watched)
{
	watch->n_frames -= watched->stack.n_frames;
	free(watched->stack.addresses);
	free(watched->stack.frames);
	free(watched);
}

static void free_processes(struct process *processes, size_t n)
{
	for (size_t i = 0; processes && i < n; i++)
		free(processes[i].exe);
	free(processes);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->n_stacks; i++)
		forget(watch, watch->stacks[i]);
	free(watch->stacks);
	free_processes(watch->keys.processes, watch->keys.n_processes);
	free(watch);
}

/* What tells processes apart, and what they are called. */
static struct process *copy_processes(const struct snapshot *snapshot)
{
	struct process *processes = calloc(snapshot->n_processes + 1, sizeof(*processes));

	for (size_t i = 0; processes && i < snapshot->n_processes; i++) {
		const struct process *from = &snapshot->processes[i];

		processes[i] = (struct process){
		    .pid = from->pid,
		    .number = from->number,
		    .is_child = from->is_child,
		    .ended = from->ended,
		    .exit_status = from->exit_status,
		    .exit_status_known = from->exit_status_known,
		    .exe = from->exe ? strdup(from->exe) : NULL,
		};
		memcpy(processes[i].comm, from->comm, sizeof(from->comm));
	}
	return processes;
}

static int compare_descending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

/* The least live bytes that there is room for; of stacks with so many there is room for *n_least. 0 or -ENOMEM. */
static int find_least(const struct watch *watch, const struct snapshot *snapshot, uint64_t *least, size_t *n_least)
{
	uint64_t *bytes = calloc(snapshot->n_stacks + 1, sizeof(*bytes));
	size_t n = 0, max = watch->max_stacks;

	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		if (snapshot->stacks[i].usage.live_blocks)
			bytes[n++] = snapshot->stacks[i].usage.live_bytes;
	}
	*least = 0;
	*n_least = SIZE_MAX;
	if (n > max) {
		qsort(bytes, n, sizeof(*bytes), compare_descending);
		*least = max ? bytes[max - 1] : UINT64_MAX;
		*n_least = 0;
		for (size_t i = 0; i < max; i++)
			*n_least += bytes[i] == *least;
	}
	free(bytes);
	return 0;
}

static void add_course(struct watched *watched, uint64_t live_bytes)
{
	if (watched->n_courses == SPARKLINE_MAX)
		memmove(watched->courses, watched->courses + 1, --watched->n_courses * sizeof(watched->courses[0]));
	watched->courses[watched->n_courses++] = live_bytes;
}

/* A stack that was not watched. NULL: out of memory. */
static struct watched *begin(struct watch *watch, const struct stack *stack)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	size_t size = stack->n_addresses * sizeof(*stack->addresses);

	if (!watched)
		return NULL;
	watched->stack.addresses = malloc(size ? size : 1);
	if (!watched->stack.addresses) {
		free(watched);
		return NULL;
	}
	if (size)
		memcpy(watched->stack.addresses, stack->addresses, size);
	watched->stack.n_addresses = stack->n_addresses;
	watched->number = ++watch->next_number;
	/* In the snapshots before nothing of it was live. */
	while (watched->n_courses < SPARKLINE_MAX && watched->n_courses < watch->n_snapshots)
		watched->n_courses++;
	return watched;
}

/* The newest figures. */
static void renew(struct watched *watched, const struct stack *stack, size_t at)
{
	struct stack *own = &watched->stack;
	int64_t growth_bytes = (int64_t)(stack->usage.live_bytes - own->usage.live_bytes);

	*own = (struct stack){
	    .process = stack->process,
	    .kind = stack->kind,
	    .end = stack->end,
	    .guessed = stack->guessed,
	    .before = stack->before,
	    .leak = stack->leak,
	    .verdict = stack->verdict,
	    .growth_bytes = growth_bytes,
	    .usage = stack->usage,
	    .oldest_ns = stack->oldest_ns,
	    .class_index = stack->class_index,
	    .code_version = stack->code_version,
	    .addresses = own->addresses,
	    .n_addresses = own->n_addresses,
	    .frames = own->frames,
	    .n_frames = own->n_frames,
	};
	watched->at = at;
	add_course(watched, stack->usage.live_bytes);
}

/* Nothing of it is live any more. */
static void renew_gone(struct watched *watched, size_t process)
{
	struct stack *own = &watched->stack;

	own->process = process;
	own->growth_bytes = -(int64_t)own->usage.live_bytes;
	own->usage.live_bytes = own->usage.live_blocks = 0;
	own->oldest_ns = 0;
	own->verdict = (struct verdict){.kind = VERDICT_NONE};
	watched->at = SIZE_MAX;
	add_course(watched, 0);
}

static bool was_marked(const struct watch *watch, const struct watched *watched)
{
	return watch->marked && watched->marked_blocks;
}

/* One that the snapshot has nothing of: whether it is kept. */
static bool keep_gone(const struct watch *watch, const struct snapshot *snapshot, struct watched *watched)
{
	size_t process;

	if (!was_marked(watch, watched))
		return false;
	process = identity_find_process(snapshot, watched_process(watch, watched), watched->stack.process);
	if (process == SIZE_MAX)
		return false;
	renew_gone(watched, process);
	return true;
}

/* A walk along both lists, which are in the same order. */
struct walk {
	struct watch *watch;
	const struct snapshot *snapshot;
	struct watched **stacks; /* those that are watched from now on */
	size_t n, old;
	uint64_t least;
	size_t n_least;
};

/* Those before the stack of the snapshot (NULL: all) are in it no more. The one of the stack, or NULL. */
static struct watched *pass(struct walk *walk, const struct stack *stack)
{
	struct watch *watch = walk->watch;

	for (; walk->old < watch->n_stacks; walk->old++) {
		struct watched *watched = watch->stacks[walk->old];
		int order = stack ? identity_compare(&watch->keys, &watched->stack, walk->snapshot, stack) : -1;

		if (order > 0)
			break;
		watch->stacks[walk->old] = NULL;
		if (order == 0) {
			walk->old++;
			return watched;
		}
		if (keep_gone(watch, walk->snapshot, watched))
			walk->stacks[walk->n++] = watched;
		else
			forget(watch, watched);
	}
	return NULL;
}

static bool has_room(struct walk *walk, const struct stack *stack)
{
	if (stack->usage.live_bytes != walk->least)
		return stack->usage.live_bytes > walk->least;
	if (!walk->n_least)
		return false;
	walk->n_least -= walk->n_least != SIZE_MAX;
	return true;
}

static void take(struct walk *walk, size_t at)
{
	struct watch *watch = walk->watch;
	const struct stack *stack = &walk->snapshot->stacks[at];
	struct watched *watched = pass(walk, stack);
	bool wanted = stack->usage.live_blocks ? has_room(walk, stack) : watched && was_marked(watch, watched);

	if (wanted && !watched)
		watched = begin(watch, stack);
	if (wanted && watched) {
		renew(watched, stack, at);
		walk->stacks[walk->n++] = watched;
	} else {
		watch->n_left_out += stack->usage.live_blocks != 0;
		if (watched)
			forget(watch, watched);
	}
}

int watch_update(struct watch *watch, const struct snapshot *snapshot)
{
	struct walk walk = {.watch = watch, .snapshot = snapshot};
	struct process *processes = copy_processes(snapshot);

	walk.stacks = calloc(snapshot->n_stacks + watch->n_stacks + 1, sizeof(struct watched *));
	if (!walk.stacks || !processes || find_least(watch, snapshot, &walk.least, &walk.n_least)) {
		free_processes(processes, snapshot->n_processes);
		free(walk.stacks);
		return -ENOMEM;
	}
	watch->n_left_out = 0;
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		take(&walk, i);
	pass(&walk, NULL);
	free(watch->stacks);
	free_processes(watch->keys.processes, watch->keys.n_processes);
	watch->stacks = walk.stacks;
	watch->n_stacks = walk.n;
	watch->keys.processes = processes;
	watch->keys.n_processes = snapshot->n_processes;
	watch->n_snapshots++;
	return 0;
}

void watch_mark(struct watch *watch, bool mark)
{
	watch->marked = mark;
	for (size_t i = 0; i < watch->n_stacks; i++) {
		struct watched *watched = watch->stacks[i];

		watched->marked_bytes = mark ? watched->stack.usage.live_bytes : 0;
		watched->marked_blocks = mark ? watched->stack.usage.live_blocks : 0;
	}
}

int64_t watched_change_bytes(const struct watch *watch, const struct watched *watched)
{
	return watch->marked ? (int64_t)(watched->stack.usage.live_bytes - watched->marked_bytes) : 0;
}

int64_t watched_change_blocks(const struct watch *watch, const struct watched *watched)
{
	return watch->marked ? (int64_t)(watched->stack.usage.live_blocks - watched->marked_blocks) : 0;
}

void watch_take_frames(struct watch *watch, struct watched *watched, struct stack *from)
{
	struct stack *own = &watched->stack;
	size_t others = watch->n_frames - own->n_frames;

	if (from->n_frames > watch->max_frames - others) {
		watched->left_unnamed = true;
		return;
	}
	free(own->frames);
	own->frames = from->frames;
	own->n_frames = from->n_frames;
	watch->n_frames = others + own->n_frames;
	from->frames = NULL;
	from->n_frames = 0;
}

bool watched_is_unnamed(const struct watched *watched)
{
	return !watched->stack.frames && watched->stack.n_addresses && watched->at != SIZE_MAX &&
	       !watched->left_unnamed;
}

const struct process *watched_process(const struct watch *watch, const struct watched *watched)
{
	return &watch->keys.processes[watched->stack.process];
}
