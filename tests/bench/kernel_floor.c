// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts empty programs on each event that `memtrace kernel` has programs on. Prints "attached", and detaches when its
 * input ends.
 *
 * usage: kernel_floor one|three     programs on each event
 */
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel_floor.skel.h"

/* Which events there are differs between kernels. */
static void choose(struct bpf_object *object, bool three)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, object) {
		const char *event = strchr(bpf_program__section_name(program), '/') + 1;

		if (!three && strncmp(bpf_program__name(program), "empty_", 6) != 0)
			bpf_program__set_autoload(program, false);
		if (libbpf_find_vmlinux_btf_id(event, BPF_TRACE_RAW_TP) < 0)
			bpf_program__set_autoload(program, false);
	}
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN && !strstr(format, "is not found in vmlinux BTF")
	           ? vfprintf(stderr, format, arguments)
	           : 0;
}

int main(int argc, char **argv)
{
	bool three = argc == 2 && !strcmp(argv[1], "three");
	struct kernel_floor_bpf *bpf;
	int error;

	if (argc != 2 || (!three && strcmp(argv[1], "one") != 0)) {
		fputs("usage: kernel_floor one|three\n", stderr);
		return 2;
	}
	libbpf_set_print(quiet);
	bpf = kernel_floor_bpf__open();

	if (!bpf)
		return 1;
	choose(bpf->obj, three);
	error = kernel_floor_bpf__load(bpf);
	if (!error)
		error = kernel_floor_bpf__attach(bpf);
	if (error) {
		fprintf(stderr, "kernel_floor: %s\n", strerror(-error));
		return 1;
	}
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	kernel_floor_bpf__destroy(bpf);
	return 0;
}
