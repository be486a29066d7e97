// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/pages.h"

#include <errno.h>
#include <stdlib.h>

/* New numbers for the rules that are in use; 0, which is UNWIND_BAD, stays 0. */
static int choose_rules(struct unwind_table *table, const struct steps *steps, const struct rule_set *set,
                        uint16_t **numbers)
{
	size_t n = 0;

	*numbers = calloc(set->n_rules, sizeof(**numbers));
	table->rules = calloc(set->n_rules, sizeof(*table->rules));
	if (!*numbers || !table->rules)
		return -ENOMEM;
	for (size_t i = 0; i < steps->n; i++)
		(*numbers)[steps->all[i].what & STEP_RULE] = 1;
	(*numbers)[0] = 1;
	for (size_t i = 0; i < set->n_rules; i++) {
		if (!(*numbers)[i])
			continue;
		(*numbers)[i] = (uint16_t)n;
		table->rules[n++] = set->rules[i];
	}
	table->n_rules = n;
	return 0;
}

static void add_row(struct unwind_table *table, struct unwind_page *page, uint32_t offset, uint32_t rule)
{
	/* The last row that a page has room for stands for all that are left out. */
	if (page->n_rows >= UNWIND_PAGE_MAX_ROWS - 1) {
		table->n_not_expressed++;
		rule = UNWIND_BAD;
	}
	if (page->n_rows == UNWIND_PAGE_MAX_ROWS)
		return;
	table->rows[table->n_rows++] = UNWIND_ROW(offset, rule);
	page->n_rows++;
}

static void fill_pages(struct unwind_table *table, const struct steps *steps, const uint16_t *numbers, uint32_t first)
{
	uint32_t in_force = UNWIND_BAD;
	size_t next = 0;

	for (size_t i = 0; i < table->n_pages; i++) {
		struct unwind_page *page = &table->pages[i];

		page->first_row = (uint32_t)table->n_rows;
		if (next < steps->n && steps->all[next].offset == (first + i) << UNWIND_PAGE_BITS)
			in_force = numbers[steps->all[next++].what & STEP_RULE];
		add_row(table, page, 0, in_force);
		for (; next < steps->n && steps->all[next].offset >> UNWIND_PAGE_BITS == first + i; next++) {
			uint32_t rule = numbers[steps->all[next].what & STEP_RULE];

			if (rule != in_force)
				add_row(table, page, steps->all[next].offset, rule);
			in_force = rule;
		}
	}
}

int unwind_pages_make(struct unwind_table *table, const struct steps *steps, const struct rule_set *rules,
                      uint64_t origin)
{
	uint32_t first = steps->all[0].offset >> UNWIND_PAGE_BITS;
	uint32_t last = steps->n > 1 ? (steps->all[steps->n - 1].offset - 1) >> UNWIND_PAGE_BITS : first;
	uint16_t *numbers = NULL;
	uint32_t *rows;
	int err;

	err = choose_rules(table, steps, rules, &numbers);
	if (err)
		goto out;
	table->base = origin + ((uint64_t)first << UNWIND_PAGE_BITS);
	table->n_pages = (size_t)last - first + 1;
	table->pages = calloc(table->n_pages, sizeof(*table->pages));
	table->rows = calloc(steps->n + table->n_pages, sizeof(*table->rows));
	if (!table->pages || !table->rows) {
		err = -ENOMEM;
		goto out;
	}
	fill_pages(table, steps, numbers, first);
	rows = reallocarray(table->rows, table->n_rows, sizeof(*rows));
	if (rows)
		table->rows = rows;
out:
	free(numbers);
	return err;
}
