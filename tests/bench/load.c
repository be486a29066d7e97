// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads memtrace's BPF objects and nothing else, and prints the milliseconds that it took. This is
 * what `bpftool prog loadall` does, which cannot set the attach type that session programs need.
 *
 * usage: load OBJECT
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* As src/probe/attach.c prepares the session backend. */
static const struct {
	const char *program;
	int attach_type; /* -1: not loaded */
} programs[] = {
    {"call_session", 57}, {"free_entry", 48}, {"loader_state", 48}, {"call_entry", -1}, {"call_return", -1},
};

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	double start = now_ms();
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;

	if (!object)
		return 1;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, programs[i].program);

		if (!program)
			return 1;
		if (programs[i].attach_type < 0)
			bpf_program__set_autoload(program, false);
		else
			bpf_program__set_expected_attach_type(program, programs[i].attach_type);
	}
	if (bpf_object__load(object))
		return 1;
	printf("%.1f\n", now_ms() - start);
	return 0;
}
