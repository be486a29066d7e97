// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The central cache: for each class the spans that have free objects and those that have none, and chains of objects
 * that threads gave back and will get again. It counts its spans and what is free in them.
 */
#include <errno.h>
#include <string.h>

#include "heap/tcmalloc_state.h"

struct central {
	uint64_t address;
	uint8_t bytes[CENTRAL_READ_BYTES];
};

static uint64_t central_word(const struct central *central, size_t offset)
{
	return heap_word(central->bytes + offset);
}

static uint32_t central_half(const struct central *central, size_t offset)
{
	uint32_t half;

	memcpy(&half, central->bytes + offset, sizeof(half));
	return half;
}

/* What was met along one class's lists of spans. */
struct tally {
	uint64_t spans, free_objects;
};

/* A ring of descriptions through the list's head. False where it is cut, or has what is not its own. */
static bool follow_spans(struct tcmalloc *tcmalloc, const struct central *central, size_t head, uint32_t size_class,
                         struct tally *tally)
{
	uint64_t before = central->address + head, at = central_word(central, head + SPAN_NEXT);

	while (at != central->address + head) {
		struct tcmalloc_span *span = tcmalloc_described(tcmalloc, at);
		uint64_t links[2];

		if (!span || span->size_class != size_class || span->is_listed || !span->n_objects ||
		    !span->list != (head == CENTRAL_EMPTY) ||
		    !tcmalloc_read(tcmalloc, at + SPAN_NEXT, links, sizeof(links)) || links[1] != before)
			return false;
		span->is_listed = true;
		tally->spans++;
		tally->free_objects += span->n_objects - span->n_handed_out;
		before = at;
		at = links[0];
	}
	return central_word(central, head + SPAN_PREVIOUS) == before;
}

static bool has_spans(struct tcmalloc *tcmalloc, const struct central *central, uint32_t size_class)
{
	struct tally tally = {0};

	return follow_spans(tcmalloc, central, CENTRAL_EMPTY, size_class, &tally) &&
	       follow_spans(tcmalloc, central, CENTRAL_NONEMPTY, size_class, &tally) &&
	       central_word(central, CENTRAL_SPANS) == tally.spans &&
	       central_word(central, CENTRAL_FREE) == tally.free_objects;
}

/* Chains are all of the same length. 0, -ENOMEM, or -EBADMSG. */
static int read_chains(struct tcmalloc *tcmalloc, const struct central *central, uint32_t size_class)
{
	uint32_t used = central_half(central, CENTRAL_USED_SLOTS);

	if (used > CENTRAL_SLOT_COUNT || used > central_half(central, CENTRAL_USED_SLOTS + sizeof(used)))
		return -EBADMSG;
	for (uint32_t i = 0; i < used; i++) {
		size_t slot = CENTRAL_SLOTS + i * 2 * sizeof(uint64_t);
		struct tcmalloc_list chain = {
		    .first = central_word(central, slot),
		    .last = central_word(central, slot + sizeof(uint64_t)),
		    .length = tcmalloc->classes[size_class].batch,
		    .size_class = size_class,
		};
		int err = tcmalloc_follow(tcmalloc, &chain);

		if (err)
			return err == -ENOMEM ? err : -EBADMSG;
	}
	return 0;
}

static int read_class(struct tcmalloc *tcmalloc, uint32_t size_class)
{
	struct heap_walk *walk = tcmalloc->walk;
	struct central central = {.address = tcmalloc->central + size_class * CENTRAL_BYTES};
	int err = -EBADMSG;

	if (heap_read(walk, central.address, central.bytes, sizeof(central.bytes)) &&
	    central_word(&central, CENTRAL_CLASS) == size_class) {
		bool has_all = has_spans(tcmalloc, &central, size_class);

		err = read_chains(tcmalloc, &central, size_class);
		if (!err && !has_all)
			err = -EBADMSG;
		if (err != -ENOMEM && central_half(&central, 0))
			err = -EBUSY;
	}
	if (err == -ENOMEM || !err)
		return err;
	heap_trouble_note(walk, err == -EBUSY ? HEAP_BUSY : HEAP_BAD_LIST, central.address);
	tcmalloc->classes[size_class].is_doubtful = true;
	return 0;
}

int tcmalloc_read_central(struct tcmalloc *tcmalloc)
{
	int err = 0;

	for (uint32_t i = 1; i < tcmalloc->n_classes && !err; i++)
		err = read_class(tcmalloc, i);
	return err;
}
