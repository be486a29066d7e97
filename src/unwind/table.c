// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/unwind.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "unwind/call_sites.h"
#include "unwind/entry.h"
#include "unwind/entry_points.h"
#include "unwind/image.h"
#include "unwind/pages.h"
#include "unwind/program.h"
#include "unwind/section.h"

/* Functions are aligned to 16 bytes: less than this between two is no code. */
#define PADDING_MAX_BYTES 15

/* A table in the making. */
struct builder {
	struct unwind_table *table;
	const struct unwind_image *image;
	uint64_t origin;
	struct rule_set rules;
	struct steps steps;
};

/* Of code that two FDEs claim, the one that starts first has it; then the one that is written first. */
static void run_entries(struct builder *builder, const struct frame_bytes *section, const struct frame_entries *entries,
                        struct steps *steps)
{
	const struct program_output output = {.rules = &builder->rules, .steps = steps};
	uint32_t covered = 0;

	for (size_t i = 0; i < entries->n_fdes && !steps->err; i++) {
		const struct fde *fde = &entries->fdes[i];
		uint32_t from = fde->start;

		if (fde->end <= covered)
			continue;
		if (from > covered)
			steps_add(steps, covered, STEP_GAP);
		else
			from = covered;
		if (!fde_program_run(section, entries, fde, from, &output))
			builder->table->n_malformed++;
		covered = fde->end;
	}
	if (entries->n_fdes)
		steps_add(steps, covered, STEP_GAP);
}

static int read_section(struct builder *builder, const struct frame_section *from, bool is_eh, struct steps *steps)
{
	struct frame_entries entries;
	struct frame_bytes section;
	uint8_t *bytes;
	int err;

	if (from->size == 0)
		return 0;
	err = frame_section_load(&builder->image->source, from, &section, &bytes);
	if (err)
		return err;
	section.is_eh = is_eh;
	err = frame_entries_read(&entries, &section, builder->image, builder->origin);
	if (err)
		goto out;
	builder->table->n_fdes += entries.n_fdes;
	builder->table->n_malformed += entries.n_malformed;
	run_entries(builder, &section, &entries, steps);
	err = steps->err;
	frame_entries_free(&entries);
out:
	free(bytes);
	return err;
}

/* Debug information is a second source: that it is damaged is no reason to do without the first. */
static int add_debug_frame(struct builder *builder)
{
	struct steps debug = {0}, both = {0};
	int err = read_section(builder, &builder->image->debug_frame, false, &debug);

	if (err == -ENOEXEC) {
		builder->table->n_malformed++;
		err = 0;
	}
	if (!err && debug.n) {
		err = steps_overlay(&builder->steps, &debug, &both);
		steps_free(&builder->steps);
		builder->steps = both;
	}
	steps_free(&debug);
	return err;
}

static int make_steps(struct builder *builder, enum unwind_scope scope)
{
	struct steps *steps = &builder->steps;
	int err = read_section(builder, &builder->image->eh_frame, true, steps);

	if (!err)
		err = add_debug_frame(builder);
	if (!err)
		err = entry_points_end(steps, &builder->rules, builder->image, builder->origin);
	if (err)
		return err;
	steps_close_gaps(steps, PADDING_MAX_BYTES);
	if (steps->n == 0)
		return -ENODATA;
	builder->table->n_all_rows = steps->n;
	if (scope == UNWIND_CALL_SITES)
		err = steps_keep_call_sites(steps, builder->image, builder->origin);
	for (size_t i = 0; i < steps->n; i++)
		builder->table->n_not_expressed += !!(steps->all[i].what & STEP_UNSAID);
	return err;
}

static int build(const struct unwind_source *source, enum unwind_scope scope, struct unwind_table *table)
{
	struct builder builder = {.table = table};
	struct unwind_image image;
	int err;

	*table = (struct unwind_table){0};
	err = unwind_image_open(&image, source);
	if (err)
		return err;
	builder.image = &image;
	builder.origin = image.segments[0].start >> UNWIND_PAGE_BITS << UNWIND_PAGE_BITS;
	err = rule_set_init(&builder.rules);
	if (!err)
		err = make_steps(&builder, scope);
	if (!err)
		err = unwind_pages_make(table, &builder.steps, &builder.rules, builder.origin);
	steps_free(&builder.steps);
	rule_set_free(&builder.rules);
	unwind_image_close(&image);
	if (err)
		unwind_table_free(table);
	return err;
}

int unwind_table_build(int fd, enum unwind_scope scope, struct unwind_table *table)
{
	struct unwind_source source;
	int err = unwind_source_open(&source, fd);

	*table = (struct unwind_table){0};
	return err ? err : build(&source, scope, table);
}

int unwind_table_build_image(const void *image, size_t size, enum unwind_scope scope, struct unwind_table *table)
{
	const struct unwind_source source = {.fd = -1, .bytes = image, .size = size};

	return build(&source, scope, table);
}

void unwind_table_free(struct unwind_table *table)
{
	free(table->pages);
	free(table->rows);
	free(table->rules);
	*table = (struct unwind_table){0};
}

const struct unwind_rule *unwind_table_find(const struct unwind_table *table, uint64_t address)
{
	static const struct unwind_rule gap = {.cfa = UNWIND_BAD};
	uint64_t index = (address - table->base) >> UNWIND_PAGE_BITS;
	const struct unwind_page *page;
	uint32_t low = 0, high;

	if (address < table->base || index >= table->n_pages)
		return &gap;
	page = &table->pages[index];
	high = page->n_rows;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (UNWIND_ROW_LOW(table->rows[page->first_row + middle]) <= (address & 0xffff))
			low = middle;
		else
			high = middle;
	}
	return &table->rules[UNWIND_ROW_RULE(table->rows[page->first_row + low])];
}
