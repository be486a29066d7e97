/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return addresses that mean something: in glibc's flush of a thread's cache, and in
 * wrappers around allocation functions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/function.h"
#include "probe/resolve.h"
#include "probe/resolve_internal.h"

/* More direct calls of free than this, and it is not the glibc that is known. */
#define FLUSH_CALLS_MAX 16

/* glibc malloc/malloc.c and arena.c; the compiler may have split or merged them. */
static const char *const flush_functions[] = {
    "tcache_thread_shutdown",
    "tcache_thread_shutdown.part.0",
    "__malloc_arena_thread_freeres",
};

static const char *const operators_new[] = {
    "_Znwm", "_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_Znam", "_ZnamRKSt9nothrow_t", "_ZnamSt11align_val_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
};

struct range_list {
	struct address_range *ranges;
	size_t n;
	int err;
	struct elf_symbol reallocate; /* calls free itself, inside a probed call; value 0: there is none */
};

static void add_range(struct range_list *list, uint64_t low, uint64_t high)
{
	struct address_range *ranges = reallocarray(list->ranges, list->n + 1, sizeof(*ranges));

	if (!ranges) {
		list->err = -ENOMEM;
		return;
	}
	list->ranges = ranges;
	ranges[list->n++] = (struct address_range){.low = low, .high = high};
}

static void add_call(void *context, uint64_t return_address)
{
	struct range_list *list = context;

	if (return_address - list->reallocate.value <= list->reallocate.size_bytes || list->n > FLUSH_CALLS_MAX)
		return;
	add_range(list, return_address, return_address + 1);
}

static bool is_glibc(const struct elf_file *file)
{
	const char *name = elf_file_soname(file);

	return name && !strcmp(name, "libc.so.6");
}

int resolve_flush_ranges(const struct elf_file *file, struct address_range **ranges, size_t *n)
{
	struct range_list list = {0};
	struct elf_symbol symbol;

	*ranges = NULL;
	*n = 0;
	/* A return address is behind its call: (start, end] of the function. */
	for (size_t i = 0; i < sizeof(flush_functions) / sizeof(flush_functions[0]); i++)
		if (!elf_file_symbol(file, flush_functions[i], &symbol) && symbol.size_bytes)
			add_range(&list, symbol.value + 1, symbol.value + symbol.size_bytes + 1);
	/* glibc calls the public free through its PLT, but for the allocator's own calls. */
	if (!list.n && is_glibc(file) && !elf_file_symbol(file, "free", &symbol)) {
		if (elf_file_symbol(file, "realloc", &list.reallocate))
			list.reallocate.value = 0;
		elf_file_direct_calls(file, symbol.value, add_call, &list);
		if (list.n > FLUSH_CALLS_MAX)
			list.n = 0;
	}
	if (list.err || !list.n) {
		free(list.ranges);
		return list.err;
	}
	*ranges = list.ranges;
	*n = list.n;
	return 0;
}

struct return_list {
	struct wrapper_return *returns;
	size_t n;
};

static int add_return(struct return_list *list, uint64_t address, const struct elf_cfi *cfi)
{
	struct wrapper_return *returns;

	for (size_t i = 0; i < list->n; i++)
		if (list->returns[i].address == address)
			return 0;
	returns = reallocarray(list->returns, list->n + 1, sizeof(*returns));
	if (!returns)
		return -ENOMEM;
	list->returns = returns;
	returns[list->n++] = (struct wrapper_return){.address = address, .cfi = *cfi};
	return 0;
}

/* The places in one function. A call's row is that of its last byte: the next one may be another function's. */
static int add_function(const struct elf_file *file, const char *name, struct return_list *list)
{
	struct elf_symbol symbol;
	struct function function;
	struct decoder decoder;
	struct elf_cfi cfi;
	size_t at = 0;
	int err;

	if (elf_file_symbol(file, name, &symbol))
		return 0;
	function = function_of(file, &symbol);
	err = decoder_open(&decoder);
	if (err)
		return err;
	while (!err && decoder_next(&decoder, function.code, function.size, function.address, &at)) {
		if (!decoder_calls(&decoder) && !decoder_system_call(&decoder))
			continue;
		if (!elf_file_cfi(file, function.address + at - 1, &cfi))
			err = add_return(list, function.address + at, &cfi);
	}
	decoder_close(&decoder);
	return err;
}

static int compare_returns(const void *a, const void *b)
{
	const struct wrapper_return *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

int resolve_wrappers(const struct elf_file *file, struct wrapper_return **returns, size_t *n)
{
	struct return_list list = {0};
	int err = 0;

	*returns = NULL;
	*n = 0;
	if (resolve_new_wraps_malloc(file))
		for (size_t i = 0; i < sizeof(operators_new) / sizeof(operators_new[0]) && !err; i++)
			err = add_function(file, operators_new[i], &list);
	for (size_t i = 0; i < n_mapping_rows && !err; i++)
		err = add_function(file, mapping_rows[i].name, &list);
	if (!err)
		err = add_function(file, "syscall", &list);
	if (err) {
		free(list.returns);
		return err;
	}
	if (list.n)
		qsort(list.returns, list.n, sizeof(*list.returns), compare_returns);
	*returns = list.returns;
	*n = list.n;
	return 0;
}
