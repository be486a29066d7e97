// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/entry_points.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES (64 * 1024)
#define LONGEST_BYTES 64 /* of such a function */
#define FOUND_MAX 4      /* a program has one */

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

static int insert(struct steps *steps, const size_t *found, size_t n, uint32_t end)
{
	struct steps with = {0};

	for (size_t i = 0, next = 0; i < steps->n; i++) {
		if (next < n && found[next] == i) {
			steps_add(&with, steps->all[i].offset - 1, end | STEP_KEPT);
			next++;
		}
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

int entry_points_end(struct steps *steps, struct rule_set *rules, const struct unwind_image *image, uint64_t origin)
{
	const struct unwind_rule end = {.cfa = UNWIND_END};
	struct window window = {.image = image};
	size_t found[FOUND_MAX], n;
	uint32_t number;

	if (image->machine != EM_X86_64)
		return 0;
	window.bytes = malloc(WINDOW_BYTES);
	if (!window.bytes)
		return -ENOMEM;
	n = find(steps, &window, origin, found);
	free(window.bytes);
	if (!n)
		return 0;
	number = rule_set_number(rules, &end);
	return number == RULE_NONE ? 0 : insert(steps, found, n, number);
}
