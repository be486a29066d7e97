/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probe sites: each rule on a few bytes of code, and all functions of real libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "probe/decode.h"
#include "probe/site.h"
#include "unit/probe_library.h"

#define ADDRESS 0x1000
#define ARG(n) (1u << (n))
#define RAX 0
#define RCX 1
#define RDX 2
#define RSI 6
#define RDI 7

#define CHOOSE(needed, wants_return, ...) \
	choose((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), needed, wants_return)

/* On a copy of exactly that size, so that the sanitizer sees every byte too many. */
static struct site choose(const uint8_t *code, size_t size, uint32_t needed, bool wants_return)
{
	uint8_t *copy = malloc(size);
	struct site site;

	memcpy(copy, code, size);
	assert_int_equal(site_choose(copy, size, ADDRESS, needed, wants_return, &site), 0);
	free(copy);
	return site;
}

#define RET 0xc3
#define PUSH_RBX 0x53
#define TEST_RDI 0x48, 0x85, 0xff
#define MOV_RAX_RDI 0x48, 0x89, 0xf8
#define MOV_RSI_RDI 0x48, 0x89, 0xfe
#define XOR_EDI 0x31, 0xff
#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa

static void entry_that_is_emulated(void **state)
{
	struct site site = CHOOSE(ARG(0), true, PUSH_RBX, RET);

	(void)state;
	assert_int_equal(site.offset, 0);
	assert_true(site.emulated);
	assert_int_equal(site.argument[0], RDI);
	assert_int_equal(site.pushed_words, 0);
	assert_string_equal(site.instruction, "push rbx");
}

static void all_forms_that_are_emulated(void **state)
{
	(void)state;
	assert_true(CHOOSE(0, true, 0x90).emulated);                   /* nop */
	assert_true(CHOOSE(0, true, 0x66, 0x90).emulated);             /* xchg ax, ax */
	assert_true(CHOOSE(0, true, 0x54).emulated);                   /* push rsp */
	assert_true(CHOOSE(0, true, 0x41, 0x57).emulated);             /* push r15 */
	assert_true(CHOOSE(0, true, 0xeb, 0x10).emulated);             /* jmp short */
	assert_true(CHOOSE(0, true, 0xe9, 0, 1, 0, 0).emulated);       /* jmp near */
	assert_true(CHOOSE(0, true, 0xe8, 0, 1, 0, 0).emulated);       /* call */
	assert_true(CHOOSE(0, true, 0x74, 0x10).emulated);             /* je short */
	assert_true(CHOOSE(0, true, 0x0f, 0x84, 0, 1, 0, 0).emulated); /* je near */
	assert_false(CHOOSE(0, true, RET).emulated);
	assert_false(CHOOSE(0, true, 0x49, 0x90).emulated);             /* xchg r8, rax: no nop */
	assert_false(CHOOSE(0, true, 0x48, 0x53).emulated);             /* push rbx with REX.W */
	assert_false(CHOOSE(0, true, 0x68, 1, 0, 0, 0).emulated);       /* push 1 */
	assert_false(CHOOSE(0, true, 0x3e, 0x74, 0x10).emulated);       /* je with a branch hint */
	assert_false(CHOOSE(0, true, 0xff, 0x25, 0, 0, 0, 0).emulated); /* jmp *0(%rip) */
	assert_false(CHOOSE(0, true, 0xf3, 0x90, RET).emulated);        /* pause */
}

static void test_and_jump_like_free(void **state)
{
	struct site site = CHOOSE(ARG(0), false, TEST_RDI, 0x74, 0x01, PUSH_RBX, RET);

	(void)state;
	assert_int_equal(site.offset, 3);
	assert_true(site.emulated);
	assert_string_equal(site.instruction, "je 0x1006");
}

static void endbr64_is_passed(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(ARG(0), true, ENDBR64, PUSH_RBX, RET).offset, 4);
}

static void five_byte_nop_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(ARG(0), true, ENDBR64, 0x0f, 0x1f, 0x44, 0, 0, PUSH_RBX, RET).offset, 9);
	assert_int_equal(CHOOSE(ARG(0), true, TEST_RDI, 0x0f, 0x1f, 0x44, 0, 0, RET).offset, 0);
}

static void overwritten_argument_falls_back(void **state)
{
	struct site site = CHOOSE(ARG(0), true, XOR_EDI, PUSH_RBX, RET);

	(void)state;
	assert_int_equal(site.offset, 0);
	assert_false(site.emulated);
	assert_int_equal(site.argument[0], RDI);
	/* Nobody asked for it: no matter. */
	assert_int_equal(CHOOSE(ARG(1), true, XOR_EDI, PUSH_RBX, RET).offset, 2);
	/* A part of it written is all of it lost: mov dil, 1. */
	assert_int_equal(CHOOSE(ARG(0), true, 0x40, 0xb7, 0x01, PUSH_RBX, RET).offset, 0);
	/* mul: rdx is lost though nothing names it. */
	assert_int_equal(CHOOSE(ARG(2), true, 0x48, 0xf7, 0xe6, PUSH_RBX, RET).offset, 0);
	/* cqo, too */
	assert_int_equal(CHOOSE(ARG(2), true, 0x48, 0x99, PUSH_RBX, RET).offset, 0);
	/* xchg rax, rdi */
	assert_int_equal(CHOOSE(ARG(0), true, 0x48, 0x97, PUSH_RBX, RET).offset, 0);
}

static void copies_are_followed(void **state)
{
	struct site site = CHOOSE(ARG(0), true, MOV_RSI_RDI, XOR_EDI, PUSH_RBX, RET);

	(void)state;
	assert_int_equal(site.offset, 5);
	assert_int_equal(site.argument[0], RSI);
	assert_int_equal(site.argument[1], SITE_NO_REGISTER);
	/* Its own register while it is there. */
	site = CHOOSE(ARG(0), true, MOV_RAX_RDI, PUSH_RBX, RET);
	assert_int_equal(site.offset, 3);
	assert_int_equal(site.argument[0], RDI);
	/* A copy of a copy: mov rax, rdi; mov rcx, rax; xor edi, edi; xor eax, eax. */
	site = CHOOSE(ARG(0), true, MOV_RAX_RDI, 0x48, 0x89, 0xc1, XOR_EDI, 0x31, 0xc0, PUSH_RBX);
	assert_int_equal(site.offset, 10);
	assert_int_equal(site.argument[0], RCX);
	/* A copy of the lower half is none: mov eax, edi; xor edi, edi. */
	assert_int_equal(CHOOSE(ARG(0), true, 0x89, 0xf8, XOR_EDI, PUSH_RBX).offset, 0);
	/* The copy was overwritten: mov rax, rdi; shr rax, 1; xor edi, edi. */
	assert_int_equal(CHOOSE(ARG(0), true, MOV_RAX_RDI, 0x48, 0xd1, 0xe8, XOR_EDI, PUSH_RBX).offset, 0);
}

static void branch_into_passed_bytes_falls_back(void **state)
{
	(void)state;
	/* test rdi, rdi; push rbx; jmp to the push: the site would be hit twice. */
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xeb, 0xfd).offset, 0);
	/* A jump to the entry, and into the middle of what is passed over. */
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xeb, 0xfa).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, ENDBR64, TEST_RDI, PUSH_RBX, 0xeb, 0xfa).offset, 0);
	/* A conditional one; one behind a return; loop. */
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0x75, 0xfd, RET).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, RET, 0xeb, 0xfc).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xe2, 0xfd, RET).offset, 0);
	/* Behind the site: a loop that does not pass it. */
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xeb, 0xfe).offset, 3);
	/* A recursion is a call of its own; a call into the middle is not. */
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xe8, 0xf7, 0xff, 0xff, 0xff, RET).offset, 3);
	assert_int_equal(CHOOSE(ARG(0), false, TEST_RDI, PUSH_RBX, 0xe8, 0xfa, 0xff, 0xff, 0xff, RET).offset, 0);
}

static void branch_to_the_entry_stays_there(void **state)
{
	struct site site = CHOOSE(ARG(0), false, PUSH_RBX, 0xeb, 0xfd);

	(void)state;
	assert_int_equal(site.offset, 0);
	assert_true(site.emulated);
}

static void stack_moves(void **state)
{
	struct site site = CHOOSE(ARG(0), false, 0x48, 0x83, 0xec, 0x18, PUSH_RBX, RET); /* sub rsp, 24 */

	(void)state;
	assert_int_equal(site.offset, 4);
	assert_int_equal(site.pushed_words, 3);
	site = CHOOSE(ARG(0), false, 0x6a, 0x01, 0xff, 0x37, PUSH_RBX, RET); /* push 1; push [rdi] */
	assert_int_equal(site.offset, 4);
	assert_int_equal(site.pushed_words, 2);
	/* Not where the return is wanted; not by what is no word; not by more than the cookie holds. */
	assert_int_equal(CHOOSE(ARG(0), true, 0x48, 0x83, 0xec, 0x18, PUSH_RBX, RET).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, 0x48, 0x83, 0xec, 0x17, PUSH_RBX, RET).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, 0x48, 0x81, 0xec, 0, 4, 0, 0, PUSH_RBX, RET).offset, 0);
	site = CHOOSE(ARG(0), false, 0x48, 0x81, 0xec, 0xf8, 3, 0, 0, PUSH_RBX, RET);
	assert_int_equal(site.pushed_words, 127);
	/* pop, and rsp = rbp, say nothing of where the return address is. */
	assert_int_equal(CHOOSE(ARG(0), false, 0x58, PUSH_RBX, RET).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), false, 0x48, 0x89, 0xec, PUSH_RBX, RET).offset, 0);
}

static void loads_are_passed_stores_are_not(void **state)
{
	(void)state;
	/* cmp byte ptr [rip+1], 0; mov rax, fs:[0] */
	assert_int_equal(CHOOSE(ARG(0), true, 0x80, 0x3d, 1, 0, 0, 0, 0, PUSH_RBX).offset, 7);
	assert_int_equal(CHOOSE(ARG(0), true, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, PUSH_RBX).offset, 9);
	/* mov [rax], rdi; add [rax], 1; xchg [rax], rcx; lock inc [rax]; rep stosb */
	assert_int_equal(CHOOSE(ARG(0), true, 0x48, 0x89, 0x38, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), true, 0x83, 0x00, 0x01, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), true, 0x48, 0x87, 0x08, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(ARG(0), true, 0xf0, 0xff, 0x00, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(ARG(3), true, 0xf3, 0xaa, PUSH_RBX).offset, 0);
	/* mov [rsp+8], rsi: a spill */
	assert_int_equal(CHOOSE(ARG(0), false, 0x48, 0x89, 0x74, 0x24, 0x08, PUSH_RBX).offset, 5);
}

static void what_is_never_passed(void **state)
{
	(void)state;
	/* ret; syscall; div rsi; cpuid; indirect jump; hlt */
	assert_int_equal(CHOOSE(0, false, TEST_RDI, RET, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(0, false, 0x0f, 0x05, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(0, false, 0x48, 0xf7, 0xf6, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(0, false, 0x0f, 0xa2, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(0, false, 0xff, 0xe0, PUSH_RBX).offset, 0);
	assert_int_equal(CHOOSE(0, false, 0xf4, PUSH_RBX).offset, 0);
	/* Bytes that are no instruction. */
	assert_int_equal(CHOOSE(0, false, TEST_RDI, 0x06, PUSH_RBX).offset, 0);
}

static void what_is_passed_over_is_bounded(void **state)
{
	uint8_t code[3 * 30 + 1];

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(code); i += 3)
		memcpy(code + i, (const uint8_t[]){TEST_RDI}, 3);
	code[3 * 21] = PUSH_RBX;
	assert_int_equal(choose(code, sizeof(code), ARG(0), true).offset, 3 * 21);
	memcpy(code + 3 * 21, (const uint8_t[]){TEST_RDI}, 3);
	code[3 * 22] = PUSH_RBX;
	assert_int_equal(choose(code, sizeof(code), ARG(0), true).offset, 0);
}

static void nothing_to_decode(void **state)
{
	const uint8_t undecodable = 0x06, half_a_call[] = {0xe8, 0x00};
	struct site site;

	(void)state;
	assert_int_equal(site_choose(&undecodable, 0, ADDRESS, 0, false, &site), -EINVAL);
	assert_int_equal(site_choose(&undecodable, 1, ADDRESS, 0, false, &site), -EINVAL);
	assert_int_equal(site_choose(half_a_call, sizeof(half_a_call), ADDRESS, 0, false, &site), -EINVAL);
}

struct sweep {
	struct elf_file *file;
	size_t functions, placed; /* placed: behind the entry, on what is emulated */
};

static bool is_boundary(const uint8_t *code, size_t size, size_t offset)
{
	struct decoder decoder;
	size_t at = 0;

	assert_int_equal(decoder_open(&decoder), 0);
	while (at < offset && decoder_next(&decoder, code, size, 0, &at))
		;
	decoder_close(&decoder);
	return at == offset;
}

static void check_site(const uint8_t *code, size_t size, uint32_t needed, bool wants_return, struct sweep *sweep)
{
	struct site site;

	if (site_choose(code, size, ADDRESS, needed, wants_return, &site))
		return;
	assert_true(site.offset < size && site.offset <= 64);
	assert_true(is_boundary(code, size, site.offset));
	assert_true(site.offset == 0 || site.emulated);
	assert_true(!wants_return || site.pushed_words == 0);
	for (size_t i = 0; i < SITE_ARGUMENTS; i++)
		if (needed & ARG(i))
			assert_in_range(site.argument[i], 0, 15);
	assert_true(strlen(site.instruction) > 1);
	sweep->placed += site.offset > 0;
}

static bool check_function(void *context, const struct elf_symbol *symbol)
{
	struct sweep *sweep = context;
	const uint8_t *code;
	size_t size = elf_file_code(sweep->file, symbol->value, symbol->size_bytes, &code);
	uint8_t *copy = size && size <= 4096 ? malloc(size) : NULL;

	if (!copy)
		return true;
	memcpy(copy, code, size);
	check_site(copy, size, 0, false, sweep);
	check_site(copy, size, ARG(0) | ARG(1) | ARG(2), true, sweep);
	free(copy);
	sweep->functions++;
	return true;
}

static void sweep_library(const char *path)
{
	struct sweep sweep = {.file = library_open(path)};

	if (!sweep.file)
		skip();
	elf_file_each_function(sweep.file, check_function, &sweep);
	print_message("%s: %zu functions, %zu sites behind the entry\n", path, sweep.functions, sweep.placed);
	elf_file_free(sweep.file);
	assert_true(sweep.functions > 0);
}

static void every_function_of_glibc(void **state)
{
	(void)state;
	sweep_library(LIBRARIES "libc.so.6");
}

static void every_function_of_libstdcxx(void **state)
{
	(void)state;
	sweep_library(LIBRARIES "libstdc++.so.6");
}

static void every_function_of_jemalloc(void **state)
{
	(void)state;
	sweep_library(LIBRARIES "libjemalloc.so.2");
}

static void every_function_of_musl(void **state)
{
	(void)state;
	sweep_library("/lib/ld-musl-x86_64.so.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entry_that_is_emulated),
	    cmocka_unit_test(all_forms_that_are_emulated),
	    cmocka_unit_test(test_and_jump_like_free),
	    cmocka_unit_test(endbr64_is_passed),
	    cmocka_unit_test(five_byte_nop_is_passed_over),
	    cmocka_unit_test(overwritten_argument_falls_back),
	    cmocka_unit_test(copies_are_followed),
	    cmocka_unit_test(branch_into_passed_bytes_falls_back),
	    cmocka_unit_test(branch_to_the_entry_stays_there),
	    cmocka_unit_test(stack_moves),
	    cmocka_unit_test(loads_are_passed_stores_are_not),
	    cmocka_unit_test(what_is_never_passed),
	    cmocka_unit_test(what_is_passed_over_is_bounded),
	    cmocka_unit_test(nothing_to_decode),
	    cmocka_unit_test(every_function_of_glibc),
	    cmocka_unit_test(every_function_of_libstdcxx),
	    cmocka_unit_test(every_function_of_jemalloc),
	    cmocka_unit_test(every_function_of_musl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
