// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/leaks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/reach.h"
#include "util/radix.h"

/* How far back it is told who holds a block; then comes the root. */
#define HOLDINGS_MAX 12

/* A block of the process that is looked at: where it stands in the snapshot. */
struct place {
	uint32_t stack; /* BEFORE: none, it is from before memtrace attached */
	uint32_t block;
};

#define BEFORE UINT32_MAX

struct judging {
	struct snapshot *snapshot;
	size_t process;
	struct reach_block *blocks; /* by address */
	struct place *places;       /* likewise */
	size_t n_blocks;
	struct reach_word *words; /* that count */
	size_t n_words;
	struct reach_result result;
};

static bool is_of(const struct judging *judging, const struct stack *stack)
{
	return stack->process == judging->process;
}

/* All judged blocks of the process, in the order in which they stand in the snapshot. */
static int list_places(struct judging *judging, struct radix_key **keys, struct place **places)
{
	const struct snapshot *snapshot = judging->snapshot;
	const struct scan *scan = snapshot->processes[judging->process].scan;
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_stacks; i++)
		n += is_of(judging, &snapshot->stacks[i]) ? snapshot->stacks[i].n_blocks : 0;
	n += scan->n_before;
	*keys = calloc(n + 1, sizeof(**keys));
	*places = calloc(n + 1, sizeof(**places));
	if (!*keys || !*places)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];

		for (size_t j = 0; is_of(judging, stack) && j < stack->n_blocks; j++) {
			if (!stack->blocks[j].judged)
				continue;
			n = judging->n_blocks++;
			(*keys)[n] = (struct radix_key){.value = stack->blocks[j].address, .index = (uint32_t)n};
			(*places)[n] = (struct place){(uint32_t)i, (uint32_t)j};
		}
	}
	for (size_t i = 0; i < scan->n_before; i++) {
		n = judging->n_blocks++;
		(*keys)[n] = (struct radix_key){.value = scan->before[i].start, .index = (uint32_t)n};
		(*places)[n] = (struct place){BEFORE, (uint32_t)i};
	}
	return radix_sort(*keys, judging->n_blocks);
}

static struct reach_block block_of(const struct judging *judging, const struct place *place)
{
	const struct scan *scan = judging->snapshot->processes[judging->process].scan;
	const struct stack *stack;

	if (place->stack == BEFORE) {
		const struct scan_extent *extent = &scan->before[place->block];

		return (struct reach_block){.address = extent->start, .size_bytes = extent->end - extent->start};
	}
	stack = &judging->snapshot->stacks[place->stack];
	return (struct reach_block){
	    .address = stack->blocks[place->block].address,
	    .size_bytes = stack->blocks[place->block].size_bytes,
	    .slack_bytes = stack->blocks[place->block].slack_bytes,
	    .slack_counts = scan->slack_counts,
	    .divided = stack->kind != KIND_HEAP,
	};
}

static int list_blocks(struct judging *judging)
{
	struct radix_key *keys = NULL;
	struct place *places = NULL;
	int error = list_places(judging, &keys, &places);

	judging->blocks = calloc(judging->n_blocks + 1, sizeof(*judging->blocks));
	judging->places = calloc(judging->n_blocks + 1, sizeof(*judging->places));
	if (!judging->blocks || !judging->places)
		error = -ENOMEM;
	for (size_t i = 0; i < judging->n_blocks && !error; i++) {
		judging->places[i] = places[keys[i].index];
		judging->blocks[i] = block_of(judging, &judging->places[i]);
	}
	free(keys);
	free(places);
	return error;
}

/* Words in an allocator's memory that nobody uses lead nowhere; both lists are by address. */
static int list_words(struct judging *judging, const struct scan *scan)
{
	size_t unused = 0;

	judging->words = calloc(scan->n_words + 1, sizeof(*judging->words));
	if (!judging->words)
		return -ENOMEM;
	for (size_t i = 0; i < scan->n_words; i++) {
		uint64_t at = scan->words[i].at;

		if (unused && scan->unused[unused - 1].end > at)
			unused = 0; /* it is out of order */
		while (unused < scan->n_unused && scan->unused[unused].end <= at)
			unused++;
		if (unused == scan->n_unused || scan->unused[unused].start > at)
			judging->words[judging->n_words++] = scan->words[i];
	}
	return 0;
}

static enum leak_class class_of(const struct judging *judging, size_t block)
{
	const struct place *place = &judging->places[block];
	const struct scan *scan = judging->snapshot->processes[judging->process].scan;
	enum leak_class class = (enum leak_class)judging->result.classes[block];

	/* The program break says itself where it is. */
	if (place->stack != BEFORE && judging->snapshot->stacks[place->stack].kind == KIND_BRK)
		return LEAK_REACHABLE;
	/* Without standing still, what was seen of it was never true at one moment. */
	if (!scan->stopped && (class == LEAK_DEFINITE || class == LEAK_INDIRECT))
		return LEAK_POSSIBLE;
	return class;
}

static void set_classes(struct judging *judging)
{
	struct snapshot *snapshot = judging->snapshot;

	for (size_t i = 0; i < judging->n_blocks; i++) {
		const struct place *place = &judging->places[i];
		enum leak_class class = class_of(judging, i);

		if (place->stack != BEFORE) {
			struct block *block = &snapshot->stacks[place->stack].blocks[place->block];

			block->leak = class;
			if (block->left_out)
				continue;
		}
		snapshot->leaks[class].live_bytes += judging->blocks[i].size_bytes;
		snapshot->leaks[class].live_blocks++;
	}
}

static size_t block_index(const struct judging *judging, uint64_t address)
{
	size_t low = 0, high = judging->n_blocks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (judging->blocks[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The stack of whoever allocated the holder: its innermost frame is enough to name it. */
static struct stack *site_of(const struct stack *stack)
{
	struct stack *site = calloc(1, sizeof(*site));

	if (!site)
		return NULL;
	site->process = stack->process;
	site->kind = stack->kind;
	site->code_version = stack->code_version;
	if (!stack->n_addresses)
		return site;
	site->addresses = malloc(sizeof(*site->addresses));
	if (!site->addresses) {
		free(site);
		return NULL;
	}
	site->addresses[0] = stack->addresses[0];
	site->n_addresses = 1;
	return site;
}

static int add_holding(const struct judging *judging, struct stack *row, size_t held)
{
	const struct scan *scan = judging->snapshot->processes[judging->process].scan;
	const struct reach_holder *holder = &judging->result.holders[held];
	const struct reach_word *word = &judging->words[holder->word];
	struct holding *holding = &row->held_by[row->n_held_by];

	*holding = (struct holding){.at = word->at, .value = word->value, .leads_to = judging->blocks[held].address};
	if (holder->block != REACH_NOBODY) {
		holding->block_address = judging->blocks[holder->block].address;
		holding->block_bytes = judging->blocks[holder->block].size_bytes;
		if (judging->places[holder->block].stack != BEFORE) {
			holding->site = site_of(&judging->snapshot->stacks[judging->places[holder->block].stack]);
			if (!holding->site)
				return -ENOMEM;
		}
	} else if (REACH_IS_ADDRESS(word->at)) {
		holding->area = scan_area_at(scan, word->at);
	}
	row->n_held_by++;
	return 0;
}

/* Who holds the largest block of a row, from who holds it himself to the root. */
static int find_holders(const struct judging *judging, struct stack *row)
{
	const struct block *largest = &row->blocks[0];
	size_t block;
	int error = 0;

	for (size_t i = 1; i < row->n_blocks; i++) {
		if (row->blocks[i].size_bytes > largest->size_bytes)
			largest = &row->blocks[i];
	}
	row->held_by = calloc(HOLDINGS_MAX, sizeof(*row->held_by));
	if (!row->held_by)
		return -ENOMEM;
	block = block_index(judging, largest->address);
	while (block < judging->n_blocks && !error) {
		const struct reach_holder *holder = &judging->result.holders[block];

		if (holder->word == REACH_NOBODY)
			break;
		row->held_by_more = row->n_held_by == HOLDINGS_MAX;
		if (row->held_by_more)
			break;
		error = add_holding(judging, row, block);
		block = holder->block;
	}
	return error;
}

/* A row of the stack for those of its blocks that are of this class, if there are any. */
static int add_row(const struct judging *judging, struct stack *row, const struct stack *stack, enum leak_class class)
{
	struct stack made = *stack;
	int error = 0;

	made.leak = class;
	made.addresses = calloc(stack->n_addresses + 1, sizeof(*made.addresses));
	made.blocks = calloc(stack->n_blocks + 1, sizeof(*made.blocks));
	made.placement = (struct placement){.nodes = NULL};
	made.n_blocks = 0;
	made.usage.live_blocks = made.usage.live_bytes = made.oldest_ns = 0;
	if (!made.addresses || !made.blocks)
		error = -ENOMEM;
	if (!error)
		error = placement_init(&made.placement, judging->snapshot->placement.nodes,
		                       judging->snapshot->placement.n_nodes);
	for (size_t i = 0; i < stack->n_addresses && !error; i++)
		made.addresses[i] = stack->addresses[i];
	for (size_t i = 0; i < stack->n_blocks && !error; i++) {
		const struct block *block = &stack->blocks[i];

		if (block->leak != class || block->left_out)
			continue;
		made.blocks[made.n_blocks++] = *block;
		made.usage.live_blocks++;
		made.usage.live_bytes += block->size_bytes;
		if (block->age_ns > made.oldest_ns)
			made.oldest_ns = block->age_ns;
		placement_add_block(&made.placement, block->size_bytes, block->node, block->cpu_node);
	}
	if (!error && class >= LEAK_POSSIBLE)
		error = find_holders(judging, &made);
	*row = made;
	return error;
}

static bool has_class(const struct stack *stack, enum leak_class class)
{
	for (size_t i = 0; i < stack->n_blocks; i++) {
		if (stack->blocks[i].leak == class && !stack->blocks[i].left_out)
			return true;
	}
	return false;
}

/* Rows of one process's stacks, behind those that there are in `rows`. */
static int add_rows(const struct judging *judging, struct stack *rows, size_t *n_rows, enum leak_class last)
{
	int error = 0;

	for (size_t i = 0; i < judging->snapshot->n_stacks; i++) {
		const struct stack *stack = &judging->snapshot->stacks[i];

		for (int class = LEAK_DEFINITE; class <= (int)last && !error; class ++) {
			if (is_of(judging, stack) && has_class(stack, (enum leak_class) class))
				error = add_row(judging, &rows[(*n_rows)++], stack, (enum leak_class) class);
		}
	}
	return error;
}

/* Of blocks from before there is a row for each class, too. */
static int add_rows_before(const struct judging *judging, struct stack *rows, size_t *n_rows, enum leak_class last)
{
	const struct snapshot *snapshot = judging->snapshot;
	size_t n_before = snapshot->processes[judging->process].scan->n_before;
	int error = 0;

	for (int class = LEAK_DEFINITE; class <= (int)last && n_before && !error; class ++) {
		struct stack row = {
		    .process = judging->process, .kind = KIND_HEAP, .leak = (enum leak_class) class, .before = true};

		row.blocks = calloc(n_before, sizeof(*row.blocks));
		if (!row.blocks)
			return -ENOMEM;
		for (size_t i = 0; i < judging->n_blocks; i++) {
			if (judging->places[i].stack != BEFORE || class_of(judging, i) != row.leak)
				continue;
			row.blocks[row.n_blocks++] = (struct block){.address = judging->blocks[i].address,
			                                            .size_bytes = judging->blocks[i].size_bytes,
			                                            .judged = true,
			                                            .leak = row.leak,
			                                            .node = -1};
			row.usage.live_bytes += judging->blocks[i].size_bytes;
		}
		row.usage.live_blocks = row.n_blocks;
		if (row.n_blocks && row.leak >= LEAK_POSSIBLE)
			error = find_holders(judging, &row);
		if (row.n_blocks)
			rows[(*n_rows)++] = row;
		else
			stack_clear(&row);
	}
	return error;
}

static void judging_clear(struct judging *judging)
{
	reach_result_free(&judging->result);
	free(judging->blocks);
	free(judging->places);
	free(judging->words);
}

static int judge_process(struct snapshot *snapshot, size_t process, struct stack *rows, size_t *n_rows,
                         enum leak_class last)
{
	struct judging judging = {.snapshot = snapshot, .process = process};
	struct reach_result result = {.classes = NULL};
	int error = list_blocks(&judging);

	if (!error)
		error = list_words(&judging, snapshot->processes[process].scan);
	if (!error)
		error = reach_classify(judging.blocks, judging.n_blocks, judging.words, judging.n_words, &result);
	if (!error) {
		judging.result = result;
		set_classes(&judging);
		error = add_rows(&judging, rows, n_rows, last);
		if (!error)
			error = add_rows_before(&judging, rows, n_rows, last);
	}
	judging_clear(&judging);
	return error;
}

int leaks_judge(struct snapshot *snapshot, bool with_reachable)
{
	struct stack *rows = calloc(LEAK_CLASS_COUNT * (snapshot->n_stacks + snapshot->n_processes) + 1, sizeof(*rows));
	size_t n_rows = 0;
	int error = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes && !error; i++) {
		if (snapshot->processes[i].scan)
			error =
			    judge_process(snapshot, i, rows, &n_rows, with_reachable ? LEAK_REACHABLE : LEAK_POSSIBLE);
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		stack_clear(&snapshot->stacks[i]);
	free(snapshot->stacks);
	snapshot->stacks = rows;
	snapshot->n_stacks = n_rows;
	return error;
}

/* Blocks whose age is not within [least, most]; the oldest of the others is the stack's. */
static void leave_out(struct stack *stack, uint64_t least_ns, uint64_t most_ns)
{
	stack->oldest_ns = 0;
	for (size_t i = 0; i < stack->n_blocks; i++) {
		struct block *block = &stack->blocks[i];

		if (block->left_out)
			continue;
		if (block->age_ns >= least_ns && block->age_ns <= most_ns) {
			if (block->age_ns > stack->oldest_ns)
				stack->oldest_ns = block->age_ns;
			continue;
		}
		block->left_out = true;
		stack->usage.live_bytes -= block->size_bytes;
		stack->usage.live_blocks--;
	}
}

void leaks_leave_out_younger(struct snapshot *snapshot, uint64_t older_ns)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		leave_out(&snapshot->stacks[i], older_ns, UINT64_MAX);
}

void leaks_leave_out_older(struct snapshot *snapshot, uint64_t younger_ns)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		leave_out(&snapshot->stacks[i], 0, younger_ns);
}

void leaks_leave_out_before(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		if (stack->before)
			stack->usage.live_bytes = stack->usage.live_blocks = 0;
	}
}
