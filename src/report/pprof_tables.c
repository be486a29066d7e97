// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/pprof_tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/frame.h"
#include "report/protobuf.h"
#include "util/escape.h"
#include "util/grow.h"

/* Message Mapping, numbers of fields. */
enum {
	MAPPING_ID = 1,
	MAPPING_MEMORY_START,
	MAPPING_MEMORY_LIMIT,
	MAPPING_FILE_OFFSET,
	MAPPING_FILENAME,
	MAPPING_BUILD_ID,
	MAPPING_HAS_FUNCTIONS,
	MAPPING_HAS_FILENAMES,
	MAPPING_HAS_LINE_NUMBERS,
	MAPPING_HAS_INLINE_FRAMES,
};
enum { LOCATION_ID = 1, LOCATION_MAPPING_ID, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION_ID = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILENAME = 4 };

struct pprof_mapping {
	uint64_t start, end, offset;
	uint64_t file, build_id; /* strings */
	bool functions, files, lines, inlined;
};

/* Numbers are kept from 0, but in the format 0 is none. */
static uint64_t add(struct pprof_tables *tables, struct intern *intern, const void *key, size_t size, bool *added)
{
	int64_t number = intern_add(intern, key, size, added);

	if (number < 0)
		tables->failed = true;
	return number < 0 ? 0 : (uint64_t)number + 1;
}

int pprof_tables_init(struct pprof_tables *tables)
{
	memset(tables, 0, sizeof(*tables));
	tables->strings = intern_new();
	tables->functions = intern_new();
	tables->locations = intern_new();
	tables->mappings = intern_new();
	if (!tables->strings || !tables->functions || !tables->locations || !tables->mappings)
		return -ENOMEM;
	/* The first string must be the empty one. */
	pprof_string(tables, "");
	return pprof_tables_failed(tables) ? -ENOMEM : 0;
}

void pprof_tables_free(struct pprof_tables *tables)
{
	intern_free(tables->strings);
	intern_free(tables->functions);
	intern_free(tables->locations);
	intern_free(tables->mappings);
	free(tables->rows);
	buffer_free(&tables->out);
	buffer_free(&tables->text);
	buffer_free(&tables->key);
	buffer_free(&tables->message);
	buffer_free(&tables->part);
}

bool pprof_tables_failed(const struct pprof_tables *tables)
{
	return tables->failed || tables->out.failed || tables->text.failed || tables->key.failed ||
	       tables->message.failed || tables->part.failed;
}

static uint64_t add_string(struct pprof_tables *tables, const char *bytes, size_t size)
{
	bool added;
	uint64_t number = add(tables, tables->strings, bytes, size, &added);

	if (added)
		protobuf_bytes(&tables->out, PPROF_STRING_TABLE, bytes, size);
	return number ? number - 1 : 0;
}

uint64_t pprof_string(struct pprof_tables *tables, const char *text)
{
	return add_string(tables, text, strlen(text));
}

uint64_t pprof_name(struct pprof_tables *tables, const char *name)
{
	buffer_clear(&tables->text);
	escape_add(&tables->text, name, "");
	return add_string(tables, tables->text.bytes ? tables->text.bytes : "", tables->text.size);
}

/* 0 when out of memory. */
static uint64_t add_mapping(struct pprof_tables *tables, const struct pprof_mapping *mapping)
{
	const uint64_t key[] = {mapping->start, mapping->end, mapping->offset, mapping->file, mapping->build_id};
	void *rows = tables->rows;
	size_t n = intern_count(tables->mappings);
	bool added;
	uint64_t number;

	/* Room first: a number without a row would be worse than a row without a number. */
	if (grow_list(&rows, n, sizeof(*tables->rows))) {
		tables->failed = true;
		return 0;
	}
	tables->rows = rows;
	number = add(tables, tables->mappings, key, sizeof(key), &added);
	if (added)
		tables->rows[number - 1] = *mapping;
	return number;
}

static void hexadecimal(char text[2 * BUILD_ID_MAX + 1], const struct module *module)
{
	text[0] = '\0';
	for (size_t i = 0; i < module->build_id_size; i++)
		snprintf(text + 2 * i, 3, "%02x", module->build_id[i]);
}

static uint64_t mapping_of(struct pprof_tables *tables, const struct mapping *mapping)
{
	char build_id[2 * BUILD_ID_MAX + 1];
	struct pprof_mapping row = {.start = mapping->start, .end = mapping->end, .offset = mapping->offset};

	hexadecimal(build_id, mapping->module);
	row.file = pprof_name(tables, mapping->module->path);
	row.build_id = pprof_string(tables, build_id);
	return add_mapping(tables, &row);
}

/* Of code whose mapping is not known (the kernel's, a recording's) the module alone. 0: nor that. */
static uint64_t mapping_of_module(struct pprof_tables *tables, const struct frame *frame)
{
	struct pprof_mapping row = {0};

	if (!strcmp(frame->module, MODULE_UNKNOWN))
		return 0;
	row.file = pprof_name(tables, frame->module);
	row.build_id = pprof_name(tables, frame->build_id);
	return add_mapping(tables, &row);
}

void pprof_main_mapping(struct pprof_tables *tables, const struct snapshot *snapshot)
{
	const struct process *process = snapshot->processes;

	for (size_t i = 0; snapshot->n_processes && process->exe && i < process->n_mappings; i++) {
		if (!strcmp(process->mappings[i].module->path, process->exe)) {
			mapping_of(tables, &process->mappings[i]);
			return;
		}
	}
}

static uint64_t function_of(struct pprof_tables *tables, const struct frame *frame)
{
	const uint64_t key[] = {pprof_name(tables, frame->function), pprof_name(tables, frame->file)};
	bool added;
	uint64_t number = add(tables, tables->functions, key, sizeof(key), &added);

	if (!added)
		return number;
	protobuf_number(&tables->message, FUNCTION_ID, number);
	protobuf_number(&tables->message, FUNCTION_NAME, key[0]);
	/* Without a system name, the mangled one, which is not known, readers leave the name as it is. */
	protobuf_number(&tables->message, FUNCTION_FILENAME, key[1]);
	protobuf_message(&tables->out, PPROF_FUNCTION, &tables->message);
	return number;
}

/* Adds function and line of a frame to the key of its location; what is known goes to the mapping. */
static void add_line(struct pprof_tables *tables, const struct frame *frame, uint64_t mapping)
{
	uint64_t line[2] = {0, frame->line};

	if (!frame->function)
		return;
	line[0] = function_of(tables, frame);
	buffer_add(&tables->key, line, sizeof(line));
	if (mapping && tables->rows) {
		struct pprof_mapping *row = &tables->rows[mapping - 1];

		row->functions = true;
		row->files = row->files || frame->file;
		row->lines = row->lines || frame->line;
		row->inlined = row->inlined || frame->inlined;
	}
}

/* From its key: mapping, address, and function and line of each frame, the innermost first. */
static void write_location(struct pprof_tables *tables, uint64_t number)
{
	uint64_t pair[2];

	memcpy(pair, tables->key.bytes, sizeof(pair));
	protobuf_number(&tables->message, LOCATION_ID, number);
	protobuf_number(&tables->message, LOCATION_MAPPING_ID, pair[0]);
	protobuf_number(&tables->message, LOCATION_ADDRESS, pair[1]);
	for (size_t at = sizeof(pair); at + sizeof(pair) <= tables->key.size; at += sizeof(pair)) {
		memcpy(pair, tables->key.bytes + at, sizeof(pair));
		protobuf_number(&tables->part, LINE_FUNCTION_ID, pair[0]);
		protobuf_number(&tables->part, LINE_LINE, pair[1]);
		protobuf_message(&tables->message, LOCATION_LINE, &tables->part);
	}
	protobuf_message(&tables->out, PPROF_LOCATION, &tables->message);
}

uint64_t pprof_location(struct pprof_tables *tables, const struct process *process, const struct stack *stack, size_t i,
                        size_t *n)
{
	struct printed_frame printed;
	const struct mapping *mapping;
	uint64_t head[2], number;
	bool added;

	tree_frame_get(&printed, process, stack, i);
	/* The call itself: a return address may lie behind the end of its function, or of its mapping. */
	head[1] = printed.frame.address ? printed.frame.address - 1 : 0;
	mapping = head[1] ? mapping_find(process->mappings, process->n_mappings, head[1], stack->code_version) : NULL;
	head[0] = mapping ? mapping_of(tables, mapping) : mapping_of_module(tables, &printed.frame);
	buffer_clear(&tables->key);
	buffer_add(&tables->key, head, sizeof(head));
	for (*n = 1;; ++*n) {
		bool inlined = printed.frame.inlined;

		add_line(tables, &printed.frame, head[0]);
		/* What is inlined comes before what it is inlined into, at the same address. */
		if (!inlined || i + *n >= tree_frame_count(stack))
			break;
		tree_frame_get(&printed, process, stack, i + *n);
		if (printed.frame.address != head[1] + 1)
			break;
	}
	if (pprof_tables_failed(tables))
		return 0;
	number = add(tables, tables->locations, tables->key.bytes, tables->key.size, &added);
	if (added)
		write_location(tables, number);
	return number;
}

void pprof_write_mappings(struct pprof_tables *tables)
{
	for (size_t i = 0; i < intern_count(tables->mappings); i++) {
		const struct pprof_mapping *row = &tables->rows[i];

		protobuf_number(&tables->message, MAPPING_ID, i + 1);
		protobuf_number(&tables->message, MAPPING_MEMORY_START, row->start);
		protobuf_number(&tables->message, MAPPING_MEMORY_LIMIT, row->end);
		protobuf_number(&tables->message, MAPPING_FILE_OFFSET, row->offset);
		protobuf_number(&tables->message, MAPPING_FILENAME, row->file);
		protobuf_number(&tables->message, MAPPING_BUILD_ID, row->build_id);
		protobuf_number(&tables->message, MAPPING_HAS_FUNCTIONS, row->functions);
		protobuf_number(&tables->message, MAPPING_HAS_FILENAMES, row->files);
		protobuf_number(&tables->message, MAPPING_HAS_LINE_NUMBERS, row->lines);
		protobuf_number(&tables->message, MAPPING_HAS_INLINE_FRAMES, row->inlined);
		protobuf_message(&tables->out, PPROF_MAPPING, &tables->message);
	}
}
