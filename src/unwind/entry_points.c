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
#define FOUND_MAX 4 /* a program has one of each */

/* How such a function begins; what holds for the byte before it, and perhaps for all of it. */
struct uncalled {
	uint8_t begins[10];
	uint8_t n_bytes;
	uint8_t cfa; /* enum unwind_cfa */
	bool whole;
};

static const struct uncalled uncalled[] = {
    {{0x48, 0x89, 0xdc}, 3, UNWIND_END, false},                                       /* glibc: mov %rbx, %rsp */
    {{0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}, 9, UNWIND_SIGNAL, true}, /* mov $15, %rax; syscall */
};

struct found {
	const struct uncalled *function;
	size_t step; /* that it begins with */
};

struct window {
	const struct unwind_image *image;
	uint64_t start;
	size_t length;
	uint8_t *bytes;
};

/* Which of them begins at an address; NULL: none. */
static const struct uncalled *begins_at(struct window *window, uint64_t address)
{
	const struct code_segment *segment;
	size_t left;

	if (address < window->start || address + LONGEST_BYTES > window->start + window->length) {
		segment = unwind_image_code(window->image, address);
		if (!segment)
			return NULL;
		window->start = address;
		window->length =
		    unwind_source_some(&window->image->source, segment->file_offset + (address - segment->start),
		                       window->bytes, WINDOW_BYTES);
	}
	left = window->length - (size_t)(address - window->start);
	for (size_t i = 0; i < sizeof(uncalled) / sizeof(*uncalled); i++) {
		if (left >= uncalled[i].n_bytes &&
		    !memcmp(window->bytes + (address - window->start), uncalled[i].begins, uncalled[i].n_bytes))
			return &uncalled[i];
	}
	return NULL;
}

/* Steps that begin such a function; how many. */
static size_t find(const struct steps *steps, struct window *window, uint64_t origin, struct found found[FOUND_MAX])
{
	bool is_go = window->image->eh_frame.size == 0; /* and perhaps no byte is left between functions */
	size_t n = 0;

	for (size_t i = 1; i + 1 < steps->n && n < FOUND_MAX; i++) {
		const struct step *step = &steps->all[i];
		const struct uncalled *function;
		bool follows_gap = step[-1].what & STEP_GAP;

		if (step->what & STEP_GAP || !(step[1].what & STEP_GAP) ||
		    step[1].offset - step->offset > LONGEST_BYTES || !(follows_gap || is_go))
			continue;
		function = begins_at(window, origin + step->offset);
		if (function && (follows_gap || function->whole))
			found[n++] = (struct found){function, i};
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

static uint32_t kept_rule(struct rule_set *rules, uint8_t cfa)
{
	uint32_t number = rule_set_number(rules, &(struct unwind_rule){.cfa = cfa});

	return number == RULE_NONE ? RULE_NONE : number | STEP_KEPT;
}

static int correct(struct steps *steps, struct rule_set *rules, const struct found *found)
{
	struct step *step = &steps->all[found->step];
	uint32_t what = kept_rule(rules, found->function->cfa);

	if (what == RULE_NONE)
		return 0;
	if (found->function->whole)
		step->what = what;
	return insert(steps, found->step, step->offset - 1, what);
}

int entry_points_end(struct steps *steps, struct rule_set *rules, const struct unwind_image *image, uint64_t origin)
{
	uint32_t end = kept_rule(rules, UNWIND_END);
	struct window window = {.image = image};
	struct found found[FOUND_MAX];
	size_t n = 0;
	int err = 0;

	if (end == RULE_NONE)
		return 0;
	if (image->machine == EM_X86_64) {
		window.bytes = malloc(WINDOW_BYTES);
		if (!window.bytes)
			return -ENOMEM;
		n = find(steps, &window, origin, found);
		free(window.bytes);
	}
	/* From the last one on, so that indexes stay right. */
	while (n-- && !err)
		err = correct(steps, rules, &found[n]);
	if (!err && image->entry >= origin)
		err = end_at_entry(steps, image->entry - origin, end);
	return err;
}
