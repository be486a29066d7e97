// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/entry_points.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES (64 * 1024)
#define LONGEST_BYTES 64 /* of such a function */
#define ENTRY_MAX_BYTES 512
#define FOUND_MAX 4 /* a program has one */

/* mov %rbx,%rsp */
static const uint8_t begins[] = {0x48, 0x89, 0xdc};

struct window {
	const struct unwind_image *image;
	uint64_t start;
	size_t length;
	uint8_t *bytes;
};

static bool begins_at(struct window *window, uint64_t address)
{
	const struct code_segment *segment;

	if (address < window->start || address + sizeof(begins) > window->start + window->length) {
		segment = unwind_image_code(window->image, address);
		if (!segment)
			return false;
		window->start = address;
		window->length =
		    unwind_source_some(&window->image->source, segment->file_offset + (address - segment->start),
		                       window->bytes, WINDOW_BYTES);
		if (window->length < sizeof(begins))
			return false;
	}
	return !memcmp(window->bytes + (address - window->start), begins, sizeof(begins));
}

/* Indexes of the steps that begin such a function; how many. */
static size_t find(const struct steps *steps, struct window *window, uint64_t origin, size_t found[FOUND_MAX])
{
	size_t n = 0;

	for (size_t i = 1; i + 1 < steps->n && n < FOUND_MAX; i++) {
		const struct step *step = &steps->all[i];

		if (step[-1].what & STEP_GAP && !(step->what & STEP_GAP) && step[1].what & STEP_GAP &&
		    step[1].offset - step->offset <= LONGEST_BYTES && begins_at(window, origin + step->offset))
			found[n++] = i;
	}
	return n;
}

/* A step more: `what` from `offset` on, before the step with that index. */
static int insert(struct steps *steps, size_t index, uint32_t offset, uint32_t what)
{
	struct steps with = {0};

	for (size_t i = 0; i <= steps->n; i++) {
		if (i == index)
			steps_add(&with, offset, what);
		if (i < steps->n)
			steps_add(&with, steps->all[i].offset, steps->all[i].what);
	}
	if (with.err) {
		int err = with.err;

		steps_free(&with);
		return err;
	}
	steps_free(steps);
	*steps = with;
	return 0;
}

/* The file's entry point, if it is in a gap that is no larger than such code. */
static int end_at_entry(struct steps *steps, uint64_t entry, uint32_t end)
{
	for (size_t i = 0; i + 1 < steps->n; i++) {
		if (steps->all[i].what & STEP_GAP && steps->all[i].offset <= entry &&
		    steps->all[i + 1].offset > entry && steps->all[i + 1].offset - entry <= ENTRY_MAX_BYTES)
			return insert(steps, i + 1, (uint32_t)entry, end);
	}
	return 0;
}

int entry_points_end(struct steps *steps, struct rule_set *rules, const struct unwind_image *image, uint64_t origin)
{
	uint32_t end = rule_set_number(rules, &(struct unwind_rule){.cfa = UNWIND_END});
	struct window window = {.image = image};
	size_t found[FOUND_MAX], n = 0;
	int err = 0;

	if (end == RULE_NONE)
		return 0;
	end |= STEP_KEPT;
	if (image->machine == EM_X86_64) {
		window.bytes = malloc(WINDOW_BYTES);
		if (!window.bytes)
			return -ENOMEM;
		n = find(steps, &window, origin, found);
		free(window.bytes);
	}
	/* From the last one on, so that indexes stay right. */
	while (n-- && !err)
		err = insert(steps, found[n], steps->all[found[n]].offset - 1, end);
	if (!err && image->entry >= origin)
		err = end_at_entry(steps, image->entry - origin, end);
	return err;
}
