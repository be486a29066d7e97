/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug files from debuginfod servers, only for those who ask for them. The client library
 * (libdebuginfod.so.1) is loaded when it is first needed: it brings a dozen others along.
 * It keeps what it fetched in its own cache (DEBUGINFOD_CACHE_PATH).
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_SERVER_H
#define MEMTRACE_SYMBOLIZE_DEBUG_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug_server;

/*
 * The servers that DEBUGINFOD_URLS names. NULL with one line in `error` when it names none,
 * the library is missing, or memory is. `progress`: a line on standard error while a file is awaited.
 */
struct debug_server *debug_server_new(bool progress, char *error, size_t error_size);
void debug_server_free(struct debug_server *server);

/*
 * The debug file of a build ID: a descriptor that is the caller's, or -errno. `name` is for the progress
 * line. Gives up after a time limit, and then asks no more in this run.
 */
int debug_server_fetch(struct debug_server *server, const uint8_t *id, size_t id_size, const char *name);

#endif
