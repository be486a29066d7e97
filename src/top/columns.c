// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/quantity.h"

/* As long as a stack has less room than this, and than a third of it all, columns are left out. */
#define STACK_WIDTH_MIN 24
#define TREND_WIDTH 12
/* "growing", and with its rate where there is much room. */
#define VERDICT_WIDTH 8
#define VERDICT_RATE_WIDTH 18
#define RATE_COLUMNS_MIN 100
#define CELL_SIZE (SPARKLINE_SIZE > 64 ? SPARKLINE_SIZE : 64)
#define NS_PER_S UINT64_C(1000000000)

struct cell {
	char text[CELL_SIZE];
	enum style style;
};

static void bytes_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	(void)screen;
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64, watched->stack.usage.live_bytes);
}

static void blocks_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	(void)screen;
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64, watched->stack.usage.live_blocks);
}

static void change_cell(int64_t change, struct cell *cell)
{
	if (!change)
		snprintf(cell->text, sizeof(cell->text), "0");
	else
		snprintf(cell->text, sizeof(cell->text), "%+" PRIi64, change);
	cell->style = change > 0 ? STYLE_MORE : change < 0 ? STYLE_LESS : STYLE_FAINT;
}

static void change_bytes_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	change_cell(watched_change_bytes(screen->watch, watched), cell);
}

static void change_blocks_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	change_cell(watched_change_blocks(screen->watch, watched), cell);
}

/* "0.3s", "12s", "10min", "14h", "3d" */
static void oldest_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = {{86400 * NS_PER_S, "d"}, {3600 * NS_PER_S, "h"}, {60 * NS_PER_S, "min"}};
	uint64_t ns = watched->stack.oldest_ns;

	(void)screen;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns < 2 * units[i].ns)
			continue;
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64 "%s", ns / units[i].ns, units[i].unit);
		return;
	}
	snprintf(cell->text, sizeof(cell->text), ns < 10 * NS_PER_S ? "%.1fs" : "%.0fs", (double)ns / (double)NS_PER_S);
}

static void trend_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	(void)screen;
	sparkline_write(cell->text, watched->courses, watched->n_courses, TREND_WIDTH);
	cell->style = watched->stack.verdict.kind == VERDICT_GROWING ? STYLE_MORE : STYLE_STEADY;
}

static void verdict_cell(const struct screen *screen, const struct watched *watched, struct cell *cell)
{
	static const enum style styles[VERDICT_COUNT] = {
	    [VERDICT_GROWING] = STYLE_MORE,
	    [VERDICT_BOUNDED] = STYLE_LESS,
	    [VERDICT_ONE_TIME] = STYLE_FAINT,
	    [VERDICT_CHURNING] = STYLE_BUSY,
	};
	const struct verdict *verdict = &watched->stack.verdict;
	char rate[QUANTITY_SIZE];

	(void)screen;
	cell->style = styles[verdict->kind];
	snprintf(cell->text, sizeof(cell->text), "%s", verdict_name(verdict->kind));
	if (verdict->kind == VERDICT_GROWING)
		snprintf(cell->text, sizeof(cell->text), "growing %s/min",
		         quantity_bytes(rate, quantity_of(verdict->bytes_per_s * 60)));
}

static const struct {
	const char *title;
	size_t width;         /* at least */
	unsigned int rank;    /* the greatest one is left out first */
	bool right, measured; /* as wide as what stands in it */
	int order;            /* whose figures it has; -1: none's */
	void (*write)(const struct screen *screen, const struct watched *watched, struct cell *cell);
} rows[COLUMN_COUNT] = {
    [COLUMN_BYTES] = {"BYTES", 9, 1, true, true, ORDER_BYTES, bytes_cell},
    [COLUMN_BLOCKS] = {"BLOCKS", 6, 4, true, true, ORDER_COUNT, blocks_cell},
    [COLUMN_CHANGE_BYTES] = {"±BYTES", 8, 2, true, true, ORDER_CHANGE, change_bytes_cell},
    [COLUMN_CHANGE_BLOCKS] = {"±BLOCKS", 8, 5, true, true, -1, change_blocks_cell},
    [COLUMN_OLDEST] = {"OLDEST", 6, 7, true, true, ORDER_AGE, oldest_cell},
    [COLUMN_TREND] = {"TREND", TREND_WIDTH, 6, false, false, -1, trend_cell},
    [COLUMN_VERDICT] = {"VERDICT", VERDICT_WIDTH, 3, false, false, ORDER_GROWTH, verdict_cell},
};

static bool is_wanted(const struct screen *screen, enum column column)
{
	if (column == COLUMN_CHANGE_BYTES || column == COLUMN_CHANGE_BLOCKS)
		return screen->watch->marked;
	return true;
}

/* As wide as the widest of what is shown, so that numbers stand below each other whatever is scrolled. */
static size_t measure(const struct screen *screen, enum column column)
{
	size_t width = rows[column].width;
	struct cell cell = {.style = STYLE_PLAIN};

	if (column == COLUMN_VERDICT && screen->n_columns >= RATE_COLUMNS_MIN)
		return VERDICT_RATE_WIDTH;
	for (size_t i = 0; i < screen->n_rows && rows[column].measured; i++) {
		size_t length;

		rows[column].write(screen, screen->rows[i], &cell);
		length = strlen(cell.text);
		width = length > width ? length : width;
	}
	return width;
}

/* Each with a blank behind it. */
static size_t sum(const struct columns *columns)
{
	size_t width = 0;

	for (int i = 0; i < COLUMN_COUNT; i++)
		width += columns->widths[i] ? columns->widths[i] + 1 : 0;
	return width;
}

static void leave_one_out(struct columns *columns)
{
	int last = -1;

	for (int i = 0; i < COLUMN_COUNT; i++) {
		if (columns->widths[i] && (last < 0 || rows[i].rank > rows[last].rank))
			last = i;
	}
	if (last >= 0)
		columns->widths[last] = 0;
}

void columns_measure(const struct screen *screen, struct columns *columns)
{
	size_t third = screen->n_columns / 3, least = third < STACK_WIDTH_MIN ? third : STACK_WIDTH_MIN;

	for (int i = 0; i < COLUMN_COUNT; i++)
		columns->widths[i] = is_wanted(screen, (enum column)i) ? measure(screen, (enum column)i) : 0;
	while (sum(columns) && sum(columns) + least > screen->n_columns)
		leave_one_out(columns);
}

void columns_draw_heading(const struct screen *screen, const struct columns *columns, struct page *page)
{
	for (int i = 0; i < COLUMN_COUNT; i++) {
		bool ordering = rows[i].order == (int)screen->order;

		if (!columns->widths[i])
			continue;
		page_field(page, ordering ? STYLE_ORDERING : STYLE_HEADING, columns->widths[i], rows[i].right,
		           rows[i].title);
		page_add(page, STYLE_HEADING, " ");
	}
	page_add(page, STYLE_HEADING, "STACK");
	page_fill(page, STYLE_HEADING);
}

void columns_draw(const struct screen *screen, const struct columns *columns, const struct watched *watched,
                  struct page *page)
{
	for (int i = 0; i < COLUMN_COUNT; i++) {
		struct cell cell = {.style = STYLE_PLAIN};

		if (!columns->widths[i])
			continue;
		rows[i].write(screen, watched, &cell);
		page_field(page, cell.style, columns->widths[i], rows[i].right, cell.text);
		page_add(page, STYLE_PLAIN, " ");
	}
}
