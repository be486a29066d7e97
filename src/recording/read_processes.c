// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording_state.h"
#include "util/grow.h"

static int read_mapping(struct recording *recording, sqlite3_stmt *read, struct process *process)
{
	int64_t module = sqlite3_column_int64(read, 5);
	struct mapping mapping = {
	    .start = (uint64_t)sqlite3_column_int64(read, 0),
	    .end = (uint64_t)sqlite3_column_int64(read, 1),
	    .from = (uint32_t)sqlite3_column_int64(read, 2),
	    .until =
	        sqlite3_column_type(read, 3) == SQLITE_NULL ? MAPPING_STAYS : (uint32_t)sqlite3_column_int64(read, 3),
	    .offset = (uint64_t)sqlite3_column_int64(read, 4),
	};

	if (mapping.start >= mapping.end || module < 1 || (uint64_t)module >= recording->n_modules)
		return recording_damaged(recording, "a mapping is not possible");
	if (grow_list((void **)&process->mappings, process->n_mappings, sizeof(*process->mappings)))
		return recording_out_of_memory(recording);
	mapping.module = &recording->modules[module];
	process->mappings[process->n_mappings++] = mapping;
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct mapping *a = left, *b = right;

	return a->start != b->start ? (a->start > b->start) - (a->start < b->start)
	                            : (a->from > b->from) - (a->from < b->from);
}

static int read_mappings(struct recording *recording, struct process *process)
{
	sqlite3_stmt *read = recording->statements[READ_MAPPINGS];
	int row = database_bind(&recording->database, read, "i", (int64_t)process->number);

	while (!row && (row = database_step(&recording->database, read)) > 0)
		row = read_mapping(recording, read, process);
	sqlite3_reset(read);
	/* Addresses of the upper half are negative in the file. */
	if (!row && process->n_mappings)
		qsort(process->mappings, process->n_mappings, sizeof(*process->mappings), by_start);
	return row;
}

static int read_memory(struct recording *recording, sqlite3_stmt *read, struct process_memory *memory)
{
	uint64_t *const counts[] = {&memory->rss_bytes,
	                            &memory->parts[MEMORY_LIVE],
	                            &memory->parts[MEMORY_SLACK],
	                            &memory->parts[MEMORY_MAPPINGS],
	                            &memory->parts[MEMORY_STACKS],
	                            &memory->parts[MEMORY_DATA],
	                            &memory->parts[MEMORY_FILES],
	                            &memory->parts[MEMORY_BEFORE],
	                            &memory->unseen_threads,
	                            NULL};

	memory->known = sqlite3_column_type(read, 8) != SQLITE_NULL;
	return memory->known ? recording_counts(recording, read, 8, counts) : 0;
}

static int read_process(struct recording *recording, sqlite3_stmt *read, struct snapshot *snapshot)
{
	struct process *process;
	const char *exe, *comm;
	int error;

	if (snapshot->n_processes >= PLACEMENTS_MAX / snapshot->placement.n_nodes)
		return recording_damaged(recording, "it has too many processes for its nodes");
	if (grow_list((void **)&snapshot->processes, snapshot->n_processes, sizeof(*snapshot->processes)))
		return recording_out_of_memory(recording);
	process = &snapshot->processes[snapshot->n_processes++];
	*process = (struct process){
	    .pid = (pid_t)sqlite3_column_int64(read, 1),
	    .parent = (pid_t)sqlite3_column_int64(read, 2),
	    .is_child = sqlite3_column_int(read, 3) != 0,
	    .ended = sqlite3_column_int(read, 6) != 0,
	    .exit_status = sqlite3_column_int(read, 7),
	    .exit_status_known = sqlite3_column_type(read, 7) != SQLITE_NULL,
	};
	error = recording_count(recording, read, 0, &process->number);
	if (!error)
		error = recording_text(recording, read, 4, &exe);
	if (!error)
		error = recording_text(recording, read, 5, &comm);
	if (error)
		return error;
	strncpy(process->comm, comm ? comm : "", sizeof(process->comm) - 1);
	process->exe = exe ? strdup(exe) : NULL;
	if ((exe && !process->exe) ||
	    placement_init(&process->placement, snapshot->placement.nodes, snapshot->placement.n_nodes))
		return recording_out_of_memory(recording);
	return read_memory(recording, read, &process->memory);
}

int recording_read_processes(struct recording *recording, const struct place *place, struct snapshot *snapshot)
{
	sqlite3_stmt *read = recording->statements[READ_PROCESSES];
	int row = database_bind(&recording->database, read, "i", place->snapshot);

	while (!row && (row = database_step(&recording->database, read)) > 0)
		row = read_process(recording, read, snapshot);
	sqlite3_reset(read);
	for (size_t i = 0; i < snapshot->n_processes && !row; i++)
		row = read_mappings(recording, &snapshot->processes[i]);
	return row;
}
