// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the process's memory. */
#include <string.h>

#include "heap/walker.h"

bool heap_read(const struct heap_walk *walk, uint64_t address, void *buffer, size_t size)
{
	return address + size >= address && !walk->process->read(walk->process->context, address, buffer, size);
}

void heap_window_open(struct heap_walk *walk, uint64_t start, uint64_t limit)
{
	walk->window.start = start;
	walk->window.limit = limit;
	walk->window.size = 0;
}

/* As much as will be looked at: twice as much as before where that was near, and little where steps are long. */
static size_t bytes_to_read(struct heap_window *window, uint64_t address, size_t size)
{
	uint64_t end = window->start + window->size;
	bool is_near = window->size && address >= window->start && address <= end + HEAP_PAGE_BYTES;

	if (!is_near)
		window->wanted = HEAP_PAGE_BYTES - address % HEAP_PAGE_BYTES;
	else if (window->wanted < sizeof(window->bytes) / 2)
		window->wanted *= 2;
	else
		window->wanted = sizeof(window->bytes);
	return window->wanted > size ? window->wanted : size;
}

const uint8_t *heap_window_at(struct heap_walk *walk, uint64_t address, size_t size)
{
	struct heap_window *window = &walk->window;
	size_t wanted;

	if (address >= window->start && address - window->start <= window->size &&
	    size <= window->size - (address - window->start))
		return window->bytes + (address - window->start);
	if (address >= window->limit || size > window->limit - address)
		return NULL;
	wanted = bytes_to_read(window, address, size);
	if (wanted > window->limit - address)
		wanted = window->limit - address;
	window->start = address;
	window->size = 0;
	/* Where a page further on is not there, the bytes at hand may be. */
	if (!heap_read(walk, address, window->bytes, wanted)) {
		size_t to_page_end = HEAP_PAGE_BYTES - address % HEAP_PAGE_BYTES;

		if (wanted > to_page_end)
			wanted = to_page_end;
		if (wanted < size)
			wanted = size;
		if (!heap_read(walk, address, window->bytes, wanted))
			return NULL;
	}
	window->size = wanted;
	return window->bytes;
}

uint64_t heap_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* The first mapping that ends behind an address. */
static size_t mapping_index(const struct heap_process *process, uint64_t address)
{
	size_t low = 0, high = process->n_mappings;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct heap_mapping *heap_mapping_at(const struct heap_walk *walk, uint64_t address)
{
	const struct heap_process *process = walk->process;
	size_t i = mapping_index(process, address);

	return i < process->n_mappings && process->mappings[i].start <= address ? &process->mappings[i] : NULL;
}

bool heap_is_writable(const struct heap_walk *walk, uint64_t start, uint64_t end)
{
	const struct heap_process *process = walk->process;

	for (size_t i = mapping_index(process, start); start < end; i++) {
		const struct heap_mapping *mapping = &process->mappings[i];

		if (i == process->n_mappings || mapping->start > start || !mapping->readable || !mapping->writable ||
		    mapping->shared)
			return false;
		start = mapping->end;
	}
	return true;
}
