// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/kallsyms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/printable.h"
#include "symbolize/text_pool.h"

/* No kernel function is longer: what lies further behind the last symbol before a gap is none's. */
#define FUNCTION_MAX (1u << 20)

struct row {
	struct kernel_symbol symbol;
	char type; /* as nm(1) has it */
};

struct kallsyms {
	struct row *rows; /* by start, one for each place */
	size_t n, capacity;
	struct text_pool *texts;
};

static bool is_code(char type)
{
	return strchr("tTwW", type);
}

static size_t leading_underscores(const char *name)
{
	return strspn(name, "_");
}

static bool is_better(const struct row *a, const struct row *b)
{
	bool a_local = a->type == 't', b_local = b->type == 't';

	if (is_code(a->type) != is_code(b->type))
		return is_code(a->type);
	if (a_local != b_local)
		return b_local;
	if (leading_underscores(a->symbol.name) != leading_underscores(b->symbol.name))
		return leading_underscores(a->symbol.name) < leading_underscores(b->symbol.name);
	return strcmp(a->symbol.name, b->symbol.name) < 0;
}

static int add(struct kallsyms *symbols, const struct row *row)
{
	if (symbols->n == symbols->capacity) {
		size_t capacity = symbols->capacity ? symbols->capacity * 2 : 1 << 16;
		struct row *rows = reallocarray(symbols->rows, capacity, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		symbols->rows = rows;
		symbols->capacity = capacity;
	}
	symbols->rows[symbols->n++] = *row;
	return 0;
}

/* A line: "ffffffff81000000 T name\t[module]". Others are left out. */
static int add_line(struct kallsyms *symbols, char *line)
{
	struct row row = {0};
	char *at, *name, *module;

	row.symbol.start = strtoull(line, &at, 16);
	if (at == line || at[0] != ' ' || !at[1] || at[2] != ' ')
		return 0;
	row.type = at[1];
	name = at + 3;
	name[strcspn(name, "\n")] = '\0';
	module = strchr(name, '\t');
	if (module) {
		*module = '\0';
		module += 1 + strspn(module + 1, "[");
		module[strcspn(module, "]")] = '\0';
		row.symbol.module = text_pool_get(symbols->texts, module);
	}
	row.symbol.name = text_pool_get(symbols->texts, name);
	if (!row.symbol.name || (module && !row.symbol.module))
		return -ENOMEM;
	return add(symbols, &row);
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->symbol.start < y->symbol.start ? -1 : x->symbol.start > y->symbol.start;
}

/* One row for each place, the best. */
static void settle(struct kallsyms *symbols)
{
	size_t n = 0;

	if (symbols->n)
		qsort(symbols->rows, symbols->n, sizeof(*symbols->rows), compare);
	for (size_t i = 0; i < symbols->n; i++) {
		const struct row *row = &symbols->rows[i];

		if (!n || symbols->rows[n - 1].symbol.start != row->symbol.start)
			symbols->rows[n++] = *row;
		else if (is_better(row, &symbols->rows[n - 1]))
			symbols->rows[n - 1] = *row;
	}
	symbols->n = n;
}

static int read_file(struct kallsyms *symbols, FILE *file)
{
	size_t size = 0;
	char *line = NULL;
	int err = 0;

	while (!err && getline(&line, &size, file) >= 0)
		err = add_line(symbols, line);
	if (!err && ferror(file))
		err = -EIO;
	free(line);
	if (err)
		return err;
	settle(symbols);
	return symbols->n <= 1 ? -EPERM : 0; /* all of them at 0 */
}

int kallsyms_new(const char *path, struct kallsyms **result)
{
	struct kallsyms *symbols;
	FILE *file = fopen(path ? path : "/proc/kallsyms", "re");
	int err;

	if (!file)
		return -errno;
	symbols = calloc(1, sizeof(*symbols));
	err = symbols && (symbols->texts = text_pool_new(printable_copy)) ? read_file(symbols, file) : -ENOMEM;
	fclose(file);
	if (err) {
		kallsyms_free(symbols);
		return err;
	}
	*result = symbols;
	return 0;
}

void kallsyms_free(struct kallsyms *symbols)
{
	if (!symbols)
		return;
	if (symbols->texts)
		text_pool_free(symbols->texts);
	free(symbols->rows);
	free(symbols);
}

const struct kernel_symbol *kallsyms_find(const struct kallsyms *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->n;
	const struct row *row;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->rows[middle].symbol.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	row = low ? &symbols->rows[low - 1] : NULL;
	return row && is_code(row->type) && address - row->symbol.start < FUNCTION_MAX ? &row->symbol : NULL;
}
