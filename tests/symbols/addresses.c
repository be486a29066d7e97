// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The symbolizer on one ELF file, for comparisons and measurements.
 *
 * usage: addresses FILE <ADDRESSES     virtual addresses (hexadecimal), one a line: for each of them a line
 *                                      `FUNCTION<tab>FILE<tab>LINE` a level, innermost first, and an empty line
 *        addresses --demangle <NAMES   each name as reports show it
 *        addresses --time N FILE <ADDRESSES   milliseconds of the first time that all of them are
 *                                      symbolized, and of each of N further times
 */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "symbolize/demangle.h"
#include "symbolize/symbolizer.h"

#define SEGMENTS_MAX 64

struct file {
	struct module module;
	struct mapping mappings[SEGMENTS_MAX];
	struct process process;
};

static void fail(const char *what)
{
	fprintf(stderr, "addresses: %s\n", what);
	exit(1);
}

/* Maps all of the executable segments where the file says. */
static void map_file(struct file *file, char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n;
	Elf *elf;

	file->module = (struct module){
	    .path = path, .name = slash ? slash + 1 : path, .fd = open(path, O_RDONLY | O_CLOEXEC), .inode = 1};
	elf_version(EV_CURRENT);
	elf = elf_begin(file->module.fd, ELF_C_READ, NULL);
	if (file->module.fd < 0)
		fail("cannot open the file");
	if (!elf || elf_getphdrnum(elf, &n))
		n = 0;
	for (size_t i = 0; i < n && file->process.n_mappings < SEGMENTS_MAX; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD || !(header.p_flags & PF_X))
			continue;
		file->mappings[file->process.n_mappings++] = (struct mapping){.start = header.p_vaddr,
		                                                              .end = header.p_vaddr + header.p_filesz,
		                                                              .offset = header.p_offset,
		                                                              .module = &file->module};
	}
	elf_end(elf);
	file->process.mappings = file->mappings;
}

static size_t read_addresses(uint64_t **addresses)
{
	size_t n = 0, capacity = 0;
	char line[64];

	*addresses = NULL;
	while (fgets(line, sizeof(line), stdin)) {
		if (n == capacity) {
			capacity = capacity ? capacity * 2 : 1024;
			*addresses = realloc(*addresses, capacity * sizeof(**addresses));
			if (!*addresses)
				fail("out of memory");
		}
		/* Return addresses: one further. */
		(*addresses)[n++] = strtoull(line, NULL, 16) + 1;
	}
	return n;
}

static void print_stack(const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_frames; i++) {
		const struct frame *frame = &stack->frames[i];

		printf("%s\t%s\t%u\n", frame->function ? frame->function : "??", frame->file ? frame->file : "??",
		       frame->line);
	}
	putchar('\n');
}

static void symbolize_all(struct symbolizer *symbolizer, const struct file *file, uint64_t *addresses, size_t n,
                          bool print)
{
	for (size_t i = 0; i < n; i++) {
		struct stack stack = {.kind = KIND_HEAP, .addresses = &addresses[i], .n_addresses = 1};

		if (symbolizer_stack(symbolizer, &file->process, &stack))
			fail("cannot symbolize");
		if (print)
			print_stack(&stack);
		free(stack.frames);
	}
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void demangle_names(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) >= 0) {
		char *shown;

		line[strcspn(line, "\n")] = '\0';
		shown = demangle(line);
		puts(shown ? shown : "");
		free(shown);
	}
	free(line);
}

int main(int argc, char **argv)
{
	bool timed = argc == 4 && !strcmp(argv[1], "--time");
	struct symbolizer *symbolizer;
	static struct file file;
	uint64_t *addresses;
	size_t n;

	if (argc == 2 && !strcmp(argv[1], "--demangle")) {
		demangle_names();
		return 0;
	}
	if (argc != 2 && !timed)
		fail("wrong usage");
	map_file(&file, argv[argc - 1]);
	n = read_addresses(&addresses);
	symbolizer = symbolizer_new();
	if (!symbolizer)
		fail("out of memory");
	for (long i = 0; i <= (timed ? strtol(argv[2], NULL, 10) : 0); i++) {
		double start = now_ms();

		symbolize_all(symbolizer, &file, addresses, n, !timed);
		if (timed)
			printf("%.3f\n", now_ms() - start);
	}
	symbolizer_free(symbolizer);
	free(addresses);
	return 0;
}
