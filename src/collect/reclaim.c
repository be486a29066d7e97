// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round: rows that are idle are taken out of the index, and walks remembered are forgotten, so
 * that no program that begins finds them. When all have ended that ran then, a row's number stands
 * nowhere but in what can be looked at: live blocks (its counts say so), mappings, events not handled
 * yet, and pending calls. A row that none of them has is nobody's any more.
 *
 * A row that is not in the index, for having been used again meanwhile or because the program that
 * made it found no place for it, stays for a later round; its stack gets another row when it comes
 * again, and reports add the two up.
 */
#include "collect/reclaim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collect/internal.h"
#include "collect/iterate.h"

/* What is known of a row in a round. */
enum {
	SEEN = 1, /* it was written before the round began */
	IDLE = 2, /* as many frees as allocations */
	HELD = 4, /* something refers to it */
};

/* How much it was used since it was last looked at: 0, then powers of two. */
#define LEVELS 33

struct row_state {
	uint8_t flags, level;
};

struct round {
	struct session *session;
	struct row_state *rows;
	uint32_t end;
	uint64_t rows_at[LEVELS], pieces_at[LEVELS]; /* that idle rows have */
};

#define AGAIN_NS 1000000000 /* until the next round when the last one found little */

static uint64_t pieces_of(const struct mt_stack *row)
{
	return (row->n_frames + MT_PIECE_FRAMES - 1) / MT_PIECE_FRAMES;
}

static uint64_t load(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static bool row_idle(const struct session *session, uint32_t number)
{
	const struct mt_stack *row = &session->stacks.rows[number];
	const struct usage *ranges = &session->range_usage[number];

	if (row->owner == MT_NOBODY)
		return true;
	return load(&row->alloc_count) == load(&row->free_count) && ranges->alloc_count == ranges->free_count;
}

static uint8_t row_level(const struct session *session, uint32_t number)
{
	uint32_t *looked = &session->reclaim.looked[number];
	uint32_t count = load(&session->stacks.rows[number].alloc_count) + session->range_usage[number].alloc_count;
	uint32_t used = count - *looked;

	*looked = count;
	return used ? 32 - __builtin_clz(used) : 0;
}

static void look(struct round *round)
{
	const struct session *session = round->session;

	for (uint32_t i = MT_NO_STACKS; i < round->end; i++) {
		const struct mt_stack *row = &session->stacks.rows[i];
		struct row_state *state = &round->rows[i];

		if (!(__atomic_load_n(&row->flags, __ATOMIC_ACQUIRE) & MT_STACK_USED))
			continue;
		state->flags = SEEN | (row_idle(session, i) ? IDLE : 0);
		state->level = row_level(session, i);
		if (!(state->flags & IDLE))
			continue;
		round->rows_at[state->level]++;
		round->pieces_at[state->level] += pieces_of(row);
	}
}

/* How many are to become free: until three quarters are. */
static uint64_t wanted(const struct free_list *free)
{
	uint64_t left = free_list_left(free), aim = (uint64_t)free->n * 3 / 4;

	return left < aim ? aim - left : 0;
}

/* The level up to which idle rows go: the least used first. */
static uint8_t choose(const struct round *round)
{
	const struct stack_table *table = &round->session->stacks;
	uint64_t rows = round->rows_at[0], pieces = round->pieces_at[0];
	uint8_t level = 0;

	while (level + 1 < LEVELS && (rows < wanted(&table->free_rows) || pieces < wanted(&table->free_pieces))) {
		level++;
		rows += round->rows_at[level];
		pieces += round->pieces_at[level];
	}
	return level;
}

/* The row that a word of the index leads to; NULL for one that is not of this round. */
static struct row_state *word_row(const struct round *round, uint64_t word)
{
	uint32_t number = (uint32_t)word - 1;

	return word && number < round->end ? &round->rows[number] : NULL;
}

static void take_from_index(struct round *round, uint8_t level)
{
	const struct stack_table *table = &round->session->stacks;

	for (uint32_t i = 0; i < table->n_buckets; i++) {
		for (int j = 0; j < MT_INDEX_SLOTS; j++) {
			__u64 *word = &table->index[i].word[j];
			const struct row_state *row = word_row(round, load(word));

			if (row && row->flags & IDLE && row->level <= level)
				__atomic_store_n(word, 0, __ATOMIC_RELEASE);
		}
	}
}

/* What is remembered of walks is for one version. */
static void forget_walks(const struct session *session)
{
	for (size_t i = 0; i < session->n_targets; i++)
		__atomic_fetch_add(&session->tracing.processes[i].walk_version, 1, __ATOMIC_RELEASE);
}

static void hold(void *context, uint32_t number)
{
	struct round *round = context;

	if (number < round->end)
		round->rows[number].flags |= HELD;
}

static void hold_indexed(struct round *round)
{
	const struct stack_table *table = &round->session->stacks;

	for (uint32_t i = 0; i < table->n_buckets; i++) {
		for (int j = 0; j < MT_INDEX_SLOTS; j++) {
			struct row_state *row = word_row(round, load(&table->index[i].word[j]));

			if (row)
				row->flags |= HELD;
		}
	}
}

/* Events that could not be handled may be of any mapping. */
static void hold_mapped(struct round *round)
{
	const struct session *session = round->session;
	bool whole = !events_consume(round->session) && events_whole(session);

	for (uint32_t i = MT_NO_STACKS; i < round->end && !whole; i++) {
		if (session->stacks.rows[i].kind != KIND_HEAP)
			hold(round, i);
	}
	for (size_t i = 0; i < session->n_targets; i++)
		ranges_each_stack(session->targets[i]->ranges, hold, round);
}

static int hold_number(void *context, const void *record)
{
	uint32_t number;

	memcpy(&number, record, sizeof(number));
	hold(context, number);
	return 0;
}

static int hold_pending(struct round *round)
{
	return iterate(round->session->tracing.bpf->progs.pending_stacks, sizeof(uint32_t), hold_number, round);
}

/* Adds a row's sums to those of its process's row without frames, unless they are of an earlier program. */
static void keep_sums(struct session *session, uint32_t number)
{
	const struct mt_stack *row = &session->stacks.rows[number];
	uint32_t slot = row->owner / MT_GENERATIONS, to;
	struct mt_stack *sums;

	if (slot >= session->n_targets || row->owner != MT_OWNER(slot, session->tracing.processes[slot].generation))
		return;
	to = MT_NO_STACK(slot, row->kind);
	sums = &session->stacks.rows[to];
	__atomic_fetch_add(&sums->alloc_bytes, row->alloc_bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->alloc_count, row->alloc_count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->free_bytes, row->free_bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->free_count, row->free_count, __ATOMIC_RELAXED);
	usage_add(&session->range_usage[to], &session->range_usage[number]);
}

static void sweep(struct round *round)
{
	struct session *session = round->session;

	for (uint32_t i = MT_NO_STACKS; i < round->end; i++) {
		uint8_t flags = round->rows[i].flags;

		if (!(flags & SEEN) || flags & HELD || !row_idle(session, i))
			continue;
		keep_sums(session, i);
		session->range_usage[i] = (struct usage){0};
		session->reclaim.looked[i] = 0;
		stack_table_give_back(&session->stacks, i);
	}
}

static void run_round(struct round *round)
{
	look(round);
	take_from_index(round, choose(round));
	forget_walks(round->session);
	if (live_settle(round->session->live))
		return; /* what was taken out is found in a later round */
	hold_mapped(round);
	hold_indexed(round);
	if (!hold_pending(round))
		sweep(round);
}

/* The next round is due when half are used; where this one could not reach that, after a third of what it left. */
static uint64_t set_mark(const struct free_list *free)
{
	uint64_t mark = free_list_left(free) * 2 / 3;

	if (mark > free->n / 2)
		mark = free->n / 2;
	__atomic_store_n(&free->list->wake_at, free->list->given - mark + 1, __ATOMIC_RELAXED);
	return mark;
}

static void set_marks(struct session *session)
{
	session->reclaim.row_mark = set_mark(&session->stacks.free_rows);
	session->reclaim.piece_mark = set_mark(&session->stacks.free_pieces);
}

static bool half_used(const struct free_list *free)
{
	return 2 * free_list_left(free) < free->n;
}

static bool due(const struct session *session)
{
	const struct stack_table *table = &session->stacks;
	const struct reclaim *reclaim = &session->reclaim;

	if (free_list_left(&table->free_rows) < reclaim->row_mark ||
	    free_list_left(&table->free_pieces) < reclaim->piece_mark)
		return true;
	return (half_used(&table->free_rows) || half_used(&table->free_pieces)) &&
	       clock_ns(CLOCK_MONOTONIC) - reclaim->last_ns > AGAIN_NS;
}

void reclaim_when_crowded(struct session *session)
{
	struct round round = {.session = session, .end = stack_table_end(&session->stacks)};

	if (!due(session))
		return;
	round.rows = calloc(round.end, sizeof(*round.rows));
	if (round.rows)
		run_round(&round);
	free(round.rows);
	set_marks(session);
	session->reclaim.last_ns = clock_ns(CLOCK_MONOTONIC);
}

int reclaim_new(struct session *session)
{
	session->reclaim.looked = calloc(session->stacks.n_rows, sizeof(*session->reclaim.looked));
	if (!session->reclaim.looked)
		return -ENOMEM;
	set_marks(session);
	return 0;
}

void reclaim_free(struct session *session)
{
	free(session->reclaim.looked);
}
