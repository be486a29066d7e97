// SPDX-License-Identifier: GPL-2.0-or-later
/* The stack of a real thread is found in its own descriptor; nothing else passes for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "collect/thread_descriptor.h"

#define STACK 0x7f0000000000ULL
#define BYTES 0x800000ULL
#define STACK_POINTER (STACK + 0x700000)
#define THREAD_POINTER (STACK + 0x7ff6c0)

struct found {
	uint64_t own, other;
	void *start;
	size_t bytes, guard_bytes;
};

/* glibc's descriptor begins or ends at the thread pointer; both sides of it are looked through. */
static uint64_t look(uint64_t stack_pointer)
{
	uint64_t descriptor[THREAD_DESCRIPTOR_WORDS], pointer = (uintptr_t)__builtin_thread_pointer();
#ifdef __x86_64__
	memcpy(descriptor, (void *)pointer, 2048);
	memset(descriptor + 256, 0, sizeof(descriptor) - 2048);
#else
	memcpy(descriptor, (char *)pointer - 1536, 1536);
	memset(descriptor + 192, 0, sizeof(descriptor) - 1536);
#endif
	return thread_descriptor_stack(descriptor, THREAD_DESCRIPTOR_WORDS, stack_pointer, pointer);
}

static void *in_thread(void *argument)
{
	struct found *found = argument;
	pthread_attr_t attributes;
	static char elsewhere;

	found->own = look((uintptr_t)__builtin_frame_address(0));
	found->other = look((uintptr_t)&elsewhere);
	if (pthread_getattr_np(pthread_self(), &attributes) ||
	    pthread_attr_getstack(&attributes, &found->start, &found->bytes) ||
	    pthread_attr_getguardsize(&attributes, &found->guard_bytes))
		return NULL;
	pthread_attr_destroy(&attributes);
	return argument;
}

/* Under AddressSanitizer locals may lie elsewhere, the frame does not. */
static void a_thread_has_written_down_its_stack(void **state)
{
	struct found found = {0};
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, in_thread, &found), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &found);
	assert_int_equal(found.own, (uintptr_t)found.start - found.guard_bytes);
	assert_int_equal(found.other, 0);
}

static void only_both_pointers_make_a_stack(void **state)
{
	static const struct {
		uint64_t start, bytes;
		bool is_stack;
	} pairs[] = {
	    {STACK, BYTES, true},
	    {STACK + 0x1000, BYTES, true},
	    {STACK + 8, BYTES, false},
	    {STACK, BYTES + 8, false},
	    {STACK, 0x700000, false},            /* ends below the stack pointer */
	    {STACK, 0x7ff000, false},            /* between both */
	    {STACK + 0x701000, 0x100000, false}, /* begins above the stack pointer */
	    {STACK, 0, false},
	    {0, UINT64_MAX - 4095, false},
	    {0, STACK * 2, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const uint64_t words[] = {1, STACK, 2, pairs[i].start, pairs[i].bytes, 3};

		assert_int_equal(thread_descriptor_stack(words, 6, STACK_POINTER, THREAD_POINTER),
		                 pairs[i].is_stack ? pairs[i].start : 0);
		assert_int_equal(thread_descriptor_stack(words, 4, STACK_POINTER, THREAD_POINTER), 0);
	}
	assert_int_equal(thread_descriptor_stack((const uint64_t[]){STACK, BYTES}, 2, THREAD_POINTER, STACK_POINTER),
	                 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_has_written_down_its_stack),
	    cmocka_unit_test(only_both_pointers_make_a_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
