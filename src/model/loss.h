/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Causes of loss, as rows: id, key under `integrity.lost`, words for the text report.
 * The BPF programs count into the same indexes, through bpf/memtrace.h.
 */
#ifndef MEMTRACE_MODEL_LOSS_H
#define MEMTRACE_MODEL_LOSS_H

#define LOSS_ROWS(X) \
	X(LOSS_LIVE_TABLE_FULL, "live_table_full", "allocations not stored: live table full") \
	X(LOSS_STACK_TABLE_FULL, "stack_table_full", "allocations without a stack: stack table full") \
	X(LOSS_MISSED_FREES, "missed_frees", "frees missed: address came back live") \
	X(LOSS_MISSED_PROBES, "missed_probes", "probe hits missed by the kernel") \
	X(LOSS_MISSED_RETURNS, "missed_returns", "returns missed: too many nested return probes") \
	X(LOSS_THREAD_STATE, "thread_state", "calls not followed: no memory for thread state") \
	X(LOSS_EVENTS, "events_lost", "mapping events lost: event buffer full") \
	X(LOSS_READ_FAULTS, "read_faults", "results not readable") \
	X(LOSS_MAPPINGS_FULL, "mappings_full", "mapping calls not followed") \
	X(LOSS_LATE_OBJECTS, "late_objects", "allocators taken up after they were mapped") \
	X(LOSS_CODE_RANGES, "code_ranges_full", "places in code that the programs had no room to know") \
	X(LOSS_UNWIND_TABLES, "unwind_tables_full", \
	  "files and places of code without unwind tables, for want of room") \
	X(LOSS_NO_MAPPINGS, "mappings_untraced", "processes whose mappings are not traced: no access to tracefs") \
	X(LOSS_UNPROBED, "unprobed_functions", "functions that the kernel refused to probe") \
	X(LOSS_UNPROBED_OBJECTS, "unprobed_objects", "objects that could not be probed") \
	X(LOSS_ENDED, "ended_processes_full", "stacks not kept of children that have ended, for want of room") \
	X(LOSS_CLASSES, "classes_full", "kernel allocations of no known kind: too many kinds") \
	X(LOSS_MISREMEMBERED, "stacks_misremembered", "kernel stacks that were not those they were taken for") \
	X(LOSS_PEAKS, "peaks_missed", "peaks of live bytes not noted: too many CPUs at once")

enum loss {
#define X(id, key, words) id,
	LOSS_ROWS(X)
#undef X
	    LOSS_COUNT
};

/* "live_table_full", … */
const char *loss_key(enum loss loss);
/* "allocations not stored: live table full", … */
const char *loss_words(enum loss loss);

#endif
