// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of a process, of which heaps are made: they are in order, within their areas, and add up. */
#include <stdint.h>
#include <stdio.h>

#include "heap/image.h"
#include "heap/invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image *image = image_load(data, size);
	const char *fault;
	struct heap heap = {0};

	image->process.max_extents = 1 << 16;
	image->process.in_allocator = size % 2;
	if (heap_walk(&image->process, &heap))
		abort();
	fault = heap_fault(&image->process, &heap);
	if (fault) {
		fprintf(stderr, "%s\n", fault);
		abort();
	}
	heap_free(&heap);
	image_free(image);
	return 0;
}
