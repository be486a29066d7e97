/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every ELF file under the given directories: its unwind tables against libdw and Capstone.
 * usage: oracle [-v] PATH...    exit status: 0 all equal, 1 differences
 */
#include "unwind/compare.h"

#include <ftw.h>

static struct comparison total;
static size_t n_files, n_without, n_unreadable, n_fdes, n_all_rows, n_malformed, n_unsaid, n_rows, n_rules, n_pages;
static bool verbose;

static void add_up(const char *path, const struct comparison *one)
{
	size_t *sums = (size_t *)&total;
	const size_t *numbers = (const size_t *)one;

	/* All that stands before the tables is counts. */
	for (size_t i = 0; i < offsetof(struct comparison, all) / sizeof(size_t); i++)
		sums[i] += numbers[i];
	n_files++;
	n_fdes += one->all.n_fdes;
	n_all_rows += one->all.n_all_rows;
	n_malformed += one->all.n_malformed;
	n_unsaid += one->call_sites.n_not_expressed;
	n_rows += one->call_sites.n_rows;
	n_rules += one->call_sites.n_rules;
	n_pages += one->call_sites.n_pages;
	if (verbose || one->all.n_malformed)
		printf("%s: %zu rows, %zu differ; %zu calls, %zu differ; %zu malformed, %zu + %zu + %zu + %zu unsaid "
		       "at calls; "
		       "%zu rules of %zu\n",
		       path, one->rows, one->differences, one->calls, one->calls_differ, one->all.n_malformed,
		       one->unsaid_at_calls[0], one->unsaid_at_calls[1], one->unsaid_at_calls[2],
		       one->unsaid_at_calls[3], one->call_sites.n_rules, one->all.n_rules);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
	struct comparison one;
	int err;

	(void)place;
	if (type != FTW_F || !S_ISREG(status->st_mode))
		return 0;
	err = compare_file(path, stdout, verbose ? stdout : NULL, &one);
	if (!err)
		add_up(path, &one);
	else if (err == -ENODATA)
		n_without++;
	else if (err != -ENOEXEC) {
		n_unreadable++;
		printf("%s: %s\n", path, strerror(-err));
	}
	return 0;
}

static void print_forms(const char *what, const size_t *counts)
{
	static const char *const names[] = {"BAD",      "END",      "SIGNAL", "SP",      "FP",
	                                    "DEREF_SP", "DEREF_FP", "PLT",    "REGISTER"};

	printf("%s:", what);
	for (int i = 0; i < UNWIND_CFA_COUNT; i++)
		printf(" %s %zu", names[i], counts[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			verbose = true;
		else
			nftw(argv[i], visit, 32, FTW_PHYS);
	}
	printf("files %zu (without call frame information %zu, unreadable %zu), FDEs %zu, malformed %zu\n", n_files,
	       n_without, n_unreadable, n_fdes, n_malformed);
	printf("rows compared %zu, differences %zu, invalid for libdw %zu; gaps %zu\n", total.rows, total.differences,
	       total.unknown, total.gaps);
	printf("calls %zu, differences %zu\n", total.calls, total.calls_differ);
	printf("rows %zu, of them for call sites %zu (with %zu rules, %zu pages)\n", n_all_rows, n_rows, n_rules,
	       n_pages);
	print_forms("rows by CFA", total.forms);
	print_forms("rows with a call", total.call_rows);
	printf("rows with a call, frame pointer: same %zu, at CFA %zu, at frame pointer %zu, lost %zu\n",
	       total.fp_forms[UNWIND_FP_SAME], total.fp_forms[UNWIND_FP_AT_CFA], total.fp_forms[UNWIND_FP_AT_FP],
	       total.fp_forms[UNWIND_FP_LOST]);
	print_forms("rows with a call, offset beyond 16 bits", total.odd);
	printf("BAD: by register %zu, expression %zu, return address %zu, stack pointer %zu\n",
	       total.unsaid[BY_REGISTER], total.unsaid[BY_EXPRESSION], total.unsaid[BY_RETURN], total.unsaid[BY_SP]);
	printf("BAD with a call: by register %zu, expression %zu, return address %zu, stack pointer %zu\n",
	       total.unsaid_at_calls[BY_REGISTER], total.unsaid_at_calls[BY_EXPRESSION],
	       total.unsaid_at_calls[BY_RETURN], total.unsaid_at_calls[BY_SP]);
	return total.differences || total.calls_differ;
}
