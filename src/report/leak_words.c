// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/leak_words.h"

#include <inttypes.h>

#include "report/frame.h"
#include "util/escape.h"

/* What the kernel holds a pointer for: by name, and in words. */
static const struct {
	const char *name, *words;
} kept_as[REACH_KEPT_COUNT] = {
    [REACH_KEPT_FOR_EPOLL] = {"epoll", "data of epoll"},
    [REACH_KEPT_FOR_TIMER] = {"timer", "a timer"},
    [REACH_KEPT_AS_SIGNAL_STACK] = {"signal-stack", "an alternate signal stack"},
};

const char *leak_words_kept(const struct holding *holding)
{
	bool kernel = !holding->block_bytes && !REACH_IS_ADDRESS(holding->at) && !REACH_IS_REGISTER(holding->at);

	return kernel ? kept_as[REACH_KEPT(holding->at)].name : NULL;
}

const char *leak_words_place(const struct holding *holding)
{
	static const char *const areas[] = {
	    [SCAN_AREA_GLOBALS] = "globals",
	    [SCAN_AREA_STACK] = "stack",
	    [SCAN_AREA_ALLOCATOR] = "allocator",
	    [SCAN_AREA_MAPPED] = "mapped",
	};

	if (holding->block_bytes)
		return "block";
	if (!REACH_IS_ADDRESS(holding->at))
		return REACH_IS_REGISTER(holding->at) ? "register" : "kernel";
	return holding->area ? areas[holding->area->kind] : "unknown";
}

static void write_site(FILE *out, const struct snapshot *snapshot, const struct holding *holding)
{
	struct printed_frame printed;

	fprintf(out, "0x%" PRIx64 ", in a block of %" PRIu64 " bytes", holding->at, holding->block_bytes);
	if (!holding->site || !printed_frame_count(holding->site)) {
		fputs(holding->site ? "" : " from before memtrace attached", out);
		return;
	}
	printed_frame_get(&printed, &snapshot->processes[holding->site->process], holding->site, 0);
	fputs(" allocated by ", out);
	if (printed.frame.function)
		escape_write(out, printed.frame.function);
	else
		fprintf(out, "0x%" PRIx64, printed.frame.address);
	if (printed.frame.file) {
		fputs(" (", out);
		escape_write(out, printed.frame.file);
		fprintf(out, ":%u)", printed.frame.line);
	}
}

static void write_area(FILE *out, const struct holding *holding)
{
	const struct scan_area *area = holding->area;

	fprintf(out, "0x%" PRIx64, holding->at);
	if (!area)
		return;
	if (area->kind == SCAN_AREA_STACK) {
		fprintf(out, ", on the stack of thread %d", area->thread);
		return;
	}
	if (area->kind == SCAN_AREA_ALLOCATOR)
		fputs(", in memory of the allocator that is not known to be unused", out);
	else
		fputs(area->kind == SCAN_AREA_GLOBALS ? ", in the globals of " : ", in ", out);
	if (area->kind != SCAN_AREA_ALLOCATOR)
		escape_write(out, area->name[0] ? area->name : "a mapping without a name");
}

void leak_words_holding(FILE *out, const struct snapshot *snapshot, const struct process *process,
                        const struct holding *holding)
{
	const struct scan *scan = process->scan;

	if (holding->block_bytes)
		write_site(out, snapshot, holding);
	else if (REACH_IS_ADDRESS(holding->at))
		write_area(out, holding);
	else if (REACH_IS_REGISTER(holding->at))
		fprintf(out, "%s of thread %" PRIu32, scan_register_name(scan, REACH_REGISTER(holding->at)),
		        REACH_THREAD(holding->at));
	else
		fprintf(out, "the kernel (%s)", kept_as[REACH_KEPT(holding->at)].words);
	if (holding->value != holding->leads_to)
		fprintf(out, ", by 0x%" PRIx64 ", which is %" PRId64 " bytes from its beginning", holding->value,
		        (int64_t)(REACH_UNTAGGED(holding->value) - holding->leads_to));
}
