// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Baselines as JSON:
 *
 *	{"schema": "memtrace-baseline/1",
 *	 "stacks": [{"kind": "definite", "bytes": 40960, "blocks": 5, "frames": ["fibonacci [app]", "main [app]"]}]}
 */
#include "analyze/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/baseline_entry.h"

#define SCHEMA_NAME "memtrace-baseline/"
#define SCHEMA SCHEMA_NAME "1"
#define FILE_MAX (256 << 20) /* bytes */

/* A file that is being read. */
struct reading {
	const char *path;
	char *error;
	size_t error_size;
};

static __attribute__((format(printf, 2, 3))) int wrong(struct reading *reading, const char *format, ...)
{
	char words[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	snprintf(reading->error, reading->error_size, "%s %s", reading->path, words);
	return -EINVAL;
}

static int check_schema(struct reading *reading, const json_t *file)
{
	const char *schema = json_string_value(json_object_get(file, "schema"));

	if (!schema || strncmp(schema, SCHEMA_NAME, strlen(SCHEMA_NAME)) != 0)
		return wrong(reading, "is no baseline of memtrace check");
	if (strcmp(schema, SCHEMA) != 0)
		return wrong(reading, "is a baseline of another memtrace (%.40s); this one reads %s", schema, SCHEMA);
	return 0;
}

static int parse_kind(const char *name, enum check_kind *kind)
{
	for (int i = 0; name && i < CHECK_KIND_COUNT; i++) {
		if (strcmp(name, check_kind_name((enum check_kind)i)) != 0)
			continue;
		*kind = (enum check_kind)i;
		return 0;
	}
	return -EINVAL;
}

static int parse_amount(const json_t *value, uint64_t *amount)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EINVAL;
	*amount = (uint64_t)json_integer_value(value);
	return 0;
}

/* The frames as one text, a line each. */
static int parse_frames(const json_t *frames, char **key)
{
	size_t length = 0, i;
	const json_t *frame;
	char *end;

	if (!json_is_array(frames))
		return -EINVAL;
	json_array_foreach (frames, i, frame) {
		const char *text = json_string_value(frame);

		if (!text || strchr(text, '\n'))
			return -EINVAL;
		length += strlen(text) + 1;
	}
	*key = end = malloc(length + 1);
	if (!end)
		return -ENOMEM;
	json_array_foreach (frames, i, frame) {
		if (i)
			*end++ = '\n';
		end = stpcpy(end, json_string_value(frame));
	}
	*end = '\0';
	return 0;
}

static int parse_entry(const json_t *stack, struct baseline_entry *entry)
{
	if (!json_is_object(stack) || parse_kind(json_string_value(json_object_get(stack, "kind")), &entry->kind) ||
	    parse_amount(json_object_get(stack, "bytes"), &entry->bytes) ||
	    parse_amount(json_object_get(stack, "blocks"), &entry->blocks))
		return -EINVAL;
	return parse_frames(json_object_get(stack, "frames"), &entry->key);
}

static int parse_entries(struct reading *reading, const json_t *stacks, struct baseline *baseline)
{
	size_t n = json_array_size(stacks);

	if (!json_is_array(stacks))
		return wrong(reading, "is damaged: it has no list of stacks");
	baseline->entries = calloc(n + 1, sizeof(*baseline->entries));
	if (!baseline->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int error = parse_entry(json_array_get(stacks, i), &baseline->entries[i]);

		if (error == -EINVAL)
			return wrong(reading,
			             "is damaged: stack %zu has no kind, bytes, blocks and frames as they must be",
			             i + 1);
		if (error)
			return error;
		baseline->n++;
	}
	qsort(baseline->entries, n, sizeof(*baseline->entries), baseline_entry_compare);
	for (size_t i = 1; i < n; i++) {
		if (!baseline_entry_compare(&baseline->entries[i - 1], &baseline->entries[i]))
			return wrong(reading, "is damaged: a stack stands in it twice");
	}
	return 0;
}

static int parse_json(struct reading *reading, const json_t *file, struct baseline **result)
{
	struct baseline *baseline;
	int error = check_schema(reading, file);

	if (error)
		return error;
	baseline = baseline_new();
	error = baseline ? parse_entries(reading, json_object_get(file, "stacks"), baseline) : -ENOMEM;
	if (!error)
		*result = baseline;
	else
		baseline_free(baseline);
	return error;
}

int baseline_parse(const char *path, const char *text, size_t size, struct baseline **baseline, char *error,
                   size_t error_size)
{
	struct reading reading = {.path = path, .error = error, .error_size = error_size};
	json_error_t why;
	json_t *file = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	int code;

	*baseline = NULL;
	if (!file)
		return wrong(&reading, "is no baseline, or damaged: line %d: %.150s", why.line, why.text);
	code = parse_json(&reading, file, baseline);
	json_decref(file);
	if (code == -ENOMEM)
		snprintf(error, error_size, "cannot read the baseline %s: %s", path, strerror(ENOMEM));
	return code;
}

/* The whole file; the caller frees it. */
static int read_file(const char *path, char **text, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;
	struct stat status;
	ssize_t n = 1;

	*text = NULL;
	*size = 0;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	else if (status.st_size > FILE_MAX)
		error = -EFBIG;
	if (!error) {
		*text = malloc((size_t)status.st_size + 1);
		error = *text ? 0 : -ENOMEM;
	}
	while (!error && n && *size < (size_t)status.st_size) {
		n = read(fd, *text + *size, (size_t)status.st_size - *size);
		if (n < 0)
			error = -errno;
		else
			*size += (size_t)n;
	}
	close(fd);
	return error;
}

int baseline_read(const char *path, struct baseline **baseline, char *error, size_t error_size)
{
	char *text;
	size_t size;
	int code = read_file(path, &text, &size);

	*baseline = NULL;
	if (code)
		snprintf(error, error_size, "cannot read the baseline %s: %s%s", path, strerror(-code),
		         code == -ENOENT ? "; --update-baseline makes it" : "");
	else
		code = baseline_parse(path, text, size, baseline, error, error_size);
	free(text);
	return code;
}

/* The lines of a key as a list. */
static json_t *build_frames(const char *key)
{
	json_t *frames = json_array();
	int failed = 0;

	while (*key) {
		size_t length = strcspn(key, "\n");

		failed |= json_array_append_new(frames, json_stringn(key, length));
		key += length + (key[length] == '\n');
	}
	if (!failed)
		return frames;
	json_decref(frames);
	return NULL;
}

static json_t *build_stacks(const struct baseline *baseline)
{
	json_t *stacks = json_array();
	int failed = 0;

	for (size_t i = 0; i < baseline->n; i++) {
		const struct baseline_entry *entry = &baseline->entries[i];

		failed |= json_array_append_new(
		    stacks, json_pack("{s:s, s:I, s:I, s:o}", "kind", check_kind_name(entry->kind), "bytes",
		                      (json_int_t)entry->bytes, "blocks", (json_int_t)entry->blocks, "frames",
		                      build_frames(entry->key)));
	}
	if (!failed)
		return stacks;
	json_decref(stacks);
	return NULL;
}

int baseline_write(FILE *out, const struct baseline *baseline)
{
	json_t *file = json_pack("{s:s, s:o}", "schema", SCHEMA, "stacks", build_stacks(baseline));
	char *text = file ? json_dumps(file, JSON_INDENT(2)) : NULL;

	json_decref(file);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : 0;
}
