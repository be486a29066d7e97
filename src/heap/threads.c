// SPDX-License-Identifier: GPL-2.0-or-later
/* Where to look for the variables that each thread has of its own. */
#include "heap/walker.h"

#define TLS_REACH_BYTES (1UL << 20) /* how far from the thread pointer */

bool heap_thread_variables(const struct heap_walk *walk, uint64_t pointer, uint64_t *from, uint64_t *to)
{
	const struct heap_process *process = walk->process;
	const struct heap_mapping *mapping = heap_mapping_at(walk, process->tls_above ? pointer : pointer - 1);

	if (!mapping || pointer % sizeof(uint64_t))
		return false;
	*from = pointer - mapping->start > TLS_REACH_BYTES ? pointer - TLS_REACH_BYTES : mapping->start;
	*to = mapping->end - pointer > TLS_REACH_BYTES ? pointer + TLS_REACH_BYTES : mapping->end;
	for (size_t i = 0; i < process->n_threads; i++) {
		uint64_t other = process->thread_pointers[i] & ~7ULL;

		if (other < pointer && other > *from)
			*from = other;
		if (other > pointer && other < *to)
			*to = other;
	}
	*(process->tls_above ? from : to) = pointer;
	return true;
}
