// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/perf_map.h"

#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "symbolize/root_files.h"

/* Maps only grow; what is newest stands at the end. */
#define TEXT_MAX (64u << 20)
#define SYMBOLS_MAX (1u << 20)

/* An address that is known may have been compiled anew since. */
#define TRUSTED_NS 1000000000ull

struct range {
	uint64_t start, end;
	size_t line;
};

struct parsed {
	struct range *ranges;
	size_t n, capacity;
};

static bool read_hexadecimal(char **at, uint64_t *number)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &end, 16);
	if (errno || *end != ' ')
		return false;
	*at = end + 1;
	return true;
}

static int add_line(struct perf_map *map, struct parsed *parsed, char *line)
{
	uint64_t start, size;

	if (!read_hexadecimal(&line, &start) || !read_hexadecimal(&line, &size) || !*line || !size ||
	    start + size < start)
		return 0;
	if (map->n == parsed->capacity) {
		size_t capacity = parsed->capacity ? parsed->capacity * 2 : 1024;
		struct range *ranges = reallocarray(parsed->ranges, capacity, sizeof(*ranges));
		struct perf_symbol *symbols = reallocarray(map->symbols, capacity, sizeof(*symbols));

		if (ranges)
			parsed->ranges = ranges;
		if (symbols)
			map->symbols = symbols;
		if (!ranges || !symbols)
			return -ENOMEM;
		parsed->capacity = capacity;
	}
	parsed->ranges[map->n] = (struct range){.start = start, .end = start + size, .line = map->n};
	map->symbols[map->n++] = (struct perf_symbol){.start = start, .name = line};
	return 0;
}

static int compare_starts(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A heap of the ranges that have begun, the latest line on top. */
struct heap {
	const struct range **items;
	size_t n;
};

static void heap_push(struct heap *heap, const struct range *range)
{
	size_t at = heap->n++;

	for (; at && heap->items[(at - 1) / 2]->line < range->line; at = (at - 1) / 2)
		heap->items[at] = heap->items[(at - 1) / 2];
	heap->items[at] = range;
}

static void heap_pop(struct heap *heap)
{
	const struct range *last = heap->items[--heap->n];
	size_t at = 0, child;

	for (; (child = 2 * at + 1) < heap->n; at = child) {
		if (child + 1 < heap->n && heap->items[child + 1]->line > heap->items[child]->line)
			child++;
		if (heap->items[child]->line < last->line)
			break;
		heap->items[at] = heap->items[child];
	}
	heap->items[at] = last;
}

/* From ranges in order of their starts, and all starts and ends in order, to disjoint ones. */
static int sweep(struct perf_map *map, const struct range *ranges, const uint64_t *bounds, struct heap *heap)
{
	size_t next = 0;
	int err = 0;

	for (size_t i = 0; i + 1 < 2 * map->n && !err; i++) {
		while (next < map->n && ranges[next].start == bounds[i])
			heap_push(heap, &ranges[next++]);
		while (heap->n && heap->items[0]->end <= bounds[i])
			heap_pop(heap);
		if (heap->n)
			err = intervals_add(&map->places, bounds[i], bounds[i + 1], heap->items[0]->line);
	}
	return err;
}

static int settle(struct perf_map *map, struct range *ranges)
{
	uint64_t *bounds = calloc(2 * map->n + 1, sizeof(*bounds));
	struct heap heap = {.items = calloc(map->n + 1, sizeof(struct range *))};
	int err = -ENOMEM;

	if (bounds && heap.items) {
		for (size_t i = 0; i < map->n; i++) {
			bounds[2 * i] = ranges[i].start;
			bounds[2 * i + 1] = ranges[i].end;
		}
		qsort(ranges, map->n, sizeof(*ranges), compare_starts);
		qsort(bounds, 2 * map->n, sizeof(*bounds), compare_numbers);
		err = sweep(map, ranges, bounds, &heap);
	}
	free(bounds);
	free(heap.items);
	return err ? err : intervals_settle(&map->places);
}

int perf_map_parse(struct perf_map *map, char *text, size_t n)
{
	struct parsed parsed = {0};
	char *line = text, *end = text + n;
	int err = 0;

	*map = (struct perf_map){.text = text};
	*end = '\0';
	while (line < end && !err && map->n < SYMBOLS_MAX) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		/* A line without an end is still being written. */
		if (!newline)
			break;
		*newline = '\0';
		err = add_line(map, &parsed, line);
		line = newline + 1;
	}
	if (!err && map->n)
		err = settle(map, parsed.ranges);
	free(parsed.ranges);
	if (err)
		perf_map_clear(map);
	return err;
}

const struct perf_symbol *perf_map_find(const struct perf_map *map, uint64_t address)
{
	const struct interval *place = intervals_find(&map->places, address);

	return place ? &map->symbols[place->value] : NULL;
}

void perf_map_clear(struct perf_map *map)
{
	intervals_clear(&map->places);
	free(map->symbols);
	free(map->text);
	*map = (struct perf_map){0};
}

/* What a file is known by to be unchanged. */
struct version {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct known_map {
	const struct module_view *view;
	struct version version; /* of what was read; all zeroes: nothing */
	uint64_t looked_ns;
	struct perf_map map;
};

struct perf_maps {
	void *root; /* tsearch(3) by view */
};

static int compare_views(const void *a, const void *b)
{
	const struct known_map *x = a, *y = b;

	return x->view < y->view ? -1 : x->view > y->view;
}

static void known_map_free(void *node)
{
	struct known_map *known = node;

	perf_map_clear(&known->map);
	free(known);
}

struct perf_maps *perf_maps_new(void)
{
	return calloc(1, sizeof(struct perf_maps));
}

void perf_maps_free(struct perf_maps *maps)
{
	if (!maps)
		return;
	tdestroy(maps->root, known_map_free);
	free(maps);
}

static struct known_map *get_known(struct perf_maps *maps, const struct module_view *view)
{
	struct known_map wanted = {.view = view}, *known;
	void *found = tfind(&wanted, &maps->root, compare_views);

	if (found)
		return *(struct known_map **)found;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->view = view;
	if (!tsearch(known, &maps->root, compare_views)) {
		free(known);
		return NULL;
	}
	return known;
}

static int open_map(const struct module_view *view, struct version *version)
{
	struct stat status;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "tmp/perf-%d.map", (int)view->pid_inside);
	fd = root_open(view->root_fd, path, false);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) || (status.st_uid != 0 && status.st_uid != view->owner) || status.st_nlink != 1) {
		close(fd);
		return -EPERM;
	}
	*version = (struct version){status.st_dev, status.st_ino, status.st_size, status.st_mtim};
	return fd;
}

static char *read_text(int fd, off_t size, size_t *n)
{
	off_t start = size > TEXT_MAX ? size - TEXT_MAX : 0;
	size_t wanted = (size_t)(size - start);
	char *text = malloc(wanted + 1), *newline;

	*n = 0;
	while (text && *n < wanted) {
		ssize_t got = pread(fd, text + *n, wanted - *n, start + (off_t)*n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*n += (size_t)got;
	}
	/* The first line may have lost its beginning. */
	newline = text && start ? memchr(text, '\n', *n) : NULL;
	if (newline) {
		*n -= (size_t)(newline - text);
		memmove(text, newline, *n);
	}
	return text;
}

/* Reads the file if it is another than the one read. What was read of one that is gone stays. */
static void refresh(struct known_map *known, uint64_t now_ns)
{
	struct version version = {0};
	int fd = open_map(known->view, &version);
	char *text;
	size_t n;

	known->looked_ns = now_ns;
	if (fd < 0)
		return;
	if (memcmp(&version, &known->version, sizeof(version))) {
		text = read_text(fd, version.size, &n);
		if (text) {
			perf_map_clear(&known->map);
			perf_map_parse(&known->map, text, n);
			known->version = version;
		}
	}
	close(fd);
}

const struct perf_symbol *perf_maps_find(struct perf_maps *maps, const struct module_view *view, uint64_t address)
{
	struct known_map *known;
	const struct perf_symbol *symbol;
	struct timespec now;
	uint64_t now_ns;

	if (!view || view->root_fd < 0 || view->pid_inside <= 0)
		return NULL;
	known = get_known(maps, view);
	if (!known)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	symbol = perf_map_find(&known->map, address);
	if (symbol && now_ns - known->looked_ns < TRUSTED_NS)
		return symbol;
	refresh(known, now_ns);
	return perf_map_find(&known->map, address);
}
