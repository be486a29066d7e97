// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/choose_moments.h"

#include <errno.h>
#include <stdlib.h>

/* A stretch of time, and what would be shown of it. */
struct stretch {
	size_t high, low; /* moments; NOWHERE: none */
};

#define NOWHERE SIZE_MAX

/* Moments that one stored whole leads to. */
struct chain {
	size_t whole, furthest; /* the last of them that is wanted */
	uint64_t gain_bytes;    /* how far what is wanted lies from the one stored whole, at most */
};

struct choosing {
	const struct moments_asked *asked;
	bool *reached; /* moments that may be chosen */
	bool *chosen;
	size_t n_chosen;
};

static uint64_t live_at(const struct choosing *choosing, size_t moment)
{
	return choosing->asked->moments[moment].live_bytes;
}

static void keep(struct choosing *choosing, size_t moment)
{
	if (moment == NOWHERE || choosing->chosen[moment] || choosing->n_chosen == choosing->asked->max)
		return;
	choosing->chosen[moment] = true;
	choosing->n_chosen++;
}

/* Of what is reached, or of all, of the moments [first, end). */
static struct stretch find_extremes(const struct choosing *choosing, size_t first, size_t end, bool all)
{
	struct stretch found = {.high = NOWHERE, .low = NOWHERE};

	for (size_t i = first; i < end; i++) {
		if (!all && !choosing->reached[i])
			continue;
		if (found.high == NOWHERE || live_at(choosing, i) > live_at(choosing, found.high))
			found.high = i;
		if (found.low == NOWHERE || live_at(choosing, i) < live_at(choosing, found.low))
			found.low = i;
	}
	return found;
}

/* A chain's wanted moment. `chains`: by the moment that is stored whole. */
static void want(const struct choosing *choosing, struct chain *chains, size_t moment)
{
	size_t whole = choosing->asked->whole[moment];
	struct chain *chain = &chains[whole];
	uint64_t there = live_at(choosing, whole), here = live_at(choosing, moment);
	uint64_t gain_bytes = here > there ? here - there : there - here;

	chain->whole = whole;
	if (moment > chain->furthest)
		chain->furthest = moment;
	if (gain_bytes > chain->gain_bytes)
		chain->gain_bytes = gain_bytes;
}

static int by_gain(const void *left, const void *right)
{
	const struct chain *a = left, *b = right;

	if (a->gain_bytes != b->gain_bytes)
		return a->gain_bytes < b->gain_bytes ? 1 : -1;
	return (a->whole > b->whole) - (a->whole < b->whole);
}

/* Goes through those chains that tell most, as far as may be. */
static int reach(struct choosing *choosing, size_t n_stretches)
{
	const struct moments_asked *asked = choosing->asked;
	struct chain *chains = calloc(asked->n, sizeof(*chains));
	size_t left = asked->passed_max;

	if (!chains)
		return -ENOMEM;
	for (size_t i = 0; i < n_stretches; i++) {
		struct stretch wanted =
		    find_extremes(choosing, i * asked->n / n_stretches, (i + 1) * asked->n / n_stretches, true);

		want(choosing, chains, wanted.high);
		want(choosing, chains, wanted.low);
	}
	qsort(chains, asked->n, sizeof(*chains), by_gain);
	for (size_t i = 0; i < asked->n && chains[i].gain_bytes; i++) {
		size_t passed = chains[i].furthest - chains[i].whole;

		if (passed > left)
			continue;
		left -= passed;
		for (size_t moment = chains[i].whole; moment <= chains[i].furthest; moment++)
			choosing->reached[moment] = true;
	}
	free(chains);
	return 0;
}

static int choose_of_stretches(struct choosing *choosing)
{
	const struct moments_asked *asked = choosing->asked;
	size_t n_stretches = (asked->max - choosing->n_chosen) / 2;
	bool all = asked->passed_max >= asked->n;
	int error = 0;

	if (n_stretches > asked->n)
		n_stretches = asked->n;
	for (size_t i = 0; i < asked->n; i++)
		choosing->reached[i] = all || asked->whole[i] == i;
	if (!all && n_stretches)
		error = reach(choosing, n_stretches);
	for (size_t i = 0; i < n_stretches && !error; i++) {
		struct stretch found =
		    find_extremes(choosing, i * asked->n / n_stretches, (i + 1) * asked->n / n_stretches, false);

		keep(choosing, found.high);
		keep(choosing, found.low);
	}
	return error;
}

int moments_choose(const struct moments_asked *asked, bool *chosen)
{
	struct choosing choosing = {.asked = asked, .chosen = chosen, .reached = calloc(asked->n, sizeof(bool))};
	int error;

	if (!choosing.reached)
		return -ENOMEM;
	for (size_t i = 0; i < asked->n; i++)
		chosen[i] = false;
	keep(&choosing, asked->shown);
	keep(&choosing, 0);
	keep(&choosing, asked->n - 1);
	keep(&choosing, find_extremes(&choosing, 0, asked->n, true).high);
	for (size_t i = 0; i < asked->n && asked->n <= asked->max && asked->passed_max >= asked->n; i++)
		keep(&choosing, i);
	error = choose_of_stretches(&choosing);
	free(choosing.reached);
	return error;
}
