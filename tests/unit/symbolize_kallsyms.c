// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "symbolize/kallsyms.h"

/* Symbols from this text; the result of reading it. */
static int read_text(const char *text, struct kallsyms **symbols)
{
	char path[] = "/tmp/memtrace-kallsyms-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	dprintf(fd, "%s", text);
	close(fd);
	err = kallsyms_new(path, symbols);
	unlink(path);
	return err;
}

static void assert_symbol(const struct kallsyms *symbols, uint64_t address, const char *name, const char *module,
                          uint64_t offset)
{
	const struct kernel_symbol *symbol = kallsyms_find(symbols, address);

	if (!name) {
		assert_null(symbol);
		return;
	}
	assert_non_null(symbol);
	assert_string_equal(symbol->name, name);
	assert_int_equal(address - symbol->start, offset);
	if (module)
		assert_string_equal(symbol->module, module);
	else
		assert_null(symbol->module);
}

static void finds_functions(void **state)
{
	struct kallsyms *symbols;

	(void)state;
	assert_int_equal(read_text("ffffffff81000000 T _stext\n"
	                           "ffffffff81000100 t local_alias\n"
	                           "ffffffff81000100 T __x64_sys_open\n"
	                           "ffffffff81000100 T alias_b\n"
	                           "ffffffff81000100 T alias_a\n"
	                           "ffffffff81000200 D data\n"
	                           "ffffffff81000300 W weak\n"
	                           "nonsense\n"
	                           "ffffffff\n"
	                           "ffffffffc0001000 t open_\x01it\t[fs_module]\n"
	                           "ffffffffc0000000 t first\t[fs_module]\n"
	                           "ffffffffd0000000 t bpf_prog_6deef7357e7b4530_entry\t[bpf]\n",
	                           &symbols),
	                 0);
	assert_symbol(symbols, 0xffffffff80ffffff, NULL, NULL, 0);
	assert_symbol(symbols, 0xffffffff81000000, "_stext", NULL, 0);
	assert_symbol(symbols, 0xffffffff810000ff, "_stext", NULL, 0xff);
	assert_symbol(symbols, 0xffffffff81000110, "alias_a", NULL, 0x10);
	assert_symbol(symbols, 0xffffffff81000210, NULL, NULL, 0);
	assert_symbol(symbols, 0xffffffff81000301, "weak", NULL, 1);
	assert_symbol(symbols, 0xffffffff91000301, NULL, NULL, 0);
	assert_symbol(symbols, 0xffffffffc0000010, "first", "fs_module", 0x10);
	assert_symbol(symbols, 0xffffffffc0001010, "open_?it", "fs_module", 0x10);
	assert_symbol(symbols, 0xffffffffd0000004, "bpf_prog_6deef7357e7b4530_entry", "bpf", 4);
	assert_symbol(symbols, UINT64_MAX, NULL, NULL, 0);
	kallsyms_free(symbols);
	kallsyms_free(NULL);
}

static void knows_hidden_ones(void **state)
{
	struct kallsyms *symbols;

	(void)state;
	assert_int_equal(read_text("0000000000000000 T _stext\n0000000000000000 T schedule\n", &symbols), -EPERM);
	assert_int_equal(read_text("", &symbols), -EPERM);
	assert_int_equal(kallsyms_new("/nowhere/kallsyms", &symbols), -ENOENT);
}

/* This machine's, if they may be seen. */
static void reads_the_kernels(void **state)
{
	struct kallsyms *symbols;
	unsigned long long start = 0;
	FILE *pipe;

	(void)state;
	if (kallsyms_new(NULL, &symbols))
		skip();
	pipe = popen("awk '$3 == \"schedule\" { print \"0x\" $1; exit }' /proc/kallsyms", "r");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%llx", &start), 1);
	pclose(pipe);
	assert_symbol(symbols, start, "schedule", NULL, 0);
	assert_symbol(symbols, start + 3, "schedule", NULL, 3);
	kallsyms_free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_functions),
	    cmocka_unit_test(knows_hidden_ones),
	    cmocka_unit_test(reads_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
