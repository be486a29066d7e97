// SPDX-License-Identifier: GPL-2.0-or-later
/* The stacks of a snapshot and those of the one before are in one order, so they are gone through side by side. */
#include <errno.h>
#include <string.h>

#include "model/identity.h"
#include "recording/writer_state.h"

#define FNV_OFFSET 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

/* FNV-1a over the addresses; what else tells stacks apart is compared. */
static int64_t hash_of(const struct stack *stack)
{
	uint64_t hash = FNV_OFFSET;

	for (size_t i = 0; i < stack->n_addresses; i++) {
		for (int bits = 0; bits < 64; bits += 8)
			hash = (hash ^ (stack->addresses[i] >> bits & 0xff)) * FNV_PRIME;
	}
	return (int64_t)hash;
}

/* 1: the stack of that number has these addresses, 0: others; or -errno. */
static int has_addresses(struct writer *writer, int64_t number, const struct stack *stack)
{
	sqlite3_stmt *find = writer->statements[FIND_ADDRESSES];
	size_t n = 0;
	bool same = true;
	int row = database_bind(&writer->database, find, "i", number);

	while (!row && same) {
		row = database_step(&writer->database, find);
		if (row <= 0)
			break;
		row = 0;
		same = n < stack->n_addresses && (uint64_t)sqlite3_column_int64(find, 0) == stack->addresses[n];
		n++;
	}
	sqlite3_reset(find);
	return row < 0 ? row : same && n == stack->n_addresses;
}

/* A stack that was there before the last snapshot and has come back. 1: found, 0: not; or -errno. */
static int find_stack(struct writer *writer, uint64_t process, const struct stack *stack, int64_t *number)
{
	sqlite3_stmt *find = writer->statements[FIND_STACK];
	int found = 0, error = database_bind(&writer->database, find, "iiti", hash_of(stack), (int64_t)process,
	                                     block_kind_name(stack->kind), (int64_t)stack->code_version);

	while (!error && !found) {
		int row = database_step(&writer->database, find);

		if (row <= 0) {
			error = row;
			break;
		}
		*number = sqlite3_column_int64(find, 0);
		found = has_addresses(writer, *number, stack);
		error = found < 0 ? found : 0;
	}
	sqlite3_reset(find);
	return error ? error : found;
}

static int add_stack(struct writer *writer, uint64_t process, const struct stack *stack, int64_t *number)
{
	int error = database_run(&writer->database, writer->statements[WRITE_STACK], "ittiii", (int64_t)process,
	                         block_kind_name(stack->kind), stack_end_name(stack->end), (int64_t)stack->guessed,
	                         (int64_t)stack->code_version, hash_of(stack));

	*number = sqlite3_last_insert_rowid(writer->database.handle);
	for (size_t i = 0; i < stack->n_addresses && !error; i++)
		error = database_run(&writer->database, writer->statements[WRITE_ADDRESS], "iii", *number, (int64_t)i,
		                     (int64_t)stack->addresses[i]);
	return error;
}

static bool same_placement(const struct placement *a, const struct placement *b)
{
	size_t n = a->n_nodes < b->n_nodes ? a->n_nodes : b->n_nodes;

	if (a->not_resident_bytes != b->not_resident_bytes || a->unplaced_bytes != b->unplaced_bytes ||
	    a->remote_bytes != b->remote_bytes || a->n_nodes != b->n_nodes || !a->nodes != !b->nodes)
		return false;
	return !a->nodes || !memcmp(a->nodes, b->nodes, n * sizeof(*a->nodes));
}

static bool same_state(const struct stack *a, const struct stack *b)
{
	return !memcmp(&a->usage, &b->usage, sizeof(a->usage)) && same_placement(&a->placement, &b->placement);
}

static bool is_empty(const struct node_usage *node)
{
	return !node->live_bytes && !node->live_blocks && !node->cpu_live_bytes;
}

static int put_nodes(struct writer *writer, int64_t number, const struct placement *placement)
{
	int error = 0;

	for (size_t i = 0; placement->nodes && i < placement->n_nodes && !error; i++) {
		const struct node_usage *node = &placement->nodes[i];

		if (!is_empty(node))
			error = database_run(&writer->database, writer->statements[WRITE_STACK_NODE], "iiiiii",
			                     writer->snapshot, number, (int64_t)node->node, (int64_t)node->live_bytes,
			                     (int64_t)node->live_blocks, (int64_t)node->cpu_live_bytes);
	}
	return error;
}

static int put_state(struct writer *writer, const struct snapshot *snapshot, int64_t number, const struct stack *stack)
{
	const struct usage *usage = &stack->usage;
	const struct placement *placement = &stack->placement;
	int error =
	    database_run(&writer->database, writer->statements[WRITE_STACK_STATE],
	                 stack->oldest_ns ? "iiiiiiiiiiii" : "iiiiiiii-iii", writer->snapshot, number,
	                 (int64_t)usage->live_bytes, (int64_t)usage->live_blocks, (int64_t)usage->alloc_bytes,
	                 (int64_t)usage->alloc_count, (int64_t)usage->free_bytes, (int64_t)usage->free_count,
	                 (int64_t)(snapshot->elapsed_ns - stack->oldest_ns), (int64_t)placement->not_resident_bytes,
	                 (int64_t)placement->unplaced_bytes, (int64_t)placement->remote_bytes);

	return error ? error : put_nodes(writer, number, placement);
}

int writer_put_verdict(struct writer *writer, int64_t number, const struct verdict *verdict)
{
	return database_run(&writer->database, writer->statements[WRITE_VERDICT], "iitiidddiiiii", writer->snapshot,
	                    number, verdict_name(verdict->kind), (int64_t)verdict->points, (int64_t)verdict->window_ns,
	                    verdict->bytes_per_s, verdict->low_bytes_per_s, verdict->high_bytes_per_s,
	                    (int64_t)verdict->low_bytes, (int64_t)verdict->high_bytes, (int64_t)verdict->lifetime_ns,
	                    (int64_t)verdict->projected_bytes, (int64_t)verdict->projected_ns);
}

/* One stack; `before`: as it was in the last snapshot, or NULL. */
static int put_stack(struct writer *writer, const struct snapshot *snapshot, const struct stack *stack,
                     const struct stack *before, int64_t *number)
{
	bool whole = writer->whole == writer->snapshot;
	uint64_t process = snapshot->processes[stack->process].number;
	int error = 0;

	if (!before) {
		int found = find_stack(writer, process, stack, number);

		error = found < 0 ? found : 0;
		if (!found)
			error = add_stack(writer, process, stack, number);
	}
	if (!error && (whole || !before || !same_state(stack, before)))
		error = put_state(writer, snapshot, *number, stack);
	if (!error && (whole ? stack->verdict.kind != VERDICT_NONE
	                     : stack->verdict.kind != (before ? before->verdict.kind : VERDICT_NONE)))
		error = writer_put_verdict(writer, *number, &stack->verdict);
	return error;
}

/* One that was in the last snapshot and is in this one no more: its sums have gone to another row. */
static int put_gone(struct writer *writer, const struct snapshot *snapshot, size_t before)
{
	static const struct stack nothing;
	int error = writer_name_stack(writer, before);

	if (error || writer->whole == writer->snapshot)
		return error;
	error = put_state(writer, snapshot, writer->stacks[before], &nothing);
	/* Should it come back, it begins without one. */
	if (!error && writer->before->stacks[before].verdict.kind != VERDICT_NONE)
		error = writer_put_verdict(writer, writer->stacks[before], &nothing.verdict);
	return error;
}

int writer_put_stacks(struct writer *writer, const struct snapshot *snapshot, int64_t *numbers)
{
	const struct snapshot *before = writer->before;
	size_t n_before = before ? before->n_stacks : 0, i = 0, j = 0;
	int error = 0;

	while ((i < snapshot->n_stacks || j < n_before) && !error) {
		int order = i == snapshot->n_stacks ? 1 : -1;

		if (i < snapshot->n_stacks && j < n_before)
			order = identity_compare(snapshot, &snapshot->stacks[i], before, &before->stacks[j]);
		if (order > 0) {
			error = put_gone(writer, snapshot, j++);
			continue;
		}
		if (!order)
			numbers[i] = writer->stacks[j];
		error =
		    put_stack(writer, snapshot, &snapshot->stacks[i], order ? NULL : &before->stacks[j], &numbers[i]);
		i++;
		j += !order;
	}
	return error;
}
