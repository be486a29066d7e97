// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as the file of a module. tests/fuzz/make-seeds makes seeds. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbolize/symbolizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Enough to hit something in the first code page of small programs, wherever it is. */
#define N_ADDRESSES 64
#define STEP_BYTES 61

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct module module = {.path = (char *)"/fuzzed", .name = "fuzzed", .device = 1, .inode = 1};
	struct mapping mapping = {.start = 0x10000, .end = 0x10000000, .module = &module};
	struct process process = {.mappings = &mapping, .n_mappings = 1};
	struct symbolizer *symbolizer = symbolizer_new();
	uint64_t addresses[N_ADDRESSES];
	struct stack stack = {.kind = KIND_MMAP, .addresses = addresses, .n_addresses = N_ADDRESSES};

	module.fd = memfd_create("fuzzed", MFD_CLOEXEC);
	if (!symbolizer || module.fd < 0 || write(module.fd, bytes, n) != (ssize_t)n)
		abort();
	for (uint64_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] = mapping.start + 0x1001 + i * STEP_BYTES % 0x1000;
	if (symbolizer_stack(symbolizer, &process, &stack) || stack.n_frames == 0)
		abort();
	/* A mapping whose offset is what is mapped of a program without separate code. */
	for (uint64_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] -= 0x1000;
	if (symbolizer_stack(symbolizer, &process, &stack) || stack.n_frames == 0)
		abort();
	free(stack.frames);
	close(module.fd);
	symbolizer_free(symbolizer);
	return 0;
}
