/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compressed profile.proto as lines of text, read by what the format's definition says alone. Behind cmocka.h.
 * A line is a field: its name, and its number, its text, or for numbers of strings the text that they stand for.
 */
#ifndef MEMTRACE_TESTS_PPROF_TEXT_H
#define MEMTRACE_TESTS_PPROF_TEXT_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum pprof_type {
	PPROF_UINT,
	PPROF_INDEX, /* of a string */
	PPROF_TEXT,
	PPROF_PACKED, /* varints */
	PPROF_MESSAGE,
};

struct pprof_row {
	unsigned int number;
	const char *name;
	enum pprof_type type;
	const struct pprof_row *fields; /* of a message; the last has number 0 */
};

static const struct pprof_row pprof_value_type[] = {
    {1, "type", PPROF_INDEX, NULL}, {2, "unit", PPROF_INDEX, NULL}, {0}};
static const struct pprof_row pprof_label[] = {
    {1, "key", PPROF_INDEX, NULL}, {2, "str", PPROF_INDEX, NULL}, {3, "num", PPROF_UINT, NULL}, {0}};
static const struct pprof_row pprof_sample[] = {{1, "location_id", PPROF_PACKED, NULL},
                                                {2, "value", PPROF_PACKED, NULL},
                                                {3, "label", PPROF_MESSAGE, pprof_label},
                                                {0}};
static const struct pprof_row pprof_mapping[] = {{1, "id", PPROF_UINT, NULL},
                                                 {2, "memory_start", PPROF_UINT, NULL},
                                                 {3, "memory_limit", PPROF_UINT, NULL},
                                                 {4, "file_offset", PPROF_UINT, NULL},
                                                 {5, "filename", PPROF_INDEX, NULL},
                                                 {6, "build_id", PPROF_INDEX, NULL},
                                                 {7, "has_functions", PPROF_UINT, NULL},
                                                 {8, "has_filenames", PPROF_UINT, NULL},
                                                 {9, "has_line_numbers", PPROF_UINT, NULL},
                                                 {10, "has_inline_frames", PPROF_UINT, NULL},
                                                 {0}};
static const struct pprof_row pprof_line[] = {{1, "function_id", PPROF_UINT, NULL}, {2, "line", PPROF_UINT, NULL}, {0}};
static const struct pprof_row pprof_location_rows[] = {{1, "id", PPROF_UINT, NULL},
                                                       {2, "mapping_id", PPROF_UINT, NULL},
                                                       {3, "address", PPROF_UINT, NULL},
                                                       {4, "line", PPROF_MESSAGE, pprof_line},
                                                       {0}};
static const struct pprof_row pprof_function[] = {
    {1, "id", PPROF_UINT, NULL}, {2, "name", PPROF_INDEX, NULL}, {4, "filename", PPROF_INDEX, NULL}, {0}};
static const struct pprof_row pprof_profile[] = {{1, "sample_type", PPROF_MESSAGE, pprof_value_type},
                                                 {2, "sample", PPROF_MESSAGE, pprof_sample},
                                                 {3, "mapping", PPROF_MESSAGE, pprof_mapping},
                                                 {4, "location", PPROF_MESSAGE, pprof_location_rows},
                                                 {5, "function", PPROF_MESSAGE, pprof_function},
                                                 {6, "string_table", PPROF_TEXT, NULL},
                                                 {9, "time_nanos", PPROF_UINT, NULL},
                                                 {10, "duration_nanos", PPROF_UINT, NULL},
                                                 {11, "period_type", PPROF_MESSAGE, pprof_value_type},
                                                 {12, "period", PPROF_UINT, NULL},
                                                 {13, "comment", PPROF_INDEX, NULL},
                                                 {14, "default_sample_type", PPROF_INDEX, NULL},
                                                 {0}};

struct pprof_bytes {
	const unsigned char *at, *end;
};

/* Strings by number; the bytes are not theirs. */
struct pprof_strings {
	struct pprof_bytes *list;
	size_t n;
};

static inline uint64_t pprof_read_varint(struct pprof_bytes *bytes)
{
	uint64_t value = 0;

	for (int shift = 0;; shift += 7) {
		assert_true(bytes->at < bytes->end && shift < 64);
		value |= (uint64_t)(*bytes->at & 0x7f) << shift;
		if (!(*bytes->at++ & 0x80))
			return value;
	}
}

static inline struct pprof_bytes pprof_read_bytes(struct pprof_bytes *bytes)
{
	uint64_t size = pprof_read_varint(bytes);
	struct pprof_bytes taken = {bytes->at, bytes->at + size};

	assert_true(size <= (uint64_t)(bytes->end - bytes->at));
	bytes->at += size;
	return taken;
}

static inline const struct pprof_row *pprof_read_tag(struct pprof_bytes *bytes, const struct pprof_row *rows)
{
	uint64_t tag = pprof_read_varint(bytes);

	for (; rows->number; rows++) {
		bool is_number = rows->type == PPROF_UINT || rows->type == PPROF_INDEX;

		if (rows->number != tag >> 3)
			continue;
		assert_int_equal(tag & 7, is_number ? 0 : 2);
		return rows;
	}
	fail_msg("no field %" PRIu64, tag >> 3);
	return NULL;
}

static inline void pprof_collect_strings(struct pprof_bytes bytes, struct pprof_strings *strings)
{
	strings->list = calloc((size_t)(bytes.end - bytes.at), sizeof(*strings->list));
	assert_non_null(strings->list);
	while (bytes.at < bytes.end) {
		const struct pprof_row *row = pprof_read_tag(&bytes, pprof_profile);

		if (row->type == PPROF_UINT || row->type == PPROF_INDEX)
			pprof_read_varint(&bytes);
		else if (row->type == PPROF_TEXT)
			strings->list[strings->n++] = pprof_read_bytes(&bytes);
		else
			pprof_read_bytes(&bytes);
	}
	/* The first one must be empty. */
	assert_true(strings->n && strings->list[0].at == strings->list[0].end);
}

static inline void pprof_print(FILE *out, struct pprof_bytes bytes, const struct pprof_row *rows,
                               const struct pprof_strings *strings, const char *indent)
{
	while (bytes.at < bytes.end) {
		const struct pprof_row *row = pprof_read_tag(&bytes, rows);
		struct pprof_bytes part;
		uint64_t number = 0;

		/* Strings are shown where they are referred to. */
		if (row->type == PPROF_TEXT) {
			pprof_read_bytes(&bytes);
			continue;
		}
		if (row->type == PPROF_UINT || row->type == PPROF_INDEX)
			number = pprof_read_varint(&bytes);
		else
			part = pprof_read_bytes(&bytes);
		fprintf(out, "%s%s", indent, row->name);
		if (row->type == PPROF_UINT)
			fprintf(out, row->name[0] == 'm' || row->name[0] == 'a' ? " 0x%" PRIx64 : " %" PRIu64, number);
		if (row->type == PPROF_INDEX) {
			assert_true(number < strings->n);
			fprintf(out, " \"%.*s\"", (int)(strings->list[number].end - strings->list[number].at),
			        (const char *)strings->list[number].at);
		}
		while (row->type == PPROF_PACKED && part.at < part.end)
			fprintf(out, " %" PRIu64, pprof_read_varint(&part));
		fputc('\n', out);
		if (row->type == PPROF_MESSAGE)
			pprof_print(out, part, row->fields, strings, indent[0] ? "    " : "  ");
	}
}

/* The bytes in a gzip file of one member; the caller frees them. */
static inline unsigned char *pprof_inflate(const void *bytes, size_t size, size_t *inflated_size)
{
	size_t room = 1 << 16;
	unsigned char *inflated = malloc(room);
	z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size};
	int result;

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	do {
		if (stream.total_out == room)
			inflated = realloc(inflated, room *= 2);
		assert_non_null(inflated);
		stream.next_out = inflated + stream.total_out;
		stream.avail_out = (uInt)(room - stream.total_out);
		result = inflate(&stream, Z_NO_FLUSH);
	} while (result == Z_OK);
	assert_int_equal(result, Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	*inflated_size = stream.total_out;
	inflateEnd(&stream);
	return inflated;
}

/* The caller frees it. */
static inline char *pprof_text(const void *bytes, size_t size)
{
	size_t inflated_size, text_size;
	unsigned char *inflated = pprof_inflate(bytes, size, &inflated_size);
	struct pprof_bytes all = {inflated, inflated + inflated_size};
	struct pprof_strings strings = {NULL, 0};
	char *text = NULL;
	FILE *out = open_memstream(&text, &text_size);

	pprof_collect_strings(all, &strings);
	pprof_print(out, all, pprof_profile, &strings, "");
	fclose(out);
	free(strings.list);
	free(inflated);
	return text;
}

#endif
