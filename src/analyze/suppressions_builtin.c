// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Found by running tests/fixtures/kept.c and kept_cpp.cc, which call what is named here and free all that can be
 * freed. Functions that are not exported have names only where glibc's debug data is installed (libc6-dbg).
 */
#include "analyze/suppressions_builtin.h"

#include <string.h>

#include "util/wildcard.h"

static const char *const c_library[] = {"libc.so*",    "libc-*.so", "ld-linux*",  "ld-*.so*",
                                        "libpthread*", "libdl*",    "libresolv*", NULL};
static const char *const loader[] = {"ld-linux*", "ld-*.so*", NULL};
static const char *const cpp_library[] = {"libstdc++.so*", NULL};

static const char *const streams[] = {"_IO_file_doallocate", "_IO_wfile_doallocate", "_IO_fwide", NULL};
static const char *const errors[] = {"dlerror", "_dlerror_run", NULL};
static const char *const libraries[] = {"dlopen*", "_dl_open", "__libc_dlopen_mode", NULL};
static const char *const locales[] = {"setlocale",      "_nl_find_locale", "_nl_find_domain",  "__dcigettext",
                                      "bindtextdomain", "textdomain",      "_nl_expand_alias", NULL};
static const char *const conversions[] = {"__gconv_find_transform", "__gconv_find_shlib", "__wcsmbs_load_conv", NULL};
static const char *const time_zones[] = {"tzset", "tzset_internal", "__tz_convert", "localtime*", "mktime", NULL};
static const char *const databases[] = {"getpw*",      "getgr*",    "gethostby*",         "getservby*",
                                        "getprotoby*", "getnetby*", "__nss_database_get", "__nss_lookup_function",
                                        NULL};
static const char *const resolver[] = {"__resolv_context_get*", "__res_vinit", "__check_pf",
                                       "nss_database_check_reload_and_get", NULL};
static const char *const threads[] = {"pthread_create", "pthread_setspecific", "_dl_allocate_tls", NULL};
static const char *const environment[] = {"setenv", "putenv", "__add_to_environ", NULL};
static const char *const exit_functions[] = {"__cxa_atexit", "__new_exitfn", "on_exit", "__cxa_thread_atexit*", NULL};
static const char *const messages[] = {"strerror", "strerror_l", "strsignal", NULL};

// clang-format off
const struct builtin_suppression builtin_suppressions[] = {
	{ "stdio buffers", "a stream keeps its buffer until it is closed; standard streams never are", streams },
	{ "dlerror", "the text of the last error of dlopen is kept for each thread", errors },
	{ "loaded libraries", "the loader's records of a library live as long as it stays loaded", libraries },
	{ "locales", "data of locales and catalogues of messages is loaded once and kept", locales },
	{ "character sets", "conversions between character sets are loaded once and kept", conversions },
	{ "time zones", "the rules of the time zone are read once and kept", time_zones },
	{ "system databases", "getpwnam and its like keep the last answer, and the configuration behind it",
	  databases },
	{ "name resolution", "the resolver's configuration is read once and kept", resolver },
	{ "threads", "stacks and thread-local storage are kept for running threads and for the next one", threads },
	{ "environment", "the environment may refer to its strings for ever, so copies are never freed", environment },
	{ "exit functions", "the table of functions that are called at exit lives until then", exit_functions },
	{ "messages", "the text for an unknown error or signal is kept until the next call", messages },
	{ "C++ start", "libstdc++ allocates its emergency pool for exceptions (72,704 bytes) before main and keeps it",
	  NULL },
};
// clang-format on

const size_t n_builtin_suppressions = sizeof(builtin_suppressions) / sizeof(builtin_suppressions[0]);

static bool is_one_of(const char *name, const char *const *patterns)
{
	for (; name && *patterns; patterns++) {
		if (wildcard_match(*patterns, name, false))
			return true;
	}
	return false;
}

/* Whether the loader calls the C++ library, which then allocates by itself. */
static bool is_cpp_start(const struct stack *stack)
{
	size_t i = 0;

	while (i < stack->n_frames && is_one_of(stack->frames[i].module, cpp_library))
		i++;
	return i && i < stack->n_frames && is_one_of(stack->frames[i].module, loader);
}

static bool is_of(const struct stack *stack, const struct builtin_suppression *row)
{
	if (!row->functions)
		return is_cpp_start(stack);
	for (size_t i = 0; i < stack->n_frames && is_one_of(stack->frames[i].module, c_library); i++) {
		if (is_one_of(stack->frames[i].function, row->functions))
			return true;
	}
	return false;
}

size_t builtin_suppression_find(const struct stack *stack)
{
	size_t row = 0;

	while (row < n_builtin_suppressions && !is_of(stack, &builtin_suppressions[row]))
		row++;
	return row;
}
