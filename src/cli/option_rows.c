// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/option_rows.h"

#include "analyze/select.h"
#include "cli/options.h"
#include "model/placement.h"

#define FIELD(member) .field = offsetof(struct options, member), .field_size = sizeof(((struct options *)0)->member)
#define GIVEN(member) .given = offsetof(struct options, member)
#define NS_PER_MS 1000000ULL

/* options.sort may be cast to what select_stacks() takes. */
_Static_assert((int)SORT_BYTES == SELECT_BYTES && (int)SORT_COUNT == SELECT_COUNT &&
                   (int)SORT_GROWTH == SELECT_GROWTH && (int)SORT_AGE == SELECT_AGE,
               "the keys of --sort and of select_stacks() differ");

/* In the order of enum sort_key. */
static const char *const sort_keys[] = {"bytes", "count", "growth", "age", NULL};
/* In the order of enum churn_key. */
static const char *const churn_keys[] = {"rate", "bytes", "short-lived", NULL};
/* In the order of enum laid_to. */
static const char *const laid_to[] = {"nothing", "process", "cgroup", NULL};
/* In the order of enum check_kind. */
static const char *const check_kinds[] = {"definite", "indirect", "possible", "growing", "outstanding", NULL};
/* In the order of enum view. */
static const char *const views[] = {"live", "churn", "growth", NULL};
static const char *const backends[] = {"session", "multi", "perf", NULL};

// clang-format off
const struct option_row option_rows[] = {
	{ .letter = 'p', .name = "pid", .argument = "PID[,PID...]", .kind = OPTION_PIDS, .needs = ACCEPT_PID,
	  .min = 1, .max = INT32_MAX, .help = "the processes to look at" },
	{ .letter = 'a', .name = "show-allocs", .kind = OPTION_FLAG, .needs = ACCEPT_LISTING, FIELD(show_allocs),
	  .help = "list the live blocks (address, size, age) under each stack" },
	{ .letter = 'o', .name = "older", .argument = "MS", .kind = OPTION_MILLISECONDS, .needs = ACCEPT_STACKS,
	  FIELD(older_ns), GIVEN(older_given), .max = UINT64_MAX / NS_PER_MS, .initial = "500",
	  .help = "leave out blocks younger than MS milliseconds (500; 0 at exit and of churn)" },
	{ .letter = 'z', .name = "min-size", .argument = "N", .kind = OPTION_SIZE, .needs = ACCEPT_HEAP,
	  FIELD(min_size_bytes), GIVEN(size_filter), .max = UINT64_MAX, .initial = "0",
	  .help = "only requests of at least N bytes" },
	{ .letter = 'Z', .name = "max-size", .argument = "N", .kind = OPTION_SIZE, .needs = ACCEPT_HEAP,
	  FIELD(max_size_bytes), GIVEN(size_filter), .max = UINT64_MAX, .initial = "18446744073709551615",
	  .help = "only requests of at most N bytes" },
	{ .name = "node", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_STACKS, FIELD(node),
	  GIVEN(node_given), .max = NODES_MAX - 1, .help = "only what lies on NUMA node N now" },
	{ .letter = 'T', .name = "top", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_REPORT, FIELD(top),
	  GIVEN(top_given), .max = SIZE_MAX, .initial = "10",
	  .help = "stacks (caches, processes) to print (10, all in forms for other tools; 0 means all)" },
	{ .letter = 'O', .name = "obj", .argument = "PATH", .kind = OPTION_LIST, .needs = ACCEPT_HEAP, FIELD(objects),
	  .help = "the object that holds the allocator; may be repeated (found by itself)" },
	{ .name = "follow-fork", .kind = OPTION_FLAG, .needs = ACCEPT_HEAP, FIELD(follow_fork),
	  .help = "trace the children of the processes too, each by itself" },
	{ .name = "sort", .argument = "KEY", .kind = OPTION_CHOICE, .needs = ACCEPT_ORDER, FIELD(sort),
	  GIVEN(sort_given), .choices = sort_keys, .initial = "bytes",
	  .help = "order of the stacks: bytes, count, growth or age (bytes)" },
	{ .name = "sort", .argument = "KEY", .kind = OPTION_CHOICE, .needs = ACCEPT_CHURN, FIELD(churn_sort),
	  .choices = churn_keys, .initial = "rate",
	  .help = "order of the stacks: rate (allocations a second), bytes (a second) or short-lived (rate)" },
	{ .name = "cache", .argument = "NAME", .kind = OPTION_TEXT, .needs = ACCEPT_KERNEL, FIELD(cache),
	  .help = "only objects of this slab cache, by any of its names" },
	{ .name = "order", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_KERNEL, FIELD(order),
	  GIVEN(order_given), .max = 31, .help = "only allocations of 2^N pages" },
	{ .name = "min-growth", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_KERNEL,
	  FIELD(min_growth_bytes), .max = INT64_MAX, .initial = "0",
	  .help = "only caches that grew by at least SIZE (0)" },
	{ .name = "cgroup", .argument = "PATH", .kind = OPTION_TEXT, .needs = ACCEPT_KERNEL, FIELD(cgroup),
	  .help = "only what processes of this cgroup (v2) and those below it allocate" },
	{ .name = "by", .argument = "WHOM", .kind = OPTION_CHOICE, .needs = ACCEPT_KERNEL, FIELD(by),
	  .choices = laid_to, .initial = "nothing",
	  .help = "tell allocations apart by nothing, process or cgroup (nothing; process with -p)" },
	{ .name = "format", .argument = "FORMAT", .kind = OPTION_FORMAT, .needs = ACCEPT_REPORT, FIELD(renderer),
	  GIVEN(format_given), .initial = "text",
	  .help = "form of the report: text or json; for other tools folded, csv, pprof, speedscope, massif; "
		  "to look at html, svg; of check also junit, sarif, github (text)" },
	{ .name = "output", .argument = "FILE", .kind = OPTION_TEXT, .needs = ACCEPT_REPORT, FIELD(output),
	  .help = "keep the newest report in FILE, replaced only when the new one is whole" },
	{ .name = "max-memory", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_STACKS, FIELD(max_memory_bytes),
	  .min = 16 << 20, .max = UINT64_MAX, .initial = "512M",
	  .help = "ceiling for memtrace's own tables, kernel side included (512M)" },
	{ .name = "stack-depth", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_STACKS, FIELD(stack_depth),
	  .min = 1, .max = 1000, .initial = "127", .help = "frames kept per stack (127)" },
	{ .name = "reachable", .kind = OPTION_FLAG, .needs = ACCEPT_LEAKS, FIELD(reachable),
	  .help = "show reachable blocks too, and what holds them" },
	{ .name = "max-pause", .argument = "MS", .kind = OPTION_MILLISECONDS, .needs = ACCEPT_SCAN,
	  FIELD(max_pause_ns), .min = 1, .max = UINT64_MAX / NS_PER_MS / 2, .initial = "5000",
	  .help = "give up rather than have the process stand still for longer (5000)" },
	{ .name = "no-stop", .kind = OPTION_FLAG, .needs = ACCEPT_SCAN, FIELD(no_stop),
	  .help = "read the memory while the process runs: leaks are possible ones then" },
	{ .name = "kinds", .argument = "LIST", .kind = OPTION_SET, .needs = ACCEPT_CHECK, FIELD(kinds),
	  GIVEN(kinds_given), .choices = check_kinds,
	  .help = "blocks to judge: definite, indirect, possible, growing, outstanding (definite,indirect)" },
	{ .name = "max-leak-bytes", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_CHECK,
	  FIELD(max_leak_bytes), GIVEN(max_leak_bytes_given), .max = INT64_MAX,
	  .help = "fail if all these blocks together have more than SIZE" },
	{ .name = "max-leak-count", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_CHECK,
	  FIELD(max_leak_count), GIVEN(max_leak_count_given), .max = INT64_MAX,
	  .help = "fail if there are more than N of them" },
	{ .name = "max-stack-bytes", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_CHECK,
	  FIELD(max_stack_bytes), GIVEN(max_stack_bytes_given), .max = INT64_MAX,
	  .help = "fail if those of one stack have more than SIZE" },
	{ .name = "max-growth", .argument = "RATE", .kind = OPTION_RATE, .needs = ACCEPT_CHECK,
	  FIELD(max_growth_bytes_per_s), GIVEN(max_growth_given),
	  .help = "fail if a stack grows faster in every round; a SIZE by s, min, h or d: 1M/h" },
	{ .name = "warmup", .argument = "T", .kind = OPTION_SECONDS, .needs = ACCEPT_CHECK, FIELD(warmup_ns),
	  .help = "leave out what is allocated within the first T seconds (0)" },
	{ .name = "duration", .argument = "T", .kind = OPTION_SECONDS, .needs = ACCEPT_CHECK | ACCEPT_RECORD,
	  FIELD(duration_ns), .help = "end T seconds later (when the target ends, or with -p at SIGINT)" },
	{ .name = "rounds", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_CHECK, FIELD(rounds),
	  GIVEN(rounds_given), .min = 1, .max = 1000, .initial = "3",
	  .help = "parts of --duration; what grows does so in each (3)" },
	{ .name = "baseline", .argument = "FILE", .kind = OPTION_TEXT, .needs = ACCEPT_CHECK, FIELD(baseline),
	  .help = "compare with the stacks in FILE, which are known" },
	{ .name = "fail-on", .argument = "LIST", .kind = OPTION_FAIL_ON, .needs = ACCEPT_CHECK, FIELD(fail_on),
	  GIVEN(fail_on_given), .initial = "new-stack,growth=10%",
	  .help = "what of a baseline's comparison fails (new-stack,growth=10%)" },
	{ .name = "update-baseline", .kind = OPTION_FLAG, .needs = ACCEPT_CHECK, FIELD(update_baseline),
	  .help = "write the baseline instead of comparing with it" },
	{ .name = "suppressions", .argument = "FILE", .kind = OPTION_LIST, .needs = ACCEPT_CHECK, FIELD(suppressions),
	  .help = "do not judge what FILE names, in LeakSanitizer's or valgrind's form; may be repeated" },
	{ .name = "gen-suppressions", .kind = OPTION_FLAG, .needs = ACCEPT_CHECK, FIELD(gen_suppressions),
	  .help = "print suppressions of all that was found, in place of the report" },
	{ .name = "error-exitcode", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_CHECK,
	  FIELD(error_exitcode), .min = 1, .max = 255, .initial = "1", .help = "exit status when it fails (1)" },
	{ .name = "ignore-children", .kind = OPTION_FLAG, .needs = ACCEPT_CHECK, FIELD(ignore_children),
	  .help = "give a verdict though children were not traced" },
	{ .letter = 'w', .name = "write", .argument = "FILE", .kind = OPTION_TEXT, .needs = ACCEPT_RECORD, FIELD(write),
	  .help = "the file to record into, which must not be there yet" },
	{ .name = "interval", .argument = "T", .kind = OPTION_SECONDS, .needs = ACCEPT_RECORD, FIELD(interval_ns),
	  GIVEN(interval_given), .help = "seconds from one snapshot to the next (5)" },
	{ .name = "rotate", .argument = "LIMIT", .kind = OPTION_ROTATE, .needs = ACCEPT_RECORD,
	  .help = "go on in FILE.1, FILE.2, ... at a size (100M) or after a time (30min, 12h, 7d)" },
	{ .name = "no-symbols", .kind = OPTION_FLAG, .needs = ACCEPT_RECORD, FIELD(no_symbols),
	  .help = "leave names for memtrace report to find, by build IDs" },
	{ .name = "at", .argument = "TIME", .kind = OPTION_TEXT, .needs = ACCEPT_MOMENT, FIELD(at),
	  .help = "the last snapshot until TIME: 2026-03-01T12:30:00, 12:30, or +90 (seconds from the start)" },
	{ .name = "peak", .kind = OPTION_FLAG, .needs = ACCEPT_MOMENT, FIELD(peak),
	  .help = "the snapshot with the most live bytes" },
	{ .name = "last", .kind = OPTION_FLAG, .needs = ACCEPT_MOMENT, FIELD(last),
	  .help = "the last snapshot (this is what is shown unless told otherwise)" },
	{ .name = "view", .argument = "VIEW", .kind = OPTION_CHOICE, .needs = ACCEPT_MOMENT, FIELD(view),
	  .choices = views, .initial = "live",
	  .help = "what is shown, and the order unless --sort says: live, churn or growth (live)" },
	{ .name = "symbols-from", .argument = "DIR", .kind = OPTION_TEXT, .needs = ACCEPT_NAMES, FIELD(symbols_from),
	  .help = "find names in files below DIR that have the build IDs" },
	{ .name = "debuginfod", .kind = OPTION_FLAG, .needs = ACCEPT_HEAP | ACCEPT_NAMES, FIELD(debuginfod),
	  .help = "fetch missing debug files from the servers of DEBUGINFOD_URLS" },
	{ .letter = 'v', .name = "verbose", .kind = OPTION_LOUDER, .help = "more on standard error" },
	{ .letter = 'q', .name = "quiet", .kind = OPTION_QUIETER, .help = "less on standard error" },
	{ .letter = 'h', .name = "help", .kind = OPTION_ASK_HELP, .help = "print this help" },
	{ .name = "version", .kind = OPTION_ASK_VERSION, .help = "print the version" },
	{ .name = "live-table-slots", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_STACKS,
	  FIELD(live_table_slots), .min = 1, .max = UINT32_MAX, .hidden = true,
	  .help = "slots of the table of live blocks" },
	{ .name = "stack-table-rows", .argument = "N", .kind = OPTION_NUMBER, .needs = ACCEPT_STACKS,
	  FIELD(stack_table_rows), .min = 1, .max = UINT32_MAX, .hidden = true,
	  .help = "rows of the table of stacks" },
	{ .name = "unwind-tables", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_HEAP, FIELD(unwind_table_bytes),
	  .min = 1, .max = UINT32_MAX, .hidden = true, .help = "bytes for tables to unwind by" },
	{ .name = "ended-memory", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_HEAP, FIELD(ended_bytes),
	  .min = 1, .max = UINT32_MAX, .hidden = true, .help = "bytes for what ended children leave" },
	{ .name = "event-buffer", .argument = "SIZE", .kind = OPTION_SIZE, .needs = ACCEPT_HEAP,
	  FIELD(event_buffer_bytes), .min = 1, .max = UINT32_MAX, .hidden = true,
	  .help = "bytes of the buffer of mapping events" },
	{ .name = "frame-pointers", .kind = OPTION_FLAG, .needs = ACCEPT_HEAP, FIELD(frame_pointers), .hidden = true,
	  .help = "walk stacks by frame pointers, as on kernels before 5.17" },
	{ .name = "backend", .argument = "NAME", .kind = OPTION_WORD, .needs = ACCEPT_HEAP, FIELD(backend),
	  .choices = backends, .hidden = true, .help = "how to attach: session, multi or perf" },
};
// clang-format on

const size_t n_option_rows = sizeof(option_rows) / sizeof(option_rows[0]);

bool option_row_accepted(const struct option_row *row, unsigned int accept)
{
	return !row->needs || (row->needs & accept);
}
