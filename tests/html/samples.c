// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports of snapshots made up, for what looks at them: samples FORM SCENE [SIZE] writes one to standard output.
 * Scenes: recording (two processes, two nodes, verdicts, the course of two hours), large (SIZE stacks of 30
 * frames, 10000), hostile (names that would break out of a page), one, empty.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/aggregate.h"
#include "report/renderer.h"
#include "unit/sample_snapshot.h"

#define DEPTH_MAX 32
#define NS_PER_MINUTE 60000000000ULL

struct chance {
	uint64_t state;
};

/* The same numbers in every run: xorshift64*. */
static uint64_t draw(struct chance *chance, uint64_t below)
{
	chance->state ^= chance->state >> 12;
	chance->state ^= chance->state << 25;
	chance->state ^= chance->state >> 27;
	return (chance->state * 0x2545f4914f6cdd1d >> 16) % below;
}

/* Frames by "function|module|file|line", innermost first. */
static void set_frames(struct stack *stack, const char *const *frames, size_t n)
{
	stack->frames = calloc(n, sizeof(*stack->frames));
	assert(stack->frames);
	stack->n_frames = n;
	sample_addresses(stack, 0x401000 + 64 * n, n);
	for (size_t i = 0; i < n; i++) {
		/* Kept until the program ends, as a symbolizer's names are. */
		char *text = strdup(frames[i]), *rest = text;
		struct frame *frame = &stack->frames[i];

		assert(text);
		frame->address = stack->addresses[i];
		frame->function = strsep(&rest, "|");
		frame->module = strsep(&rest, "|");
		frame->file = strsep(&rest, "|");
		frame->line = rest ? (unsigned int)strtoul(rest, NULL, 10) : 0;
		frame->offset = 16 * i + 15;
		frame->has_offset = true;
	}
}

struct course {
	uint64_t from, to; /* live bytes, from the first moment to the last */
	uint64_t swing;
	uint64_t size; /* of a block */
	uint64_t allocations_per_moment;
};

static void make_course(struct history *history, size_t stack, const struct course *course, struct chance *chance)
{
	uint64_t allocated = 0;

	for (size_t i = 0; i < history->n_moments; i++) {
		struct moment_usage *usage = &history->usages[stack * history->n_moments + i];
		double part = history->n_moments > 1 ? (double)i / (double)(history->n_moments - 1) : 1;
		double live = (double)course->from + ((double)course->to - (double)course->from) * part;

		if (course->swing)
			live += (double)draw(chance, course->swing);
		usage->live_blocks = (uint64_t)live / course->size;
		usage->live_bytes = usage->live_blocks * course->size;
		allocated += course->allocations_per_moment * course->size;
		usage->alloc_bytes = usage->live_bytes + allocated;
		usage->alloc_count = usage->alloc_bytes / course->size;
	}
}

static struct history *new_history(size_t n_moments, size_t n_stacks)
{
	struct history *history = calloc(1, sizeof(*history));

	assert(history);
	history->n_moments = history->n_recorded = n_moments;
	history->n_stacks = n_stacks;
	history->moments = calloc(n_moments, sizeof(*history->moments));
	history->usages = calloc(n_moments * n_stacks + 1, sizeof(*history->usages));
	assert(history->moments && history->usages);
	history->shown = n_moments - 1;
	return history;
}

/* The sums of all moments, and what the stacks have now, which is the last. */
static void finish(struct snapshot *snapshot, struct history *history)
{
	for (size_t i = 0; i < history->n_moments; i++) {
		struct moment *moment = &history->moments[i];

		moment->time_unix_ns = SAMPLE_TIME_NS - (history->n_moments - 1 - i) * NS_PER_MINUTE;
		moment->complete = true;
		for (size_t stack = 0; stack < history->n_stacks; stack++) {
			const struct moment_usage *usage = &history->usages[stack * history->n_moments + i];

			moment->live_bytes += usage->live_bytes;
			moment->live_blocks += usage->live_blocks;
			moment->alloc_bytes += usage->alloc_bytes;
			moment->alloc_count += usage->alloc_count;
		}
		moment->resident_bytes = moment->live_bytes + moment->live_bytes / 5 + (24 << 20);
	}
	for (size_t i = 0; i < history->n_stacks; i++) {
		const struct moment_usage *now = &history->usages[(i + 1) * history->n_moments - 1];

		snapshot->stacks[i].usage = (struct usage){now->live_bytes,
		                                           now->live_blocks,
		                                           now->alloc_bytes,
		                                           now->alloc_count,
		                                           now->alloc_bytes - now->live_bytes,
		                                           now->alloc_count - now->live_blocks};
	}
	snapshot->history = history;
	snapshot->elapsed_ns = (history->n_moments - 1) * NS_PER_MINUTE;
	snapshot->since_unix_ns = SAMPLE_TIME_NS - snapshot->elapsed_ns;
}

#define MIB ((uint64_t)1 << 20)
#define SERVER "|orderd|src/server.cc|"
#define LIBC "|libc.so.6||"

static const struct scene_stack {
	size_t process;
	struct course course;
	enum verdict_kind verdict;
	const char *frames[DEPTH_MAX];
} recording[] = {
    {0,
     {2 * MIB, 190 * MIB, 0, 4096, 40},
     VERDICT_GROWING,
     {"std::vector<Order, std::allocator<Order>>::_M_realloc_insert|orderd|/usr/include/c++/12/bits/vector.tcc|459",
      "SessionCache::remember(Session const&)|orderd|src/session_cache.cc|88",
      "Session::open(Connection&)|orderd|src/session.cc|41", "Server::handle(Connection&)" SERVER "212",
      "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71", "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {60 * MIB, 66 * MIB, 9 * MIB, 16384, 900},
     VERDICT_CHURNING,
     {"json::Parser::parse_string(json::Cursor&)|libjson.so.2|lib/parser.cc|318",
      "json::Parser::parse_object(json::Cursor&)|libjson.so.2|lib/parser.cc|401",
      "json::parse(std::string_view)|libjson.so.2|lib/json.cc|52", "Request::decode()|orderd|src/request.cc|97",
      "Server::handle(Connection&)" SERVER "205", "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71",
      "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {48 * MIB, 48 * MIB, 0, 65536, 0},
     VERDICT_ONE_TIME,
     {"BufferPool::BufferPool(unsigned long)|orderd|src/buffer_pool.cc|24", "Server::Server(Config const&)" SERVER "44",
      "main|orderd|src/main.cc|31", "__libc_start_call_main" LIBC, "__libc_start_main_impl" LIBC, "_start|orderd||"}},
    {0,
     {26 * MIB, 31 * MIB, 6 * MIB, 512, 300},
     VERDICT_BOUNDED,
     {"pcache1Alloc|libsqlite3.so.0|sqlite3.c|54012", "pcache1FetchStage2|libsqlite3.so.0|sqlite3.c|54761",
      "getPageNormal|libsqlite3.so.0|sqlite3.c|61209", "btreeGetPage|libsqlite3.so.0|sqlite3.c|70144",
      "sqlite3VdbeExec|libsqlite3.so.0|sqlite3.c|94021", "sqlite3_step|libsqlite3.so.0|sqlite3.c|88417",
      "Store::lookup(OrderId)|orderd|src/store.cc|140", "Server::handle(Connection&)" SERVER "219",
      "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71", "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {18 * MIB, 6 * MIB, 1 * MIB, 1024, 120},
     VERDICT_BOUNDED,
     {"CRYPTO_malloc|libcrypto.so.3|crypto/mem.c|199", "SSL_CTX_sess_new|libssl.so.3|ssl/ssl_sess.c|120",
      "tls_finish_handshake|libssl.so.3|ssl/statem/statem_lib.c|1034",
      "Connection::handshake()|orderd|src/connection.cc|66", "Server::handle(Connection&)" SERVER "198",
      "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71", "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {0, 11 * MIB, 0, 320, 3},
     VERDICT_GROWING,
     {"strdup" LIBC, "Metrics::label(char const*)|orderd|src/metrics.cc|77",
      "Metrics::count(char const*, int)|orderd|src/metrics.cc|102", "Server::handle(Connection&)" SERVER "231",
      "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71", "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {9 * MIB, 9 * MIB, 2 * MIB, 2048, 600},
     VERDICT_CHURNING,
     {"deflateInit2_|libz.so.1|deflate.c|312", "Response::compress()|orderd|src/response.cc|58",
      "Server::handle(Connection&)" SERVER "240", "Server::loop()" SERVER "160", "worker_main(void*)" SERVER "71",
      "start_thread" LIBC, "clone3" LIBC}},
    {0,
     {5 * MIB, 5 * MIB, 0, 128, 0},
     VERDICT_ONE_TIME,
     {"Config::read(std::filesystem::path const&)|orderd|src/config.cc|203", "main|orderd|src/main.cc|24",
      "__libc_start_call_main" LIBC, "__libc_start_main_impl" LIBC, "_start|orderd||"}},
    {1,
     {30 * MIB, 52 * MIB, 4 * MIB, 8192, 200},
     VERDICT_GROWING,
     {"arrow::PoolBuffer::Resize|libarrow.so.14|cpp/src/arrow/memory_pool.cc|911",
      "Batch::append(Row const&)|reportd|src/batch.cc|61", "Exporter::run()|reportd|src/exporter.cc|120",
      "main|reportd|src/main.cc|18", "__libc_start_call_main" LIBC, "__libc_start_main_impl" LIBC, "_start|reportd||"}},
    {1,
     {14 * MIB, 12 * MIB, 3 * MIB, 4096, 90},
     VERDICT_BOUNDED,
     {"Row::Row(Cursor&)|reportd|src/row.cc|14", "Exporter::read()|reportd|src/exporter.cc|77",
      "Exporter::run()|reportd|src/exporter.cc|114", "main|reportd|src/main.cc|18", "__libc_start_call_main" LIBC,
      "__libc_start_main_impl" LIBC, "_start|reportd||"}},
};

static void set_verdict(struct stack *stack, const struct scene_stack *scene)
{
	const struct course *course = &scene->course;
	double slope = ((double)course->to - (double)course->from) / 7200;

	stack->verdict = (struct verdict){
	    .kind = scene->verdict,
	    .points = 120,
	    .window_ns = 120 * NS_PER_MINUTE,
	    .bytes_per_s = slope,
	    .low_bytes_per_s = slope * 0.93,
	    .high_bytes_per_s = slope * 1.07,
	    .low_bytes = course->from,
	    .high_bytes = course->to + course->swing,
	    .lifetime_ns = 840000000,
	    .projected_bytes = (uint64_t)1 << 30,
	    .projected_ns = slope > 0 ? (uint64_t)(((double)(1 << 30) - (double)course->to) / slope * 1e9) : 0};
	stack->oldest_ns = scene->verdict == VERDICT_CHURNING ? 1900000000 : 119 * NS_PER_MINUTE;
}

static void set_placement(struct stack *stack, size_t i)
{
	uint64_t far = stack->usage.live_bytes / (i + 2), blocks = stack->usage.live_blocks / (i + 2);
	struct node_usage nodes[] = {
	    {0, stack->usage.live_bytes - far, stack->usage.live_blocks - blocks, stack->usage.live_bytes},
	    {1, far, blocks, 0}};

	stack->placement =
	    (struct placement){.nodes = sample_copy(nodes, sizeof(nodes)), .n_nodes = 2, .remote_bytes = far};
}

static struct snapshot *make_recording(size_t size)
{
	size_t n = sizeof(recording) / sizeof(recording[0]);
	struct snapshot *snapshot = sample_new(2, n, 2);
	struct history *history = new_history(121, n);
	struct chance chance = {88172645463325252};

	(void)size;
	strcpy(snapshot->processes[0].comm, "orderd");
	strcpy(snapshot->processes[1].comm, "reportd");
	for (size_t i = 0; i < n; i++) {
		size_t depth = 0;

		while (recording[i].frames[depth])
			depth++;
		snapshot->stacks[i].process = recording[i].process;
		set_frames(&snapshot->stacks[i], recording[i].frames, depth);
		set_verdict(&snapshot->stacks[i], &recording[i]);
		make_course(history, i, &recording[i].course, &chance);
	}
	finish(snapshot, history);
	for (size_t i = 0; i < n; i++)
		set_placement(&snapshot->stacks[i], i);
	snapshot->processes[0].memory = (struct process_memory){.known = true, .rss_bytes = 450 * MIB};
	snapshot->processes[1].memory = (struct process_memory){.known = true, .rss_bytes = 96 * MIB};
	snapshot->abandoned_calls = 3;
	return snapshot;
}

#define LARGE_DEPTH 30

static struct snapshot *make_large(size_t size)
{
	struct snapshot *snapshot = sample_new(1, size, 1);
	struct history *history = new_history(60, size);
	struct chance chance = {1442695040888963407};

	/* As of a week's recording, of which so many were chosen. */
	history->n_recorded = 10080;

	for (size_t i = 0; i < size; i++) {
		char names[LARGE_DEPTH][96];
		const char *frames[LARGE_DEPTH];
		struct course course = {.size = 16 + 16 * draw(&chance, 64)};
		/* The outer frames are common to many, the inner ones to few. */
		for (size_t depth = 0; depth < LARGE_DEPTH; depth++) {
			size_t level = LARGE_DEPTH - 1 - depth;
			uint64_t choices = level < 4 ? 1 : level < 10 ? 2 : level < 20 ? 3 : 400;

			snprintf(names[depth], sizeof(names[depth]),
			         "ns%zu::Component%" PRIu64 "::step%zu(int)|lib%zu.so|src/c%zu.cc|%zu", level,
			         draw(&chance, choices), level, level % 11, level, 10 + level);
			frames[depth] = names[depth];
		}
		set_frames(&snapshot->stacks[i], frames, LARGE_DEPTH);
		course.from = course.size * (1 + draw(&chance, 200));
		course.to = draw(&chance, 20) ? course.from : course.from * 6;
		course.allocations_per_moment = draw(&chance, 10);
		make_course(history, i, &course, &chance);
		snapshot->stacks[i].verdict.kind = course.to > course.from ? VERDICT_GROWING : VERDICT_BOUNDED;
	}
	finish(snapshot, history);
	return snapshot;
}

/* Each would set document.title, if it were markup or script. */
static struct snapshot *make_hostile(size_t size)
{
	static const char *const frames[] = {
	    "</script><script>document.title='broken'</script>|<img src=x "
	    "onerror=\"document.title='broken'\">|--><script>document.title='broken'</script>|1",
	    "]]></style></svg><script>document.title='broken'</script>|\"><script>document.title='broken'</"
	    "script>|\\u003cscript>|2",
	    "<!--<script>|&lt;script&gt;|' onmouseover='document.title=1|3",
	    "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae rtl|\xff\xfe\xed\xa0\x80|\x01\x02\x1b[31m\x7f\xc2\x9b|4",
	    "\xef\xbf\xbe\xef\xbf\xbf ${document.title='broken'} `x`|__proto__|constructor|5",
	};
	struct snapshot *snapshot = sample_new(2, 3, 1);
	char *template = malloc(10101);
	const char *longest[] = {template, "main|app|main.cc|1"};

	(void)size;
	assert(template);
	for (size_t i = 0; i < 10000; i++)
		template[i] = "std::map<Key<'a'>, \"v\"&>::"[i % 26];
	strcpy(template + 10000, "|app|a.cc|7");
	snprintf(snapshot->processes[0].comm, sizeof(snapshot->processes[0].comm), "</title><b>\n");
	free(snapshot->processes[1].exe);
	snapshot->processes[1].exe = strdup("</script>");
	for (size_t i = 0; i < 3; i++)
		sample_usage(&snapshot->stacks[i], 1 + i, 4096);
	set_frames(&snapshot->stacks[0], frames, 5);
	set_frames(&snapshot->stacks[1], longest, 2);
	snapshot->stacks[2].process = 1;
	free(template);
	return snapshot;
}

static struct snapshot *make_one(size_t size)
{
	static const char *const frames[] = {"grow|app|app.c|12", "main|app|app.c|31"};
	struct snapshot *snapshot = sample_new(1, 1, 1);

	(void)size;
	sample_usage(&snapshot->stacks[0], 5, 8192);
	set_frames(&snapshot->stacks[0], frames, 2);
	return snapshot;
}

static struct snapshot *make_empty(size_t size)
{
	(void)size;
	return sample_new(1, 0, 1);
}

static const struct scene {
	const char *name;
	struct snapshot *(*make)(size_t size);
} scenes[] = {
    {"recording", make_recording}, {"large", make_large}, {"hostile", make_hostile}, {"one", make_one},
    {"empty", make_empty},
};

int main(int argc, char **argv)
{
	const struct renderer *renderer = argc > 2 ? renderer_find(argv[1]) : NULL;
	size_t size = argc > 3 ? strtoul(argv[3], NULL, 10) : 10000;

	for (size_t i = 0; renderer && i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct snapshot *snapshot;
		int error;

		if (strcmp(scenes[i].name, argv[2]) != 0)
			continue;
		snapshot = scenes[i].make(size);
		aggregate_sum(snapshot);
		snapshot->n_stacks_shown = snapshot->n_stacks;
		error = renderer->report(stdout, snapshot, &(struct render_options){.utc = true});
		snapshot_free(snapshot);
		if (error)
			fprintf(stderr, "samples: %s\n", strerror(-error));
		return error ? 1 : 0;
	}
	fputs("usage: samples FORM recording|large|hostile|one|empty [SIZE]\n", stderr);
	return 2;
}
