// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_parts.h"

#include <string.h>

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_stack(const struct memory_parts *parts, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < parts->n_stack_pointers; i++) {
		if (parts->stack_pointers[i] >= start && parts->stack_pointers[i] < end)
			return true;
	}
	return false;
}

/* Takes the pieces' shares out of the `rest` of a mapping's pages, and returns what then is left. */
static uint64_t take_pieces(struct memory_parts *parts, const struct maps_row *mapping, uint64_t rest)
{
	size_t i = parts->next;

	while (i < parts->n_pieces && parts->pieces[i].end <= mapping->start)
		i++;
	parts->next = i;
	for (; i < parts->n_pieces && parts->pieces[i].start < mapping->end && rest; i++) {
		const struct memory_piece *piece = &parts->pieces[i];
		uint64_t start = larger(piece->start, mapping->start), end = smaller(piece->end, mapping->end);
		bool whole = start == mapping->start && end == mapping->end;
		uint64_t bytes = whole ? rest : smaller(rest, parts->resident(parts->context, start, end));

		parts->memory->parts[is_stack(parts, start, end) ? MEMORY_STACKS : piece->part] += bytes;
		rest -= bytes;
	}
	return rest;
}

/* Of pages that are no file's. */
static void add_anonymous(struct memory_parts *parts, const struct maps_row *mapping, uint64_t bytes)
{
	uint64_t *sums = parts->memory->parts;

	if (!strcmp(mapping->name, "[stack]")) {
		sums[MEMORY_STACKS] += bytes;
		return;
	}
	/* What has no name and begins where a file ends is the rest of its data, which is zero in the beginning. */
	if (mapping->inode || (!mapping->name[0] && mapping->start == parts->file_end)) {
		sums[MEMORY_DATA] += bytes;
		return;
	}
	bytes = take_pieces(parts, mapping, bytes);
	sums[is_stack(parts, mapping->start, mapping->end) ? MEMORY_STACKS : MEMORY_SLACK] += bytes;
}

void memory_parts_add(struct memory_parts *parts, const struct smaps_row *row)
{
	const struct maps_row *mapping = &row->mapping;
	uint64_t anonymous = smaller(row->anonymous_bytes, row->rss_bytes);

	parts->memory->rss_bytes += row->rss_bytes;
	parts->memory->parts[MEMORY_FILES] += row->rss_bytes - anonymous;
	if (anonymous)
		add_anonymous(parts, mapping, anonymous);
	parts->file_end = mapping->inode ? mapping->end : 0;
}

void memory_parts_finish(struct memory_parts *parts)
{
	uint64_t *sums = parts->memory->parts, rest = sums[MEMORY_SLACK];
	uint64_t small = smaller(parts->small_bytes, rest), before = smaller(parts->before_bytes, rest - small);

	sums[MEMORY_LIVE] += small;
	sums[MEMORY_BEFORE] += before;
	sums[MEMORY_SLACK] = rest - small - before;
}
