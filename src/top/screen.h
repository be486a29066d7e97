/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen of memtrace top as a state: what is shown changes by snapshots and by keys, and by nothing else. It knows
 * neither the terminal nor the session, so all of it is tested without either.
 */
#ifndef MEMTRACE_TOP_SCREEN_H
#define MEMTRACE_TOP_SCREEN_H

#include "top/order.h"
#include "top/page.h"
#include "top/prompt.h"
#include "top/watch.h"

#define SCREEN_SEARCH_MAX 256
#define SCREEN_MESSAGE_MAX 512

/* What the user is doing. */
enum screen_mode {
	MODE_LIST,
	MODE_HELP,
	MODE_SEARCH, /* typing what to search for */
	MODE_RECORD, /* typing where to record to */
};

/* What a key asks the session for; bits. */
enum screen_wish {
	WISH_SNAPSHOT = 1 << 0, /* a new one at once */
	WISH_RECORD = 1 << 1,   /* to record into prompt.text, or to end that */
	WISH_INTERVAL = 1 << 2, /* it has changed */
	WISH_REDRAW = 1 << 3,   /* the whole screen anew */
	WISH_QUIT = 1 << 4,
};

/* Sums at one moment. */
struct screen_sums {
	struct usage totals;
	uint64_t time_unix_ns, elapsed_ns;
};

/* Of what is being recorded. */
struct screen_recording {
	char path[PROMPT_SIZE]; /* "": nothing is */
	uint64_t snapshots, bytes;
};

struct screen {
	struct watch *watch; /* owned */
	struct watched **rows;
	size_t n_rows, n_live; /* shown, and how many there are */
	size_t n_lines, n_columns;
	bool utf8, utc;
	/* What is shown. */
	enum order order;
	bool reversed, paused, ended;
	char search[SCREEN_SEARCH_MAX];
	uint64_t interval_ns;
	struct screen_sums now, before, marked; /* before: of the snapshot before; elapsed_ns 0: none */
	char *integrity;                        /* line; owned */
	bool complete;                          /* nothing was lost */
	struct screen_recording recording;
	char message[SCREEN_MESSAGE_MAX]; /* escaped; "": none */
	bool alarming;                    /* it is of something that has failed */
	/* Where the cursor is: on a line of a stack. Until it was moved it stays on the first, whichever that is. */
	bool cursor_moved;
	uint64_t cursor_number; /* of the stack */
	size_t cursor_row, cursor_line;
	size_t first_line;   /* of the list on the screen */
	size_t first_column; /* of names on the screen */
	size_t list_lines;   /* of the list, when it was last drawn */
	size_t help_line;
	enum screen_mode mode;
	struct prompt prompt;
	unsigned int wishes;
};

/* Watches as many stacks as fit into max_bytes. 0 or -ENOMEM. */
int screen_init(struct screen *screen, uint64_t max_bytes, bool utf8);
void screen_free(struct screen *screen);

/* Shows the snapshot: merged, judged and with sums. 0 or -ENOMEM, and then it shows what it has shown. */
int screen_update(struct screen *screen, const struct snapshot *snapshot);
/* Chooses and orders the stacks anew; after frames were named, or the choice has changed. */
void screen_arrange(struct screen *screen);
/* The target has ended; what is shown is the last of it. */
void screen_end(struct screen *screen);
void screen_resize(struct screen *screen, size_t n_lines, size_t n_columns);
/* A line to tell, which is escaped here; NULL: none. */
void screen_tell(struct screen *screen, bool alarming, const char *message);
/* What has been asked for since. */
unsigned int screen_take_wishes(struct screen *screen);

/* A character, or a key of top/key.h. */
void screen_key(struct screen *screen, uint32_t key);

/* Draws all. 0 or -ENOMEM. */
int screen_draw(struct screen *screen, struct page *page);

#endif
