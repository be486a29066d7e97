// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording_state.h"
#include "util/number.h"

static int read_nodes(struct recording *recording, struct placement *placement)
{
	sqlite3_stmt *read = recording->statements[READ_NODES];
	int row;

	placement->nodes = calloc(NODES_MAX, sizeof(*placement->nodes));
	if (!placement->nodes)
		return recording_out_of_memory(recording);
	while ((row = database_step(&recording->database, read)) > 0) {
		int64_t node = sqlite3_column_int64(read, 0);

		if (node < 0 || node >= NODES_MAX || placement->n_nodes == NODES_MAX)
			row = recording_damaged(recording, "there is no such node");
		if (row < 0)
			break;
		placement->nodes[placement->n_nodes++].node = (int)node;
	}
	sqlite3_reset(read);
	if (!row && !placement->n_nodes)
		row = recording_damaged(recording, "it has no node");
	return row;
}

static int read_losses(struct recording *recording, int64_t number, struct snapshot *snapshot)
{
	sqlite3_stmt *read = recording->statements[READ_LOSSES];
	int row = database_bind(&recording->database, read, "i", number);

	while (!row && (row = database_step(&recording->database, read)) > 0) {
		const char *cause = (const char *)sqlite3_column_text(read, 0);
		int loss = 0;

		while (loss < LOSS_COUNT && (!cause || strcmp(cause, loss_key((enum loss)loss)) != 0))
			loss++;
		row = loss < LOSS_COUNT ? recording_count(recording, read, 1, &snapshot->lost[loss])
		                        : recording_damaged(recording, "it has a loss of no known cause");
	}
	sqlite3_reset(read);
	return row;
}

static int read_head(struct recording *recording, int64_t number, struct snapshot *snapshot)
{
	sqlite3_stmt *read = recording->statements[READ_SNAPSHOT];
	const char *since = recording_about(recording, "since_unix_ns");
	int row = database_bind(&recording->database, read, "i", number);

	if (!row)
		row = database_step(&recording->database, read);
	if (!row)
		row = recording_damaged(recording, "a snapshot is missing");
	if (row > 0) {
		snapshot->unknown_frees_known = sqlite3_column_type(read, 3) != SQLITE_NULL;
		snapshot->placed = sqlite3_column_int(read, 6) != 0;
		row = recording_counts(recording, read, 0,
		                       (uint64_t *const[]){&snapshot->time_unix_ns, &snapshot->elapsed_ns,
		                                           &snapshot->abandoned_calls, &snapshot->unknown_frees,
		                                           &snapshot->inherited_frees, &snapshot->untraced_children,
		                                           NULL});
	}
	sqlite3_reset(read);
	if (!since || number_parse(since, &snapshot->since_unix_ns))
		snapshot->since_unix_ns = snapshot->time_unix_ns - snapshot->elapsed_ns;
	return row;
}

int recording_snapshot(struct recording *recording, size_t moment, struct snapshot **result)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	const struct place *place = &recording->places[moment];
	int error;

	*result = NULL;
	if (!snapshot)
		return recording_out_of_memory(recording);
	snapshot->command = "trace";
	error = read_head(recording, place->snapshot, snapshot);
	if (!error)
		error = read_nodes(recording, &snapshot->placement);
	if (!error)
		error = read_losses(recording, place->snapshot, snapshot);
	if (!error)
		error = recording_read_processes(recording, place, snapshot);
	if (!error)
		error = recording_read_stacks(recording, place, snapshot);
	if (error)
		snapshot_free(snapshot);
	else
		*result = snapshot;
	return error;
}
