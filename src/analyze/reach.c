// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks are the nodes of a graph and pointers its edges. Two searches from the roots find what is reachable and what
 * is so possibly; what is left is leaked. Of that, strongly connected components nothing leads to from outside are
 * lost by themselves, and of such a component one block stands for all: the others are lost with it. Tarjan,
 * Depth-First Search and Linear Graph Algorithms, SIAM J. Comput. 1 (1972), without recursion.
 */
#include "analyze/reach.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define LOW_TAG_BITS 3ULL

/* A pointer from one block to another. */
struct edge {
	uint32_t to;
	uint32_t word : 31;
	uint32_t interior : 1;
};

struct graph {
	const struct reach_block *blocks;
	const struct reach_word *words;
	size_t n_blocks, n_words;
	uint32_t *enclosing; /* by block: the one that it lies in, or REACH_NOBODY */
	struct edge *edges;  /* in the order of the blocks that they come from */
	size_t *first_edge;  /* by block, and one more */
	uint32_t *queue;
	struct reach_result *result;
};

static bool within(const struct reach_block *block, uint64_t address, bool with_slack)
{
	uint64_t size = block->size_bytes + (with_slack ? block->slack_bytes : 0);

	return address - block->address < (size ? size : 1);
}

/* The innermost block that the address lies in, or in the slack behind it if that counts, or REACH_NOBODY. */
static uint32_t block_at(const struct graph *graph, uint64_t address, bool with_slack)
{
	size_t low = 0, high = graph->n_blocks;
	uint32_t block;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->blocks[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	block = low ? (uint32_t)(low - 1) : REACH_NOBODY;
	while (block != REACH_NOBODY && !within(&graph->blocks[block], address, with_slack))
		block = graph->enclosing[block];
	return block;
}

/* Of a word that has no meaning. */
#define LEADS_NOWHERE (REACH_NOBODY - 1)

/* The block that the word lies in; REACH_NOBODY: it is a root; LEADS_NOWHERE: it has begun in the slack, or ends there.
 */
static uint32_t holder_of(const struct graph *graph, size_t word)
{
	uint64_t at = graph->words[word].at;
	const struct reach_block *block;
	uint32_t holder;

	if (!REACH_IS_ADDRESS(at))
		return REACH_NOBODY;
	holder = block_at(graph, at, true);
	if (holder == REACH_NOBODY)
		return REACH_NOBODY;
	block = &graph->blocks[holder];
	if (block->slack_bytes && !block->slack_counts && at + sizeof(uint64_t) > block->address + block->size_bytes)
		return LEADS_NOWHERE;
	return holder;
}

static void find_enclosing(struct graph *graph)
{
	for (size_t i = 0; i < graph->n_blocks; i++) {
		uint32_t outer = i ? (uint32_t)(i - 1) : REACH_NOBODY;

		while (outer != REACH_NOBODY && !within(&graph->blocks[outer], graph->blocks[i].address, true))
			outer = graph->enclosing[outer];
		graph->enclosing[i] = outer;
	}
}

static struct edge edge_of(const struct graph *graph, size_t word)
{
	uint64_t at = graph->words[word].at, address = REACH_UNTAGGED(graph->words[word].value);
	struct edge edge = {.to = block_at(graph, address, false), .word = (uint32_t)word};

	if (edge.to != REACH_NOBODY) {
		uint64_t start = graph->blocks[edge.to].address;

		edge.interior = !REACH_IS_ADDRESS(at) && !REACH_IS_REGISTER(at);
		if (!graph->blocks[edge.to].divided && !REACH_IS_STACK_POINTER(at))
			edge.interior |= address != start && (address & ~((1ULL << LOW_TAG_BITS) - 1)) != start;
	}
	return edge;
}

/* Words lie in the order of the blocks that they are in, unless a block encloses others. */
static int make_edges(struct graph *graph)
{
	uint32_t *from = malloc((graph->n_words + 1) * sizeof(*from));
	size_t *next;

	graph->edges = malloc((graph->n_words + 1) * sizeof(*graph->edges));
	graph->first_edge = calloc(graph->n_blocks + 2, sizeof(*graph->first_edge));
	next = malloc((graph->n_blocks + 1) * sizeof(*next));
	if (!from || !graph->edges || !graph->first_edge || !next) {
		free(from);
		free(next);
		return -ENOMEM;
	}
	for (size_t i = 0; i < graph->n_words; i++) {
		from[i] = holder_of(graph, i);
		if (from[i] < LEADS_NOWHERE)
			graph->first_edge[from[i] + 1]++;
	}
	for (size_t i = 0; i < graph->n_blocks; i++) {
		graph->first_edge[i + 1] += graph->first_edge[i];
		next[i] = graph->first_edge[i];
	}
	for (size_t i = 0; i < graph->n_words; i++) {
		if (from[i] < LEADS_NOWHERE)
			graph->edges[next[from[i]]++] = edge_of(graph, i);
	}
	free(from);
	free(next);
	return 0;
}

/* A search that is under way: blocks found whose own pointers are still to be looked at. */
struct search {
	struct graph *graph;
	size_t begin, end; /* in graph->queue */
	enum leak_class class;
};

static void find(struct search *search, struct edge edge, uint32_t from)
{
	struct reach_result *result = search->graph->result;

	if (edge.to == REACH_NOBODY || result->classes[edge.to] != LEAK_UNJUDGED)
		return;
	result->classes[edge.to] = search->class;
	result->holders[edge.to] = (struct reach_holder){.block = from, .word = edge.word};
	search->graph->queue[search->end++] = edge.to;
}

static void find_from_block(struct search *search, uint32_t block, bool interior)
{
	const struct graph *graph = search->graph;

	for (size_t i = graph->first_edge[block]; i < graph->first_edge[block + 1]; i++) {
		if (interior || !graph->edges[i].interior)
			find(search, graph->edges[i], block);
	}
}

static void find_from_roots(struct search *search, bool interior)
{
	const struct graph *graph = search->graph;

	for (size_t i = 0; i < graph->n_words; i++) {
		if (holder_of(graph, i) == REACH_NOBODY) {
			struct edge edge = edge_of(graph, i);

			if (edge.interior == interior)
				find(search, edge, REACH_NOBODY);
		}
	}
}

/* First what pointers to beginnings alone lead to; then, from there on, what any pointer leads to. */
static void find_reachable(struct graph *graph)
{
	struct search search = {.graph = graph, .class = LEAK_REACHABLE};
	size_t reachable;

	find_from_roots(&search, false);
	while (search.begin < search.end)
		find_from_block(&search, graph->queue[search.begin++], false);
	reachable = search.end;
	search.class = LEAK_POSSIBLE;
	find_from_roots(&search, true);
	for (size_t i = 0; i < reachable; i++)
		find_from_block(&search, graph->queue[i], true);
	while (search.begin < search.end)
		find_from_block(&search, graph->queue[search.begin++], true);
}

/* A block on the path of the depth-first search, and its next edge. */
struct step {
	size_t edge;
	uint32_t block;
};

struct components {
	struct graph *graph;
	uint32_t *number, *low; /* by block, from 1 on; 0: not found yet */
	uint32_t *stack;        /* blocks whose component is not whole yet */
	uint32_t *component;    /* by block, its leader: the block of the lowest address; REACH_NOBODY: none yet */
	struct step *path;
	size_t n_numbers, n_stack, n_path;
};

static bool leaked(const struct components *components, uint32_t block)
{
	return block != REACH_NOBODY && components->graph->result->classes[block] == LEAK_UNJUDGED;
}

static void enter(struct components *components, uint32_t block)
{
	components->number[block] = components->low[block] = (uint32_t)++components->n_numbers;
	components->stack[components->n_stack++] = block;
	components->path[components->n_path++] =
	    (struct step){.edge = components->graph->first_edge[block], .block = block};
}

static void close_component(struct components *components, uint32_t block)
{
	size_t from = components->n_stack;
	uint32_t leader = block;

	do {
		from--;
		if (components->stack[from] < leader)
			leader = components->stack[from];
	} while (components->stack[from] != block);
	for (size_t i = from; i < components->n_stack; i++)
		components->component[components->stack[i]] = leader;
	components->n_stack = from;
}

static void leave(struct components *components, uint32_t block)
{
	components->n_path--;
	if (components->low[block] == components->number[block])
		close_component(components, block);
	if (components->n_path) {
		uint32_t before = components->path[components->n_path - 1].block;

		if (components->low[block] < components->low[before])
			components->low[before] = components->low[block];
	}
}

static void walk_component(struct components *components, uint32_t first)
{
	const struct graph *graph = components->graph;

	enter(components, first);
	while (components->n_path) {
		struct step *step = &components->path[components->n_path - 1];
		uint32_t block = step->block, to;

		if (step->edge == graph->first_edge[block + 1]) {
			leave(components, block);
			continue;
		}
		to = graph->edges[step->edge++].to;
		if (!leaked(components, to))
			continue;
		if (!components->number[to])
			enter(components, to);
		else if (components->component[to] == REACH_NOBODY && components->number[to] < components->low[block])
			components->low[block] = components->number[to];
	}
}

/* Into which components a pointer leads from another one; marks by the leader. */
static void mark_led_to(const struct components *components, bool *led_to)
{
	const struct graph *graph = components->graph;

	for (size_t from = 0; from < graph->n_blocks; from++) {
		for (size_t i = graph->first_edge[from]; i < graph->first_edge[from + 1] && leaked(components, from);
		     i++) {
			uint32_t to = graph->edges[i].to;

			if (leaked(components, to) && components->component[to] != components->component[from])
				led_to[components->component[to]] = true;
		}
	}
}

static void classify_leaked(const struct components *components, const bool *led_to)
{
	struct reach_result *result = components->graph->result;

	for (uint32_t i = 0; i < components->graph->n_blocks; i++) {
		if (leaked(components, i))
			result->classes[i] =
			    components->component[i] == i && !led_to[i] ? LEAK_DEFINITE : LEAK_INDIRECT;
	}
}

static int find_leaked(struct graph *graph)
{
	size_t n = graph->n_blocks + 1;
	struct components components = {.graph = graph};
	bool *led_to = calloc(n, sizeof(*led_to));
	int error = -ENOMEM;

	components.number = calloc(n, sizeof(*components.number));
	components.low = calloc(n, sizeof(*components.low));
	components.stack = calloc(n, sizeof(*components.stack));
	components.component = calloc(n, sizeof(*components.component));
	components.path = calloc(n, sizeof(*components.path));
	if (led_to && components.number && components.low && components.stack && components.component &&
	    components.path) {
		error = 0;
		for (size_t i = 0; i < graph->n_blocks; i++)
			components.component[i] = REACH_NOBODY;
		for (uint32_t i = 0; i < graph->n_blocks; i++) {
			if (leaked(&components, i) && !components.number[i])
				walk_component(&components, i);
		}
		mark_led_to(&components, led_to);
		classify_leaked(&components, led_to);
	}
	free(led_to);
	free(components.number);
	free(components.low);
	free(components.stack);
	free(components.component);
	free(components.path);
	return error;
}

static int classify(struct graph *graph)
{
	struct reach_result *result = graph->result;
	int error;

	result->classes = malloc(graph->n_blocks + 1);
	result->holders = malloc((graph->n_blocks + 1) * sizeof(*result->holders));
	graph->enclosing = malloc((graph->n_blocks + 1) * sizeof(*graph->enclosing));
	graph->queue = malloc((graph->n_blocks + 1) * sizeof(*graph->queue));
	if (!result->classes || !result->holders || !graph->enclosing || !graph->queue)
		return -ENOMEM;
	for (size_t i = 0; i < graph->n_blocks; i++) {
		result->classes[i] = LEAK_UNJUDGED;
		result->holders[i] = (struct reach_holder){.block = REACH_NOBODY, .word = REACH_NOBODY};
	}
	find_enclosing(graph);
	error = make_edges(graph);
	if (error)
		return error;
	find_reachable(graph);
	return find_leaked(graph);
}

int reach_classify(const struct reach_block *blocks, size_t n_blocks, const struct reach_word *words, size_t n_words,
                   struct reach_result *result)
{
	struct graph graph = {
	    .blocks = blocks, .n_blocks = n_blocks, .words = words, .n_words = n_words, .result = result};
	int error;

	*result = (struct reach_result){.classes = NULL};
	if (n_blocks >= LEADS_NOWHERE || n_words > INT32_MAX)
		return -E2BIG;
	error = classify(&graph);
	free(graph.enclosing);
	free(graph.edges);
	free(graph.first_edge);
	free(graph.queue);
	if (error)
		reach_result_free(result);
	return error;
}

void reach_result_free(struct reach_result *result)
{
	free(result->classes);
	free(result->holders);
	*result = (struct reach_result){.classes = NULL};
}
