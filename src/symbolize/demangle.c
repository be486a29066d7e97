// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/demangle.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "util/printable.h"

/* What GCC and Clang append to the clones of a function; most of them only with ".NUMBER" behind. */
static const struct clone_suffix {
	const char *word;
	bool numbered;
} clone_suffixes[] = {
    {"constprop", true}, {"isra", true},  {"part", true},        {"lto_priv", true},    {"llvm", true},
    {"__uniq", true},    {"clone", true}, {"specialized", true}, {"localalias", false}, {"cold", false},
};

/* The last '.' in name[0, n), not the first character, or NULL. */
static const char *last_dot(const char *name, size_t n)
{
	const char *dot = memrchr(name, '.', n);

	return dot == name ? NULL : dot;
}

static bool is_number(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
	}
	return n > 0;
}

static bool is_clone_suffix(const char *text, size_t n, bool numbered)
{
	for (size_t i = 0; i < sizeof(clone_suffixes) / sizeof(clone_suffixes[0]); i++) {
		const struct clone_suffix *suffix = &clone_suffixes[i];

		if (strlen(suffix->word) == n && !memcmp(suffix->word, text, n))
			return numbered || !suffix->numbered;
	}
	return false;
}

/* Length of the name without its last clone suffix, or n when it has none. */
static size_t cut_clone_suffix(const char *name, size_t n)
{
	const char *dot = last_dot(name, n);
	size_t end = n;

	while (dot && is_number(dot + 1, name + end - dot - 1)) {
		end = dot - name;
		dot = last_dot(name, end);
	}
	return dot && is_clone_suffix(dot + 1, name + end - dot - 1, end < n) ? (size_t)(dot - name) : n;
}

/* Length of the symbol without version and clone suffixes. */
static size_t plain_length(const char *symbol)
{
	size_t n = strnlen(symbol, PRINTABLE_MAX), shorter;
	const char *version = memchr(symbol, '@', n);

	if (version && version != symbol)
		n = version - symbol;
	while ((shorter = cut_clone_suffix(symbol, n)) < n)
		n = shorter;
	return n;
}

struct output {
	char *text;
	size_t n;
	bool too_long;
	jmp_buf give_up;
};

static bool is_ascii(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * Substitutions (S_, B_) can double the output every three characters, and libiberty bounds
 * its recursion but not what it prints: so leave it by longjmp when that is too much. It
 * holds memory only while it prints a Punycode identifier of Rust, which is never ASCII.
 */
static void collect(const char *text, size_t n, void *context)
{
	struct output *output = context;

	if (n >= PRINTABLE_MAX - output->n)
		output->too_long = true;
	if (!output->too_long && n) { /* libiberty prints NULL of no size */
		memcpy(output->text + output->n, text, n);
		output->n += n;
	} else if (output->too_long && is_ascii(text, n)) {
		longjmp(output->give_up, 1);
	}
}

/* Recursion stays limited, as libiberty has it without DMGL_NO_RECURSE_LIMIT. */
static bool demangle_into(struct output *output, const char *symbol)
{
	const int options = DMGL_PARAMS | DMGL_ANSI;

	if (setjmp(output->give_up))
		return false;
	if (rust_demangle_callback(symbol, options, collect, output) && !output->too_long)
		return true;
	output->n = 0;
	output->too_long = false;
	return cplus_demangle_v3_callback(symbol, options, collect, output) && !output->too_long;
}

char *demangle(const char *symbol)
{
	char *plain = strndup(symbol, plain_length(symbol));
	struct output output = {.text = malloc(PRINTABLE_MAX)};
	char *shown = NULL;

	if (plain && output.text) {
		if (plain[0] == '_' && demangle_into(&output, plain)) {
			output.text[output.n] = '\0';
			shown = printable_copy(output.text);
		} else {
			shown = printable_copy(plain);
		}
	}
	free(output.text);
	free(plain);
	return shown;
}
