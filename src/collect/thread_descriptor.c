// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/thread_descriptor.h"

#define PAGE_BYTES 4096

uint64_t thread_descriptor_stack(const uint64_t *descriptor, size_t n_words, uint64_t stack_pointer,
                                 uint64_t thread_pointer)
{
	for (size_t i = 0; i + 1 < n_words; i++) {
		uint64_t start = descriptor[i], bytes = descriptor[i + 1];

		if (start && start % PAGE_BYTES == 0 && bytes % PAGE_BYTES == 0 && start < stack_pointer &&
		    stack_pointer < thread_pointer && thread_pointer - start < bytes)
			return start;
	}
	return 0;
}
