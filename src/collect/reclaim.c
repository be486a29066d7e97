// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round: rows that are idle are taken out of the index, and walks remembered are forgotten, so
 * that no program that begins finds them. When all have ended that ran then, a row's number stands
 * nowhere but in what can be looked at: live blocks (its counts say so), and what the session knows of (mappings,
 * events not handled yet, pending calls). A row that none of them has is nobody's any more.
 *
 * A row that is not in the index, for having been used again meanwhile or because the program that
 * made it found no place for it, stays for a later round; its stack gets another row when it comes
 * again, and reports add the two up.
 */
#include "collect/reclaim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "collect/internal.h"

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

struct reclaim_round {
	struct reclaim *reclaim;
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

static bool row_idle(const struct reclaim *reclaim, uint32_t number)
{
	const struct mt_stack *row = &reclaim->stacks->rows[number];

	if (row->owner == MT_NOBODY)
		return true;
	return load(&row->alloc_count) == load(&row->free_count) && reclaim->ops->idle(reclaim->session, number);
}

static uint8_t row_level(struct reclaim *reclaim, uint32_t number)
{
	uint32_t *looked = &reclaim->looked[number];
	uint32_t count =
	    load(&reclaim->stacks->rows[number].alloc_count) + reclaim->ops->used(reclaim->session, number);
	uint32_t used = count - *looked;

	*looked = count;
	return used ? 32 - __builtin_clz(used) : 0;
}

static void look(struct reclaim_round *round)
{
	struct reclaim *reclaim = round->reclaim;

	for (uint32_t i = MT_NO_STACKS; i < round->end; i++) {
		const struct mt_stack *row = &reclaim->stacks->rows[i];
		struct row_state *state = &round->rows[i];

		if (!(__atomic_load_n(&row->flags, __ATOMIC_ACQUIRE) & MT_STACK_USED))
			continue;
		state->flags = SEEN | (row_idle(reclaim, i) ? IDLE : 0);
		state->level = row_level(reclaim, i);
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
static uint8_t choose(const struct reclaim_round *round)
{
	const struct stack_table *table = round->reclaim->stacks;
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
static struct row_state *word_row(const struct reclaim_round *round, uint64_t word)
{
	uint32_t number = (uint32_t)word - 1;

	return word && number < round->end ? &round->rows[number] : NULL;
}

static void take_from_index(struct reclaim_round *round, uint8_t level)
{
	const struct stack_table *table = round->reclaim->stacks;

	for (uint32_t i = 0; i < table->n_buckets; i++) {
		for (int j = 0; j < MT_INDEX_SLOTS; j++) {
			__u64 *word = &table->index[i].word[j];
			const struct row_state *row = word_row(round, load(word));

			if (row && row->flags & IDLE && row->level <= level)
				__atomic_store_n(word, 0, __ATOMIC_RELEASE);
		}
	}
}

void reclaim_hold(struct reclaim_round *round, uint32_t number)
{
	if (number < round->end)
		round->rows[number].flags |= HELD;
}

static void hold_indexed(struct reclaim_round *round)
{
	const struct stack_table *table = round->reclaim->stacks;

	for (uint32_t i = 0; i < table->n_buckets; i++) {
		for (int j = 0; j < MT_INDEX_SLOTS; j++) {
			struct row_state *row = word_row(round, load(&table->index[i].word[j]));

			if (row)
				row->flags |= HELD;
		}
	}
}

static void sweep(struct reclaim_round *round)
{
	struct reclaim *reclaim = round->reclaim;

	for (uint32_t i = MT_NO_STACKS; i < round->end; i++) {
		uint8_t flags = round->rows[i].flags;

		if (!(flags & SEEN) || flags & HELD || !row_idle(reclaim, i))
			continue;
		reclaim->ops->keep_sums(reclaim->session, i);
		reclaim->looked[i] = 0;
		stack_table_give_back(reclaim->stacks, i);
	}
}

static void run_round(struct reclaim_round *round, struct live *live)
{
	struct reclaim *reclaim = round->reclaim;

	look(round);
	take_from_index(round, choose(round));
	reclaim->ops->forget_walks(reclaim->session);
	if (live_settle(live))
		return; /* what was taken out is found in a later round */
	hold_indexed(round);
	if (!reclaim->ops->hold(reclaim->session, round, round->end))
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

static void set_marks(struct reclaim *reclaim)
{
	reclaim->row_mark = set_mark(&reclaim->stacks->free_rows);
	reclaim->piece_mark = set_mark(&reclaim->stacks->free_pieces);
}

static bool half_used(const struct free_list *free)
{
	return 2 * free_list_left(free) < free->n;
}

static bool due(const struct reclaim *reclaim)
{
	const struct stack_table *table = reclaim->stacks;

	if (free_list_left(&table->free_rows) < reclaim->row_mark ||
	    free_list_left(&table->free_pieces) < reclaim->piece_mark)
		return true;
	return (half_used(&table->free_rows) || half_used(&table->free_pieces)) &&
	       clock_ns(CLOCK_MONOTONIC) - reclaim->last_ns > AGAIN_NS;
}

void reclaim_when_crowded(struct reclaim *reclaim, struct live *live)
{
	struct reclaim_round round = {.reclaim = reclaim, .end = stack_table_end(reclaim->stacks)};

	if (!due(reclaim))
		return;
	round.rows = calloc(round.end, sizeof(*round.rows));
	if (round.rows)
		run_round(&round, live);
	free(round.rows);
	set_marks(reclaim);
	reclaim->last_ns = clock_ns(CLOCK_MONOTONIC);
}

int reclaim_init(struct reclaim *reclaim, const struct reclaim_ops *ops, void *session, struct stack_table *stacks)
{
	*reclaim = (struct reclaim){.ops = ops, .session = session, .stacks = stacks};
	reclaim->looked = calloc(stacks->n_rows, sizeof(*reclaim->looked));
	if (!reclaim->looked)
		return -ENOMEM;
	set_marks(reclaim);
	return 0;
}

void reclaim_free(struct reclaim *reclaim)
{
	free(reclaim->looked);
}
