// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/keys.h"

#include <stdio.h>

#include "top/cursor.h"
#include "top/key.h"

#define NS_PER_S UINT64_C(1000000000)
/* Columns that names are moved by. */
#define SIDE_STEP 8

static void go_up(struct screen *screen)
{
	cursor_move(screen, -1);
}

static void go_down(struct screen *screen)
{
	cursor_move(screen, 1);
}

static ptrdiff_t whole_page(const struct screen *screen)
{
	return screen->list_lines > 1 ? (ptrdiff_t)screen->list_lines - 1 : 1;
}

static void page_up(struct screen *screen)
{
	cursor_move(screen, -whole_page(screen));
}

static void page_down(struct screen *screen)
{
	cursor_move(screen, whole_page(screen));
}

static void go_left(struct screen *screen)
{
	screen->first_column -= screen->first_column < SIDE_STEP ? screen->first_column : SIDE_STEP;
}

static void go_right(struct screen *screen)
{
	screen->first_column += SIDE_STEP;
}

static void order_by(struct screen *screen, enum order order)
{
	screen->order = order;
	screen_arrange(screen);
}

static void next_order(struct screen *screen)
{
	order_by(screen, order_next(screen->order, screen->watch->marked));
}

static void by_bytes(struct screen *screen)
{
	order_by(screen, ORDER_BYTES);
}

static void by_count(struct screen *screen)
{
	order_by(screen, ORDER_COUNT);
}

static void by_growth(struct screen *screen)
{
	order_by(screen, ORDER_GROWTH);
}

static void by_age(struct screen *screen)
{
	order_by(screen, ORDER_AGE);
}

static void by_change(struct screen *screen)
{
	if (screen->watch->marked)
		order_by(screen, ORDER_CHANGE);
	else
		screen_tell(screen, true, "no moment is marked to order by the change since: m marks this one");
}

static void reverse(struct screen *screen)
{
	screen->reversed = !screen->reversed;
	screen_arrange(screen);
}

static void begin_search(struct screen *screen)
{
	prompt_begin(&screen->prompt, screen->search);
	screen->mode = MODE_SEARCH;
}

static void clear_search(struct screen *screen)
{
	screen->search[0] = '\0';
	screen_arrange(screen);
}

static void mark(struct screen *screen)
{
	watch_mark(screen->watch, true);
	screen->marked = screen->now;
	screen_arrange(screen);
}

static void unmark(struct screen *screen)
{
	watch_mark(screen->watch, false);
	if (screen->order == ORDER_CHANGE)
		screen->order = ORDER_BYTES;
	screen_arrange(screen);
}

static void record(struct screen *screen)
{
	if (screen->recording.path[0]) {
		screen->wishes |= WISH_RECORD;
	} else if (screen->ended) {
		screen_tell(screen, true, "nothing goes on that could be recorded");
	} else {
		prompt_begin(&screen->prompt, "");
		screen->mode = MODE_RECORD;
	}
}

static void pause_display(struct screen *screen)
{
	if (screen->ended)
		return;
	screen->paused = !screen->paused;
	if (!screen->paused)
		screen->wishes |= WISH_SNAPSHOT;
}

/* Seconds and parts that the interval can have; by + and - the next one of them. */
static const uint64_t intervals_ns[] = {
    NS_PER_S / 10, NS_PER_S / 5,  NS_PER_S / 2,  NS_PER_S,       2 * NS_PER_S,   5 * NS_PER_S,
    10 * NS_PER_S, 30 * NS_PER_S, 60 * NS_PER_S, 300 * NS_PER_S, 600 * NS_PER_S,
};

#define N_INTERVALS (sizeof(intervals_ns) / sizeof(intervals_ns[0]))

static void set_interval(struct screen *screen, uint64_t interval_ns)
{
	screen->interval_ns = interval_ns;
	screen->wishes |= WISH_INTERVAL;
}

static void longer_interval(struct screen *screen)
{
	for (size_t i = 0; i < N_INTERVALS; i++) {
		if (intervals_ns[i] > screen->interval_ns) {
			set_interval(screen, intervals_ns[i]);
			return;
		}
	}
}

static void shorter_interval(struct screen *screen)
{
	for (size_t i = N_INTERVALS; i > 0; i--) {
		if (intervals_ns[i - 1] < screen->interval_ns) {
			set_interval(screen, intervals_ns[i - 1]);
			return;
		}
	}
}

static void show_help(struct screen *screen)
{
	screen->help_line = 0;
	screen->mode = MODE_HELP;
}

static void redraw(struct screen *screen)
{
	screen->wishes |= WISH_REDRAW;
}

static void quit(struct screen *screen)
{
	screen->wishes |= WISH_QUIT;
}

// clang-format off
const struct key_row key_rows[] = {
	{{'?', 'h'}, "? h", "this help", "Help", show_help},
	{{TOP_UP, 'k'}, "up down", "to the next stack or line; also k and j", NULL, go_up},
	{{TOP_DOWN, 'j'}, NULL, NULL, NULL, go_down},
	{{TOP_PAGE_UP}, "PgUp PgDn", "a page up or down", NULL, page_up},
	{{TOP_PAGE_DOWN}, NULL, NULL, NULL, page_down},
	{{TOP_FIRST}, "Home End", "to the first stack, and on staying there, or to the last", NULL, cursor_go_first},
	{{TOP_LAST}, NULL, NULL, NULL, cursor_go_last},
	{{TOP_LEFT}, "left right", "see more of long names", NULL, go_left},
	{{TOP_RIGHT}, NULL, NULL, NULL, go_right},
	{{'\r', '\n', ' '}, "Enter Space", "show all frames of the stack, or hide them", "Expand", cursor_expand},
	{{'s'}, "s", "order by the next one of these:", "Sort", next_order},
	{{'b'}, "b", "  live bytes", NULL, by_bytes},
	{{'c'}, "c", "  live blocks", NULL, by_count},
	{{'g'}, "g", "  growth: what surely grows fastest first", NULL, by_growth},
	{{'a'}, "a", "  age of the oldest live block", NULL, by_age},
	{{'d'}, "d", "  difference to the marked moment, in bytes", NULL, by_change},
	{{'r'}, "r", "turn the order round", NULL, reverse},
	{{'/'}, "/", "only stacks with this text in a function, file or module", "Search", begin_search},
	{{TOP_ESCAPE}, "Esc", "all stacks again", NULL, clear_search},
	{{'m'}, "m", "mark this moment: what has changed since is shown", "Mark", mark},
	{{'M'}, "M", "forget the marked moment", NULL, unmark},
	{{'w'}, "w", "record every snapshot into a file from now on, or end that", "Record", record},
	{{'p'}, "p", "let the screen stand still, or go on", "Pause", pause_display},
	{{'+', '='}, "+ -", "refresh less often, or more often", NULL, longer_interval},
	{{'-'}, NULL, NULL, NULL, shorter_interval},
	{{TOP_CTRL('l')}, "Ctrl-L", "draw the screen anew", NULL, redraw},
	{{'q'}, "q", "end; the process goes on", "Quit", quit},
};
// clang-format on

const size_t n_key_rows = sizeof(key_rows) / sizeof(key_rows[0]);

static void act(struct screen *screen, uint32_t key)
{
	for (size_t i = 0; i < n_key_rows; i++) {
		for (size_t j = 0; j < KEYS_OF_ROW_MAX; j++) {
			if (key && key_rows[i].keys[j] == key) {
				key_rows[i].act(screen);
				return;
			}
		}
	}
}

static void help_key(struct screen *screen, uint32_t key)
{
	switch (key) {
	case TOP_UP:
	case TOP_PAGE_UP:
		screen->help_line -= screen->help_line > 0;
		break;
	case TOP_DOWN:
	case TOP_PAGE_DOWN:
		screen->help_line++;
		break;
	default:
		screen->mode = MODE_LIST;
	}
}

/* What is typed is searched for at once. */
static void search_key(struct screen *screen, uint32_t key)
{
	enum prompt_answer answer = prompt_key(&screen->prompt, key);

	if (answer == PROMPT_LEFT)
		screen->prompt.text[0] = '\0';
	if (answer != PROMPT_TYPING)
		screen->mode = MODE_LIST;
	snprintf(screen->search, sizeof(screen->search), "%.*s", SCREEN_SEARCH_MAX - 1, screen->prompt.text);
	screen_arrange(screen);
}

static void record_key(struct screen *screen, uint32_t key)
{
	enum prompt_answer answer = prompt_key(&screen->prompt, key);

	if (answer == PROMPT_TYPING)
		return;
	screen->mode = MODE_LIST;
	if (answer == PROMPT_DONE && screen->prompt.text[0])
		screen->wishes |= WISH_RECORD;
}

void screen_key(struct screen *screen, uint32_t key)
{
	switch (key) {
	case TOP_RESIZED:
		return;
	case TOP_REDRAW:
		redraw(screen);
		return;
	case TOP_HANG_UP:
		quit(screen);
		return;
	default:
		break;
	}
	/* What was told has been seen. */
	screen_tell(screen, false, NULL);
	switch (screen->mode) {
	case MODE_LIST:
		act(screen, key);
		break;
	case MODE_HELP:
		help_key(screen, key);
		break;
	case MODE_SEARCH:
		search_key(screen, key);
		break;
	case MODE_RECORD:
		record_key(screen, key);
		break;
	}
}
