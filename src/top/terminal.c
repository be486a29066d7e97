// SPDX-License-Identifier: GPL-2.0-or-later
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1

#include "top/terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "top/key.h"
#include "top/restore.h"
#include "top/terminal_type.h"

/* Milliseconds within which what follows an escape character belongs to it; enough for a slow connection. */
#define ESCAPE_DELAY_MS 50

/* Signals that the terminal sends, or whoever watches it. SIGINT and SIGTERM are the session's. */
static const int signals[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGQUIT};

struct terminal {
	SCREEN *screen; /* NULL: not begun */
	sigset_t signals_found;
	int signal_fd, epoll_fd;
	bool utf8, gone, taken;
	int attributes[STYLE_COUNT];
};

static int fail(char *error, size_t error_size, int number, const char *why)
{
	snprintf(error, error_size, "top needs a terminal to draw on: %s; memtrace -p PID writes reports", why);
	return number;
}

/* That there is one, and that it can do what is needed. */
static int check(char *error, size_t error_size)
{
	const char *type = getenv("TERM");
	char why[128];

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(error, error_size, -ENOTTY, "standard input and output are not both one");
	if (terminal_type_check()) {
		snprintf(why, sizeof(why), "of the type TERM='%.40s' nothing is known that would do", type ? type : "");
		return fail(error, error_size, -ENOTSUP, why);
	}
	return 0;
}

static int take_signals(struct terminal *terminal)
{
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, &terminal->signals_found))
		return -errno;
	terminal->taken = true;
	terminal->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	terminal->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (terminal->signal_fd < 0 || terminal->epoll_fd < 0)
		return -errno;
	event.data.fd = terminal->signal_fd;
	if (epoll_ctl(terminal->epoll_fd, EPOLL_CTL_ADD, terminal->signal_fd, &event))
		return -errno;
	event.data.fd = STDIN_FILENO;
	return epoll_ctl(terminal->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) ? -errno : 0;
}

int terminal_new(struct terminal **result, char *error, size_t error_size)
{
	struct terminal *terminal;
	int failed;

	*result = NULL;
	setlocale(LC_CTYPE, "");
	failed = check(error, error_size);
	if (failed)
		return failed;
	terminal = calloc(1, sizeof(*terminal));
	if (!terminal)
		return fail(error, error_size, -ENOMEM, strerror(ENOMEM));
	terminal->signal_fd = terminal->epoll_fd = -1;
	terminal->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	failed = take_signals(terminal);
	if (failed) {
		terminal_free(terminal);
		return fail(error, error_size, failed, strerror(-failed));
	}
	*result = terminal;
	return 0;
}

void terminal_free(struct terminal *terminal)
{
	if (!terminal)
		return;
	if (terminal->screen) {
		endwin();
		restore_disarm();
		delscreen(terminal->screen);
	}
	if (terminal->signal_fd >= 0)
		close(terminal->signal_fd);
	if (terminal->epoll_fd >= 0)
		close(terminal->epoll_fd);
	if (terminal->taken)
		sigprocmask(SIG_SETMASK, &terminal->signals_found, NULL);
	free(terminal);
}

static void set_attributes(struct terminal *terminal)
{
	static const struct {
		int plain;    /* without colours */
		short colour; /* -1: the terminal's own */
		int coloured; /* with them */
	} styles[STYLE_COUNT] = {
	    [STYLE_PLAIN] = {A_NORMAL, -1, A_NORMAL},
	    [STYLE_STRONG] = {A_BOLD, -1, A_BOLD},
	    [STYLE_FAINT] = {A_DIM, -1, A_DIM},
	    [STYLE_HEADING] = {A_REVERSE, -1, A_REVERSE},
	    [STYLE_ORDERING] = {A_REVERSE | A_BOLD | A_UNDERLINE, -1, A_REVERSE | A_BOLD | A_UNDERLINE},
	    [STYLE_KEY] = {A_REVERSE, -1, A_REVERSE},
	    [STYLE_MORE] = {A_BOLD, COLOR_RED, A_BOLD},
	    [STYLE_LESS] = {A_NORMAL, COLOR_GREEN, A_NORMAL},
	    [STYLE_STEADY] = {A_NORMAL, COLOR_CYAN, A_NORMAL},
	    [STYLE_BUSY] = {A_NORMAL, COLOR_YELLOW, A_NORMAL},
	    [STYLE_ALERT] = {A_BOLD, COLOR_RED, A_BOLD},
	};
	bool coloured = has_colors() && !getenv("NO_COLOR") && start_color() == OK && use_default_colors() == OK;

	for (int i = 0; i < STYLE_COUNT; i++) {
		terminal->attributes[i] = styles[i].plain;
		if (!coloured || styles[i].colour < 0)
			continue;
		init_pair((short)(i + 1), styles[i].colour, -1);
		terminal->attributes[i] = styles[i].coloured | (int)COLOR_PAIR(i + 1);
	}
}

/* Flow control would let one key hold up all that follows. */
static void leave_flow_control(void)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &settings))
		return;
	settings.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	def_prog_mode();
}

static void never_called(int number)
{
	(void)number;
}

/*
 * ncurses ignores SIGTSTP while it draws, unless it finds a handler that is not its own; and a signal that is ignored,
 * were it only for a moment, is no longer pending.
 */
static SCREEN *new_screen(void)
{
	SCREEN *screen;

	signal(SIGTSTP, never_called);
	screen = newterm(NULL, stdout, stdin);
	/* What suspend() wants done. */
	signal(SIGTSTP, SIG_DFL);
	return screen;
}

int terminal_begin(struct terminal *terminal, char *error, size_t error_size)
{
	char restoring[256];
	int failed;

	terminal_type_restoring(restoring, sizeof(restoring));
	failed = restore_arm(restoring);
	if (failed)
		return fail(error, error_size, failed, strerror(-failed));
	terminal->screen = new_screen();
	if (!terminal->screen) {
		restore_disarm();
		return fail(error, error_size, -ENOTSUP, "it cannot be set up");
	}
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	nonl();
	leave_flow_control();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	set_attributes(terminal);
	return 0;
}

bool terminal_is_utf8(const struct terminal *terminal)
{
	return terminal->utf8;
}

void terminal_size(const struct terminal *terminal, size_t *n_lines, size_t *n_columns)
{
	(void)terminal;
	*n_lines = (size_t)getmaxy(stdscr);
	*n_columns = (size_t)getmaxx(stdscr);
}

int terminal_fd(const struct terminal *terminal)
{
	return terminal->epoll_fd;
}

/* As any other program: the shell gets a terminal as it was, and memtrace one as it needs it when it goes on. */
static void suspend(void)
{
	sigset_t set;

	endwin();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void resize(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
}

/* What a signal says, as a key; false: none has come. */
static bool signal_key(struct terminal *terminal, uint32_t *key)
{
	struct signalfd_siginfo signal;

	if (read(terminal->signal_fd, &signal, sizeof(signal)) != sizeof(signal))
		return false;
	switch (signal.ssi_signo) {
	case SIGWINCH:
		resize();
		*key = TOP_RESIZED;
		break;
	case SIGTSTP:
		suspend();
		resize();
		*key = TOP_REDRAW;
		break;
	case SIGCONT:
		resize();
		*key = TOP_REDRAW;
		break;
	default:
		*key = TOP_HANG_UP;
	}
	return true;
}

static bool named_key(wint_t code, uint32_t *key)
{
	static const struct {
		int code;
		enum top_key key;
	} names[] = {
	    {KEY_UP, TOP_UP},           {KEY_DOWN, TOP_DOWN},      {KEY_LEFT, TOP_LEFT}, {KEY_RIGHT, TOP_RIGHT},
	    {KEY_PPAGE, TOP_PAGE_UP},   {KEY_HOME, TOP_FIRST},     {KEY_END, TOP_LAST},  {KEY_NPAGE, TOP_PAGE_DOWN},
	    {KEY_BACKSPACE, TOP_ERASE}, {KEY_RESIZE, TOP_RESIZED},
	};

	if (code == KEY_ENTER) {
		*key = '\r';
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (code == (wint_t)names[i].code) {
			*key = names[i].key;
			return true;
		}
	}
	return false;
}

/* Nobody will press a key any more. */
static bool has_hung_up(const struct terminal *terminal)
{
	struct epoll_event events[2];
	int n = epoll_wait(terminal->epoll_fd, events, 2, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].events & (EPOLLHUP | EPOLLERR))
			return true;
	}
	return false;
}

bool terminal_key(struct terminal *terminal, uint32_t *key)
{
	wint_t code;
	int kind;

	if (signal_key(terminal, key))
		return true;
	while ((kind = get_wch(&code)) != ERR) {
		if (kind != KEY_CODE_YES) {
			*key = (uint32_t)code;
			return true;
		}
		if (named_key(code, key))
			return true;
	}
	if (terminal->gone || !has_hung_up(terminal))
		return false;
	terminal->gone = true;
	*key = TOP_HANG_UP;
	return true;
}

static void draw_line(const struct terminal *terminal, const struct page_line *line)
{
	size_t begin = 0;

	for (size_t i = 0; i < line->n_runs && !line->text.failed; i++) {
		const struct page_run *run = &line->runs[i];

		attrset((int)(line->chosen ? A_REVERSE : (attr_t)terminal->attributes[run->style]));
		addnstr(line->text.bytes + begin, (int)(run->end - begin));
		begin = run->end;
	}
	attrset(A_NORMAL);
}

void terminal_draw(struct terminal *terminal, const struct page *page, bool anew)
{
	erase();
	for (size_t i = 0; i < page->n_lines; i++) {
		move((int)i, 0);
		draw_line(terminal, &page->lines[i]);
	}
	curs_set(page->typing);
	if (page->typing)
		move((int)page->cursor_line, (int)page->cursor_column);
	if (anew)
		clearok(curscr, TRUE);
	refresh();
}
