// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/trim.h"

#include <string.h>

#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const mapping_wrappers[] = {
    "mmap", "mmap64", "__mmap", "__mmap64", "mremap", "__mremap", "brk", "__brk", "sbrk", "__sbrk", "syscall",
};

/* operator_new_impl: libc++ 17 and later have it between operator new and malloc. */
static const char *const new_wrappers[] = {"operator new", "operator new[]", "operator_new_impl"};

/*
 * The parameters of the replaceable forms (C++20, 17.6.3); any others make it a function of
 * the program's own. None: a name that comes without its parameters.
 */
static const char *const new_parameters[] = {
    "",
    "(unsigned long)",
    "(unsigned long, std::nothrow_t const&)",
    "(unsigned long, std::align_val_t)",
    "(unsigned long, std::align_val_t, std::nothrow_t const&)",
    "(unsigned int)",
    "(unsigned int, std::nothrow_t const&)",
    "(unsigned int, std::align_val_t)",
    "(unsigned int, std::align_val_t, std::nothrow_t const&)",
};

/* glibc (libc.so.6, libc-2.31.so), musl (ld-musl-ARCH.so.1 is all of it), uClibc (libuClibc-*.so), bionic (libc.so) */
static const char *const libc_prefixes[] = {"libc.so", "libc-", "libc.musl-", "ld-musl-", "libuClibc-"};

static bool is_one_of(const char *text, const char *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(text, rows[i]))
			return true;
	}
	return false;
}

static bool is_operator_new(const char *function)
{
	for (size_t i = 0; i < N_ROWS(new_wrappers); i++) {
		size_t n = strlen(new_wrappers[i]);

		if (!strncmp(function, new_wrappers[i], n) &&
		    is_one_of(function + n, new_parameters, N_ROWS(new_parameters)))
			return true;
	}
	return false;
}

enum wrapper wrapper_of(const char *function, bool in_libc)
{
	if (!function)
		return WRAPPER_NONE;
	if (is_operator_new(function))
		return WRAPPER_NEW;
	if (in_libc && is_one_of(function, mapping_wrappers, N_ROWS(mapping_wrappers)))
		return WRAPPER_MAPPING;
	return WRAPPER_NONE;
}

bool is_libc(const char *module_name)
{
	for (size_t i = 0; i < N_ROWS(libc_prefixes); i++) {
		if (!strncmp(module_name, libc_prefixes[i], strlen(libc_prefixes[i])))
			return true;
	}
	return false;
}

/* The frame that is no inlined one, at or after `frame`: its host. */
static size_t host_of(const struct frame *frames, size_t n, size_t frame)
{
	while (frame + 1 < n && frames[frame].inlined)
		frame++;
	return frame;
}

size_t trim_count(enum block_kind kind, const struct frame *frames, const enum wrapper *wrappers, size_t n)
{
	size_t dropped = 0;

	while (dropped < n) {
		size_t host = host_of(frames, n, dropped);

		/* What libc's wrapper has inlined is libc's own. operator new may be the program's: keep what it does.
		 */
		if (wrappers[host] == WRAPPER_MAPPING && kind != KIND_HEAP)
			dropped = host + 1;
		else if (wrappers[dropped] == WRAPPER_NEW)
			dropped++;
		else
			break;
	}
	return dropped && dropped == n ? n - 1 : dropped;
}
