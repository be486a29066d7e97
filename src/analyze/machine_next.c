// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/machine_next.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/machine_uses.h"
#include "util/grow.h"
#include "util/quantity.h"

/* What grows by less in a minute is not worth a look. */
#define GROWTH_MIN_BYTES_PER_MINUTE (1 << 20)
/* Without growth to go by: shares of all memory, in percent, from which on a look is worth it. */
#define SLAB_SHARE_PERCENT 10
#define PROCESS_SHARE_PERCENT 25
#define UNEXPLAINED_SHARE_PERCENT 10
/* Of caches, and of processes, that grow. */
#define NAMED_MAX 3

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

/* Takes both strings, either of which may be NULL for lack of memory. */
static int add(struct machine_report *report, char *why, char *command)
{
	int error = why && command ? grow_list((void **)&report->next, report->n_next, sizeof(*report->next)) : -ENOMEM;

	if (error) {
		free(why);
		free(command);
		return error;
	}
	report->next[report->n_next++] = (struct machine_next){.why = why, .command = command};
	return 0;
}

static double per_minute(const struct machine_report *report, int64_t change)
{
	return 60 * machine_report_rate(report, change);
}

static uint64_t total_bytes(const struct machine_report *report)
{
	return named_values_get(&report->now->memory.bytes, "MemTotal");
}

static uint64_t percent_of_total(const struct machine_report *report, uint64_t percent)
{
	return total_bytes(report) / 100 * percent;
}

/* In single quotes where the shell would take it for more than a word. NULL when out of memory. */
static char *shell_word(const char *word)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/@%";
	char *quoted, *to;

	if (*word && !word[strspn(word, harmless)])
		return strdup(word);
	quoted = malloc(4 * strlen(word) + 3);
	if (!quoted)
		return NULL;
	to = stpcpy(quoted, "'");
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	}
	stpcpy(to, "'");
	return quoted;
}

static int add_cache(struct machine_report *report, const char *name, char *why)
{
	char *word = shell_word(name);
	char *command = word ? print("memtrace kernel --cache %s", word) : NULL;

	free(word);
	return add(report, why, command);
}

static int by_growth(const void *a, const void *b)
{
	const struct machine_slab_row *left = a, *right = b;

	if (left->growth_bytes != right->growth_bytes)
		return left->growth_bytes > right->growth_bytes ? -1 : 1;
	return strcmp(left->cache->name, right->cache->name);
}

/* The caches that grow fastest. */
static int growing_caches(struct machine_report *report)
{
	struct machine_slab_row *rows = report->n_slabs ? calloc(report->n_slabs, sizeof(*rows)) : NULL;
	int error = 0;

	if (!rows)
		return report->n_slabs ? -ENOMEM : 0;
	memcpy(rows, report->slabs, report->n_slabs * sizeof(*rows));
	qsort(rows, report->n_slabs, sizeof(*rows), by_growth);
	for (size_t i = 0; i < report->n_slabs && i < NAMED_MAX && !error; i++) {
		double growth = per_minute(report, rows[i].growth_bytes);
		char size[QUANTITY_SIZE];

		if (growth < GROWTH_MIN_BYTES_PER_MINUTE)
			break;
		error =
		    add_cache(report, rows[i].cache->name,
		              print("%s grew %s/min", rows[i].cache->name, quantity_words(size, quantity_of(growth))));
	}
	free(rows);
	return error;
}

/* The largest cache that is not reclaimable, where such are a large part of memory. */
static int large_slab(struct machine_report *report)
{
	uint64_t fixed = machine_use(report, "slab_unreclaimable");
	char all[QUANTITY_SIZE], size[QUANTITY_SIZE];

	if (fixed <= percent_of_total(report, SLAB_SHARE_PERCENT))
		return 0;
	for (size_t i = 0; i < report->n_slabs; i++) {
		const struct slab_cache *cache = report->slabs[i].cache;

		if (cache->reclaimable)
			continue;
		return add_cache(report, cache->name,
		                 print("slab that cannot be reclaimed is %s, %s of it %s", quantity_words(all, fixed),
		                       quantity_words(size, report->slabs[i].bytes), cache->name));
	}
	return 0;
}

static const struct machine_process *process_before(const struct machine_report *report,
                                                    const struct machine_process *process)
{
	for (size_t i = 0; report->before && i < report->before->n_processes; i++) {
		const struct machine_process *old = &report->before->processes[i];

		if (old->pid == process->pid && !strcmp(old->name, process->name))
			return old;
	}
	return NULL;
}

/* What it has of its own, swapped out or not. */
static uint64_t own_bytes(const struct machine_process *process)
{
	return process->anon_bytes + process->swap_bytes;
}

struct growth {
	const struct machine_process *process;
	int64_t bytes;
};

static int by_process_growth(const void *a, const void *b)
{
	const struct growth *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return left->process->pid - right->process->pid;
}

static int growing_processes(struct machine_report *report)
{
	const struct machine *now = report->now;
	struct growth *growths = report->before && now->n_processes ? calloc(now->n_processes, sizeof(*growths)) : NULL;
	size_t n = 0;
	int error = 0;

	if (!growths)
		return report->before && now->n_processes ? -ENOMEM : 0;
	for (size_t i = 0; i < now->n_processes; i++) {
		const struct machine_process *old = process_before(report, &now->processes[i]);
		int64_t bytes = old ? (int64_t)(own_bytes(&now->processes[i]) - own_bytes(old)) : 0;

		if (now->processes[i].pid != now->self_pid && per_minute(report, bytes) >= GROWTH_MIN_BYTES_PER_MINUTE)
			growths[n++] = (struct growth){.process = &now->processes[i], .bytes = bytes};
	}
	if (n)
		qsort(growths, n, sizeof(*growths), by_process_growth);
	for (size_t i = 0; i < n && i < NAMED_MAX && !error; i++) {
		char size[QUANTITY_SIZE];

		quantity_words(size, quantity_of(per_minute(report, growths[i].bytes)));
		error =
		    add(report, print("%s (%d) grew %s/min", growths[i].process->name, growths[i].process->pid, size),
		        print("memtrace -p %d", growths[i].process->pid));
	}
	free(growths);
	return error;
}

/* The process with most memory of its own, where that is a large part of all. */
static int large_process(struct machine_report *report)
{
	const struct machine *now = report->now;
	const struct machine_process *largest = NULL;
	char size[QUANTITY_SIZE];

	for (size_t i = 0; i < now->n_processes; i++) {
		if (!largest || own_bytes(&now->processes[i]) > own_bytes(largest))
			largest = &now->processes[i];
	}
	if (!largest || own_bytes(largest) <= percent_of_total(report, PROCESS_SHARE_PERCENT))
		return 0;
	return add(
	    report,
	    print("%s (%d) has %s of its own", largest->name, largest->pid, quantity_words(size, own_bytes(largest))),
	    print("memtrace -p %d", largest->pid));
}

static int unexplained(struct machine_report *report)
{
	char size[QUANTITY_SIZE];

	if (report->unexplained_bytes <= 0 ||
	    (uint64_t)report->unexplained_bytes <= percent_of_total(report, UNEXPLAINED_SHARE_PERCENT))
		return 0;
	return add(report,
	           print("%s are pages that no process and no cache explains",
	                 quantity_words(size, (uint64_t)report->unexplained_bytes)),
	           print("memtrace kernel"));
}

int machine_next(struct machine_report *report)
{
	static int (*const rows[])(struct machine_report *) = {growing_caches, growing_processes, large_slab,
	                                                       large_process, unexplained};
	int error = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !error; i++)
		error = rows[i](report);
	return error;
}
