// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * While the process stands still its memory is read once, and only words are kept whose value lies in a page that
 * has a block. Which pages those are was found out before; blocks that came since then are not judged unless their
 * pages are among them. What the words lead to is for later (analyze/leaks.c).
 */
#include "collect/scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/drain.h"
#include "collect/in_allocator.h"
#include "collect/internal.h"
#include "collect/iterate.h"
#include "collect/kernel_words.h"
#include "collect/thread_descriptor.h"
#include "collect/procfs.h"
#include "collect/registers.h"
#include "collect/resident.h"
#include "collect/scan_areas.h"
#include "collect/scan_heap.h"
#include "collect/signal_stacks.h"
#include "collect/words.h"

#define RUNS 256

struct scanning {
	struct session *session;
	struct target *target;
	struct scanned *scanned;
	struct page_set *pages; /* that have blocks */
	struct scan_areas areas;
	struct registers *registers; /* by thread */
	const pid_t *threads;
	pid_t reader; /* a live thread, by which the process is asked for what it has */
	size_t n_threads;
	int *epolls;
	size_t n_epolls;
	struct words words;
	struct heap heap; /* as the allocators have it */
};

void scanned_free(struct scanned *scanned)
{
	if (!scanned)
		return;
	scan_free(scanned->scan);
	free(scanned->blocks);
	free(scanned->rows);
	free(scanned->range_usage);
	free(scanned);
}

static uint64_t block_bytes(const struct found_block *block)
{
	return block->size_bytes ? block->size_bytes : 1;
}

/* Pages that have blocks now; and the lists get their room, so that they need none while the process waits. */
static int make_index(struct scanning *scanning)
{
	struct scanned *scanned = scanning->scanned;
	struct session *session = scanning->session;
	uint32_t n_rows = stack_table_end(&session->stacks);
	int error = events_consume(session);

	if (!error)
		error = drain_collect(session, scanning->target, &scanned->blocks, &scanned->n_blocks,
		                      &scanned->blocks_room);
	scanning->pages = page_set_new();
	if (!error && !scanning->pages)
		error = -ENOMEM;
	for (size_t i = 0; i < scanned->n_blocks && !error; i++)
		error = page_set_add(scanning->pages, scanned->blocks[i].address, block_bytes(&scanned->blocks[i]));
	scanned->n_rows = n_rows;
	scanned->rows = calloc(n_rows + 1, sizeof(*scanned->rows));
	scanned->range_usage = calloc(n_rows + 1, sizeof(*scanned->range_usage));
	if (!error && (!scanned->rows || !scanned->range_usage))
		error = -ENOMEM;
	return error ? error : kernel_words_find(scanning->reader, &scanning->epolls, &scanning->n_epolls);
}

/* Number of threads that are within an allocation function. */
static int count_pending(void *context, const void *record)
{
	size_t *n = context;

	(void)record;
	++*n;
	return 0;
}

/* A walk through the heaps, in a thread of its own: the process stands still for as long as the longer one takes. */
struct heap_walking {
	struct scanning *scanning;
	uint64_t *thread_pointers;
	bool *threads_busy; /* as far as their registers tell */
	bool only_these_busy, busy, has_thread;
	pthread_t thread;
	int error;
};

static void *walk_heaps(void *argument)
{
	struct heap_walking *walking = argument;
	struct scanning *scanning = walking->scanning;

	walking->error = scan_heap_walk(&scanning->areas, &scanning->words, walking->thread_pointers,
	                                scanning->registers ? scanning->n_threads : 0, walking->busy,
	                                walking->only_these_busy ? walking->threads_busy : NULL, &scanning->heap);
	return NULL;
}

/* heaps_end() must follow, whatever is returned. 0 or -errno. */
static int heaps_begin(struct scanning *scanning, struct heap_walking *walking)
{
	size_t n_pending = 0;
	int error;

	*walking = (struct heap_walking){.scanning = scanning};
	walking->thread_pointers = calloc(scanning->n_threads + 1, sizeof(*walking->thread_pointers));
	walking->threads_busy = calloc(scanning->n_threads + 1, sizeof(*walking->threads_busy));
	if (!walking->thread_pointers || !walking->threads_busy)
		return walking->error = -ENOMEM;
	error =
	    iterate(scanning->session->tracing.bpf->progs.pending_stacks, sizeof(uint32_t), count_pending, &n_pending);
	if (error)
		return walking->error = error;
	for (size_t i = 0; i < scanning->n_threads && scanning->registers; i++) {
		walking->thread_pointers[i] = scanning->registers[i].thread_pointer;
		walking->threads_busy[i] = in_allocator(scanning->target, &scanning->registers[i]);
		walking->busy |= walking->threads_busy[i];
	}
	/* Which threads are in an allocation that was seen to begin is not told, but how many. */
	walking->only_these_busy = !n_pending;
	walking->busy |= n_pending > 0;
	walking->has_thread = !pthread_create(&walking->thread, NULL, walk_heaps, walking);
	if (!walking->has_thread)
		walk_heaps(walking);
	return 0;
}

static int heaps_end(struct heap_walking *walking)
{
	if (walking->has_thread)
		pthread_join(walking->thread, NULL);
	free(walking->thread_pointers);
	free(walking->threads_busy);
	return walking->error;
}

/* Where the heaps are, so that what leads to a block from before memtrace came will be kept, too. */
static int index_heaps(struct scanning *scanning)
{
	struct heap_walking walking;
	int error = scan_areas_read(&scanning->areas, scanning->reader);

	if (!error) {
		heaps_begin(scanning, &walking);
		error = heaps_end(&walking);
	}
	if (!error)
		error = scan_heap_pages(&scanning->heap, scanning->pages);
	scan_areas_clear(&scanning->areas);
	return error;
}

static int prepare(struct scanning *scanning)
{
	const struct session_options *options = &scanning->session->options;
	size_t max_words = options->max_memory_bytes / 2 / sizeof(struct reach_word), heap_blocks;
	int error;

	if (!scanning->reader)
		return -ESRCH;
	scanning->scanned = calloc(1, sizeof(*scanning->scanned));
	if (!scanning->scanned)
		return -ENOMEM;
	scanning->scanned->scan = calloc(1, sizeof(*scanning->scanned->scan));
	if (!scanning->scanned->scan)
		return -ENOMEM;
	error = make_index(scanning);
	if (!error)
		error = words_open(&scanning->words, scanning->reader);
	if (!error)
		error = index_heaps(scanning);
	if (error)
		return error;
	/* Most blocks are pointed to by one word. */
	heap_blocks = scanning->heap.blocks[HEAP_USED] + scanning->heap.blocks[HEAP_MAYBE_USED];
	return words_look_for(&scanning->words, scanning->pages, scanning->scanned->n_blocks + heap_blocks, max_words);
}

/* What is live at this moment, and sums that are of it, too. */
static int take_blocks(struct scanning *scanning)
{
	struct scanned *scanned = scanning->scanned;
	struct session *session = scanning->session;
	int error = events_consume(session);

	if (!error)
		error = drain_collect(session, scanning->target, &scanned->blocks, &scanned->n_blocks,
		                      &scanned->blocks_room);
	memcpy(scanned->rows, session->stacks.rows, scanned->n_rows * sizeof(*scanned->rows));
	memcpy(scanned->range_usage, session->range_usage, scanned->n_rows * sizeof(*scanned->range_usage));
	return error;
}

/* Where the stack begins that the C library made for the thread; 0: not known. */
static uint64_t own_stack(struct scanning *scanning, const struct registers *registers)
{
	uint64_t descriptor[THREAD_DESCRIPTOR_WORDS], at = registers->thread_pointer / sizeof(uint64_t);
	ssize_t bytes;

	at *= sizeof(uint64_t);
	if (registers_tls_above)
		at -= sizeof(descriptor);
	bytes = pread(scanning->words.memory_fd, descriptor, sizeof(descriptor), (off_t)at);
	return bytes <= 0 ? 0
	                  : thread_descriptor_stack(descriptor, (size_t)bytes / sizeof(uint64_t),
	                                            registers->stack_pointer, registers->thread_pointer);
}

static int read_registers(struct scanning *scanning)
{
	scanning->registers = calloc(scanning->n_threads + 1, sizeof(*scanning->registers));
	if (!scanning->registers)
		return -ENOMEM;
	for (size_t i = 0; i < scanning->n_threads; i++) {
		struct registers *registers = &scanning->registers[i];
		int error = registers_read(scanning->threads[i], registers);

		if (error == -ESRCH) { /* killed meanwhile: what it had is nobody's */
			memset(registers, 0, sizeof(*registers));
			continue;
		}
		if (error)
			return error;
		/* No call keeps vector registers, and the last one of all has no caller to go back to. */
		if (registers->syscall == SYS_exit || registers->syscall == SYS_exit_group)
			registers->n_words = n_registers_names;
		scan_areas_thread(&scanning->areas, scanning->threads[i], registers->stack_pointer,
		                  own_stack(scanning, registers), registers_red_zone_bytes);
	}
	return 0;
}

/*
 * Each thread's registers; and its table of thread-local storage, which glibc holds by a pointer to its second entry
 * (csu/libc-tls.c, elf/dl-tls.c: the first one has the table's length).
 */
static int add_registers(struct scanning *scanning)
{
	int error = 0;

	for (size_t i = 0; i < scanning->n_threads && !error; i++) {
		const struct registers *registers = &scanning->registers[i];
		uint64_t at = registers->thread_pointer + registers_dtv_offset, table;

		for (size_t j = 0; j < registers->n_words && !error; j++)
			error = words_add(&scanning->words, REACH_IN_REGISTER(scanning->threads[i], j),
			                  registers->words[j]);
		if (!error)
			error =
			    words_add(&scanning->words, REACH_IN_REGISTER(scanning->threads[i], REACH_STACK_POINTER),
			              registers->stack_pointer);
		if (!error && registers->thread_pointer && !words_peek(&scanning->words, at, &table))
			error = words_add(&scanning->words, at, table - 2 * sizeof(uint64_t));
	}
	return error;
}

static int add_kernel_word(void *context, enum reach_kept kept, uint64_t word)
{
	return words_add(context, REACH_IN_KERNEL(kept), word);
}

static int add_signal_stack(void *context, uint64_t start)
{
	return add_kernel_word(context, REACH_KEPT_AS_SIGNAL_STACK, start);
}

/* What the kernel alone has of the process. */
static int add_kernel_words(struct scanning *scanning)
{
	int error = kernel_words_each(scanning->reader, scanning->epolls, scanning->n_epolls, add_kernel_word,
	                              &scanning->words);

	return error ? error : signal_stacks_each(scanning->target, add_signal_stack, &scanning->words);
}

static int read_area(struct scanning *scanning, struct resident *resident, const struct scan_part *part)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = part->start / page * page;
	int error = 0;

	while (from < part->end && !error) {
		struct resident_piece runs[RUNS];
		ssize_t n = resident_next_run(resident, &from, part->end, part->private_alone, runs, RUNS);

		if (n < 0)
			return (int)n;
		for (ssize_t i = 0; i < n && !error; i++)
			error = words_read(&scanning->words, runs[i].start > part->start ? runs[i].start : part->start,
			                   runs[i].end, part->protected);
	}
	return error;
}

static int read_memory(struct scanning *scanning)
{
	struct resident *resident;
	int error = resident_open(scanning->reader, &resident);

	if (error)
		return error;
	for (size_t i = 0; i < scanning->areas.n_areas && !error; i++) {
		if (!scanning->areas.parts[i].skip)
			error = read_area(scanning, resident, &scanning->areas.parts[i]);
	}
	if (!error)
		error = words_finish(&scanning->words);
	resident_close(resident);
	return error;
}

/* Where nothing stands still, what the allocators say would not be true. */
static int look_at_memory(struct scanning *scanning)
{
	struct heap_walking walking = {.error = 0};
	int error = scanning->n_threads ? heaps_begin(scanning, &walking) : 0, heap_error;

	if (!error)
		error = take_blocks(scanning);
	if (!error)
		error = read_memory(scanning);
	heap_error = heaps_end(&walking);
	return error ? error : heap_error;
}

int scanning_look(struct scanning *scanning, const pid_t *threads, size_t n_threads, uint64_t deadline_ns)
{
	int error;

	scanning->threads = threads;
	scanning->n_threads = n_threads;
	if (n_threads)
		scanning->reader = threads[0];
	scanning->words.deadline_ns = deadline_ns;
	scanning->words.pid = scanning->reader;
	error = scan_areas_read(&scanning->areas, scanning->reader);
	if (!error)
		error = read_registers(scanning);
	if (!error)
		error = look_at_memory(scanning);
	if (!error)
		error = add_registers(scanning);
	if (!error)
		error = add_kernel_words(scanning);
	return error;
}

/* Blocks whose pages were known before are judged. */
static void mark_judged(struct scanning *scanning)
{
	struct scan *scan = scanning->scanned->scan;

	for (size_t i = 0; i < scanning->scanned->n_blocks; i++) {
		struct found_block *block = &scanning->scanned->blocks[i];

		block->judged = page_set_covers(scanning->pages, block->address, block_bytes(block));
		scan->unjudged_blocks += !block->judged;
		scan->unjudged_bytes += block->judged ? 0 : block->size_bytes;
	}
}

/* Of blocks from before memtrace came those stay whose pages were known before. The others hold what they point to. */
static void keep_judged_before(struct scanning *scanning)
{
	struct scan *scan = scanning->scanned->scan;
	size_t n = 0;

	for (size_t i = 0; i < scan->n_before; i++) {
		const struct scan_extent *extent = &scan->before[i];

		if (page_set_covers(scanning->pages, extent->start, extent->end - extent->start))
			scan->before[n++] = *extent;
		else
			scan->unknown_heap_bytes += extent->end - extent->start;
	}
	scan->n_before = n;
}

/* Does any of what the process has mapped ask how much room its blocks have? */
static bool asks_sizes(const struct target *target)
{
	for (size_t i = 0; i < target->n_mapped; i++) {
		const struct object *object;

		if (!objects_get(target->tracing->objects, &target->mapped[i], &object) && object && object->asks_size)
			return true;
	}
	return false;
}

int scanning_settle(struct scanning *scanning, uint64_t pause_ns)
{
	struct scan *scan = scanning->scanned->scan;
	const struct target *target = scanning->target;
	/* Of a command all blocks are known, but those of calls that are under way; what a child inherited is its
	 * parent's. */
	bool judge_before = !target->is_child && target->pid != scanning->session->launched.pid;
	int error = 0;

	mark_judged(scanning);
	/* Where nothing stood still, what the allocators say was never true. */
	if (!scanning->n_threads)
		heap_free(&scanning->heap);
	error = scan_heap_settle(&scanning->heap, &scanning->areas, scanning->scanned->blocks,
	                         scanning->scanned->n_blocks, judge_before, scan);
	if (error)
		return error;
	keep_judged_before(scanning);
	scan->stopped = scanning->n_threads > 0;
	scan->pause_ns = pause_ns;
	scan->n_threads = scanning->n_threads;
	scan->slack_counts = asks_sizes(scanning->target);
	scan->register_names = registers_names;
	scan->n_register_names = n_registers_names;
	scan->read_bytes = scanning->words.read_bytes;
	scan->unreadable_bytes = scanning->words.unreadable_bytes;
	scan->words = scanning->words.words;
	scan->n_words = scanning->words.n_words;
	scanning->words.words = NULL;
	scan->areas = scanning->areas.areas;
	scan->n_areas = scanning->areas.n_areas;
	scanning->areas.areas = NULL;
	scanning->areas.n_areas = 0;
	scanned_free(scanning->target->scanned);
	scanning->target->scanned = scanning->scanned;
	scanning->scanned = NULL;
	return 0;
}

void scanning_free(struct scanning *scanning)
{
	if (!scanning)
		return;
	scanned_free(scanning->scanned);
	page_set_free(scanning->pages);
	scan_areas_clear(&scanning->areas);
	heap_free(&scanning->heap);
	free(scanning->registers);
	free(scanning->epolls);
	words_close(&scanning->words);
	free(scanning);
}

int scanning_new(struct session *session, struct target *target, pid_t reader, struct scanning **result)
{
	struct scanning *scanning = calloc(1, sizeof(*scanning));
	int error;

	*result = NULL;
	/* If it cannot be read now, nothing is to be said of what it had earlier. */
	scanned_free(target->scanned);
	target->scanned = NULL;
	if (!scanning)
		return -ENOMEM;
	scanning->session = session;
	scanning->target = target;
	scanning->reader = reader ? reader : procfs_live_thread(target->pid);
	scanning->words.memory_fd = -1;
	error = prepare(scanning);
	if (error)
		scanning_free(scanning);
	else
		*result = scanning;
	return error;
}

uint64_t scanning_read_bytes(const struct scanning *scanning)
{
	return scanning ? scanning->words.read_bytes : 0;
}
