// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/printable.h"

#define LIBRARY "libdebuginfod.so.1"

/* Without a byte (else what DEBUGINFOD_TIMEOUT says; the library would wait 90 s), and for all that a run asks for. */
#define STALL_LIMIT_S 15
#define RUN_LIMIT_S 120
#define NS_PER_S 1000000000ull

/* As elfutils/debuginfod.h declares them. */
typedef struct debuginfod_client client_type;
typedef int progress_type(client_type *client, long done, long total);

struct debug_server {
	void *library;
	client_type *client;
	void (*end)(client_type *client);
	int (*find)(client_type *client, const unsigned char *id, int id_size, char **path);
	void (*set_progress)(client_type *client, progress_type *progress);
	void (*set_user_data)(client_type *client, void *data);
	bool progress; /* lines are wanted */
	bool shown;    /* one stands there */
	bool given_up;
	char *name;
	uint64_t started_ns, spent_ns, drawn_ns;
	long done; /* bytes, of the file that is awaited */
	uint64_t moved_ns, stall_limit_s;
};

/* The library has it without a client of its own; it is the same for all. */
static void *(*get_user_data)(client_type *client);

static struct debug_server *server_of(client_type *client)
{
	return get_user_data(client);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void draw(struct debug_server *server, long done, long total)
{
	uint64_t now = now_ns();

	/* Files that come at once are not worth a line. */
	if (!server->progress || now - server->started_ns < 300000000u || now - server->drawn_ns < 100000000u)
		return;
	server->drawn_ns = now;
	server->shown = true;
	fprintf(stderr, "\r\033[Kmemtrace: debuginfod: %.60s", server->name ? server->name : "");
	if (total > 0 && done >= 0 && done <= total)
		fprintf(stderr, " %ld%% of %ld KiB", (long)((double)done * 100 / (double)total), total / 1024);
	fflush(stderr);
}

/* Called by the library over and over, with bytes of the file if it knows. Not 0: leave off. */
static int note_progress(client_type *client, long done, long total)
{
	struct debug_server *server = server_of(client);
	uint64_t now = now_ns();

	draw(server, done, total);
	/* Before the file comes, total is 0 or less and `done` counts the calls. */
	if (total > 0 && done != server->done) {
		server->done = done;
		server->moved_ns = now;
	}
	if (now - server->moved_ns > server->stall_limit_s * NS_PER_S ||
	    server->spent_ns + (now - server->started_ns) > RUN_LIMIT_S * NS_PER_S)
		server->given_up = true;
	return server->given_up;
}

/* POSIX: what dlsym() returns may be a function. */
static bool take(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool load(struct debug_server *server)
{
	client_type *(*begin)(void);

	server->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!server->library || !take(server->library, "debuginfod_begin", &begin) ||
	    !take(server->library, "debuginfod_end", &server->end) ||
	    !take(server->library, "debuginfod_find_debuginfo", &server->find) ||
	    !take(server->library, "debuginfod_set_progressfn", &server->set_progress) ||
	    !take(server->library, "debuginfod_set_user_data", &server->set_user_data) ||
	    !take(server->library, "debuginfod_get_user_data", &get_user_data))
		return false;
	server->client = begin();
	return server->client;
}

static uint64_t stall_limit_s(void)
{
	const char *text = getenv("DEBUGINFOD_TIMEOUT");
	long seconds = text ? strtol(text, NULL, 10) : 0;

	return seconds > 0 ? (uint64_t)seconds : STALL_LIMIT_S;
}

struct debug_server *debug_server_new(bool progress, char *error, size_t error_size)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct debug_server *server;

	if (!urls || !urls[strspn(urls, " ")]) {
		snprintf(error, error_size, "no debuginfod server is named; set DEBUGINFOD_URLS to the address of one");
		return NULL;
	}
	server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	if (!load(server)) {
		snprintf(error, error_size, "cannot use " LIBRARY " for debuginfod; install libdebuginfod1");
		debug_server_free(server);
		return NULL;
	}
	server->progress = progress;
	server->stall_limit_s = stall_limit_s();
	server->set_user_data(server->client, server);
	server->set_progress(server->client, note_progress);
	return server;
}

void debug_server_free(struct debug_server *server)
{
	if (!server)
		return;
	if (server->client)
		server->end(server->client);
	/* Stays loaded: libcurl and what it brings do not all bear being unloaded. */
	free(server);
}

int debug_server_fetch(struct debug_server *server, const uint8_t *id, size_t id_size, const char *name)
{
	char *path = NULL;
	int fd;

	if (server->given_up)
		return -ETIMEDOUT;
	server->name = printable_copy(name);
	server->started_ns = server->moved_ns = now_ns();
	server->done = 0;
	fd = server->find(server->client, id, (int)id_size, &path);
	server->spent_ns += now_ns() - server->started_ns;
	if (server->shown)
		fputs("\r\033[K", stderr);
	server->shown = false;
	free(server->name);
	free(path);
	return fd;
}
