/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the symbolizer's tests: programs compiled on the spot, and processes that map them
 * without running. A program is mapped where its file says, plus a bias.
 */
#ifndef MEMTRACE_TESTS_SYMBOLIZE_FIXTURE_H
#define MEMTRACE_TESTS_SYMBOLIZE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbolize/symbolizer.h"

#define FIXTURE_MAPPINGS_MAX 8
#define PAGE_BYTES 4096ull

struct mapped_file {
	char path[512];
	struct module module;
	struct mapping mappings[FIXTURE_MAPPINGS_MAX];
	struct process process;
};

/* Runs a shell command in the directory; its failure fails the test. */
__attribute__((format(printf, 2, 3))) static inline void run_in(const char *directory, const char *format, ...)
{
	char command[2048], full[2560];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	snprintf(full, sizeof(full), "cd '%s' && %s", directory, command);
	if (system(full))
		fail_msg("failed: %s", full);
}

static inline void write_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A new empty directory; the caller removes it by remove_directory(). */
static inline char *make_directory(void)
{
	char *directory = strdup("/tmp/memtrace-symbolize-XXXXXX");

	assert_non_null(mkdtemp(directory));
	return directory;
}

static inline void remove_directory(char *directory)
{
	run_in("/tmp", "rm -rf '%s'", directory);
	free(directory);
}

/* Maps the executable segments of the module's file as the kernel does, `bias` higher than they say. */
static inline void map_segments(struct mapped_file *file, uint64_t bias)
{
	Elf *elf = elf_begin(file->module.fd, ELF_C_READ, NULL);
	size_t n;

	assert_int_equal(elf_getphdrnum(elf, &n), 0);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;
		uint64_t start;

		assert_non_null(gelf_getphdr(elf, (int)i, &header));
		if (header.p_type != PT_LOAD || !(header.p_flags & PF_X))
			continue;
		start = header.p_vaddr & ~(PAGE_BYTES - 1);
		assert_true(file->process.n_mappings < FIXTURE_MAPPINGS_MAX);
		file->mappings[file->process.n_mappings++] = (struct mapping){
		    .start = start + bias,
		    .end = ((header.p_vaddr + header.p_filesz + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1)) + bias,
		    .offset = header.p_offset & ~(PAGE_BYTES - 1),
		    .module = &file->module,
		};
	}
	elf_end(elf);
}

static inline void map_file(struct mapped_file *file, const char *directory, const char *name, uint64_t bias)
{
	static ino_t inode = 1;

	memset(file, 0, sizeof(*file));
	snprintf(file->path, sizeof(file->path), "%s/%s", directory, name);
	file->module.path = file->path;
	file->module.name = strrchr(file->path, '/') + 1;
	file->module.fd = open(file->path, O_RDONLY | O_CLOEXEC);
	file->module.device = 1;
	file->module.inode = inode++;
	assert_true(file->module.fd >= 0);
	elf_version(EV_CURRENT);
	map_segments(file, bias);
	file->process.mappings = file->mappings;
}

static inline void unmap_file(struct mapped_file *file)
{
	close(file->module.fd);
}

/* Symbolizes a stack of one kind; frames are the caller's to free. */
static inline struct stack symbolize(struct symbolizer *symbolizer, const struct process *process, enum block_kind kind,
                                     uint64_t *addresses, size_t n)
{
	struct stack stack = {.kind = kind, .addresses = addresses, .n_addresses = n};

	assert_int_equal(symbolizer_stack(symbolizer, process, &stack), 0);
	return stack;
}

/* The address (bias not added) of a symbol, by nm. */
static inline uint64_t symbol_address(const char *path, const char *symbol)
{
	char command[1024];
	unsigned long long address = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "nm '%s' | awk '$3 == \"%s\" { print \"0x\" $1 }'", path, symbol);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%llx", &address), 1);
	pclose(pipe);
	return address;
}

#endif
