// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "recording/writer_state.h"

/* Lower-case hexadecimal; NULL: there is none. */
static const char *build_id_text(char text[2 * BUILD_ID_MAX + 1], const struct module *module)
{
	for (size_t i = 0; i < module->build_id_size; i++)
		snprintf(text + 2 * i, 3, "%02x", module->build_id[i]);
	return module->build_id_size ? text : NULL;
}

/* Finds the module's row or makes it. 0 or -errno. */
static int put_module(struct writer *writer, const struct module *module, int64_t *number)
{
	struct database *database = &writer->database;
	sqlite3_stmt *find = writer->statements[FIND_MODULE];
	char text[2 * BUILD_ID_MAX + 1];
	const char *build_id = build_id_text(text, module);
	int64_t device = (int64_t)module->device, inode = (int64_t)module->inode, replaced = module->replaced;
	int error = database_bind(database, find, "ttiii", module->path, build_id, device, inode, replaced);

	if (!error)
		error = database_step(database, find);
	if (error > 0)
		*number = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (error)
		return error < 0 ? error : 0;
	error = database_run(database, writer->statements[WRITE_MODULE], "ttiii", module->path, build_id, device, inode,
	                     replaced);
	*number = sqlite3_last_insert_rowid(database->handle);
	return error;
}

static bool same_mapping(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset && a->module == b->module &&
	       a->from == b->from && a->until == b->until;
}

static bool same_mappings(const struct process *a, const struct process *b)
{
	if (a->n_mappings != b->n_mappings)
		return false;
	for (size_t i = 0; i < a->n_mappings; i++) {
		if (!same_mapping(&a->mappings[i], &b->mappings[i]))
			return false;
	}
	return true;
}

static int put_mappings(struct writer *writer, const struct process *process)
{
	const struct module *last = NULL;
	int64_t module = 0;
	int error = 0;

	for (size_t i = 0; i < process->n_mappings && !error; i++) {
		const struct mapping *mapping = &process->mappings[i];

		if (mapping->module != last)
			error = put_module(writer, mapping->module, &module);
		last = mapping->module;
		if (!error)
			error = database_run(&writer->database, writer->statements[WRITE_MAPPING],
			                     mapping->until == MAPPING_STAYS ? "iiii-ii" : "iiiiiii",
			                     (int64_t)process->number, (int64_t)mapping->start, (int64_t)mapping->end,
			                     (int64_t)mapping->from, (int64_t)mapping->until, (int64_t)mapping->offset,
			                     module);
	}
	return error;
}

static int put_state(struct writer *writer, const struct process *process)
{
	const struct process_memory *memory = &process->memory;
	const uint64_t *parts = memory->parts;
	char letters[] = "iittiiiiiiiiiii";

	if (!process->ended || !process->exit_status_known)
		letters[5] = '-';
	if (!memory->known)
		memset(letters + 6, '-', sizeof(letters) - 7);
	return database_run(&writer->database, writer->statements[WRITE_PROCESS_STATE], letters,
	                    (int64_t)process->number, writer->snapshot, process->comm, process->exe,
	                    (int64_t)process->ended, (int64_t)process->exit_status, (int64_t)memory->rss_bytes,
	                    (int64_t)parts[MEMORY_LIVE], (int64_t)parts[MEMORY_SLACK], (int64_t)parts[MEMORY_MAPPINGS],
	                    (int64_t)parts[MEMORY_STACKS], (int64_t)parts[MEMORY_DATA], (int64_t)parts[MEMORY_FILES],
	                    (int64_t)parts[MEMORY_BEFORE], (int64_t)memory->unseen_threads);
}

static const struct process *find_process(const struct snapshot *snapshot, uint64_t number)
{
	for (size_t i = 0; snapshot && i < snapshot->n_processes; i++) {
		if (snapshot->processes[i].number == number)
			return &snapshot->processes[i];
	}
	return NULL;
}

static int put_process(struct writer *writer, const struct process *process, const struct process *before)
{
	int error = 0;

	/* What has ended stays as it was. */
	if (before && before->ended && process->ended)
		return 0;
	if (!before)
		error = database_run(&writer->database, writer->statements[WRITE_PROCESS],
		                     process->parent ? "iiii" : "ii-i", (int64_t)process->number, (int64_t)process->pid,
		                     (int64_t)process->parent, (int64_t)process->is_child);
	if (!error && (!before || !same_mappings(before, process)))
		error = put_mappings(writer, process);
	return error ? error : put_state(writer, process);
}

int writer_put_processes(struct writer *writer, const struct snapshot *snapshot)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->n_processes && !error; i++) {
		const struct process *process = &snapshot->processes[i];

		error = put_process(writer, process, find_process(writer->before, process->number));
	}
	return error;
}
