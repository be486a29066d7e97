// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts empty programs where memtrace would put its own: a session on what wants its return, an entry
 * probe on the rest. Prints "attached", and detaches when its input ends.
 *
 * usage: floor PID LIBRARY (return|entry):OFFSET...     offsets in the file
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "floor.skel.h"

/* include/uapi/linux/bpf.h */
#define TRACE_UPROBE_MULTI 48
#define TRACE_UPROBE_SESSION 57
#define LINK_CREATE 28
#define MAX_POINTS 64

struct points {
	__u64 offsets[MAX_POINTS];
	unsigned int n;
};

/* union bpf_attr's link_create.uprobe_multi; libbpf 1.4 has no call for sessions. */
static int attach(struct bpf_program *program, int type, const char *pid, const char *path, const struct points *points)
{
	struct {
		__u32 program, target, attach_type, flags;
		__u64 path, offsets, ref_ctr_offsets, cookies;
		__u32 count, multi_flags, pid, pad;
	} attr;

	if (!points->n)
		return 0;
	memset(&attr, 0, sizeof(attr));
	attr.program = bpf_program__fd(program);
	attr.attach_type = type;
	attr.path = (__u64)(unsigned long)path;
	attr.offsets = (__u64)(unsigned long)points->offsets;
	attr.count = points->n;
	attr.pid = strtoul(pid, NULL, 10);
	return syscall(__NR_bpf, LINK_CREATE, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

static int read_points(char **arguments, struct points *returns, struct points *entries)
{
	for (; *arguments; arguments++) {
		struct points *points = !strncmp(*arguments, "return:", 7) ? returns : entries;
		const char *number = strchr(*arguments, ':');

		if (!number || points->n == MAX_POINTS)
			return -EINVAL;
		points->offsets[points->n++] = strtoull(number + 1, NULL, 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct points returns = {.n = 0}, entries = {.n = 0};
	struct floor_bpf *bpf;
	int error;

	if (argc < 4 || read_points(argv + 3, &returns, &entries)) {
		fputs("usage: floor PID LIBRARY (return|entry):OFFSET...\n", stderr);
		return 2;
	}
	bpf = floor_bpf__open();
	if (!bpf)
		return 1;
	bpf_program__set_expected_attach_type(bpf->progs.empty_session, TRACE_UPROBE_SESSION);
	bpf_program__set_expected_attach_type(bpf->progs.empty_entry, TRACE_UPROBE_MULTI);
	error = floor_bpf__load(bpf);
	if (!error)
		error = attach(bpf->progs.empty_entry, TRACE_UPROBE_MULTI, argv[1], argv[2], &entries);
	if (!error)
		error = attach(bpf->progs.empty_session, TRACE_UPROBE_SESSION, argv[1], argv[2], &returns);
	if (error) {
		fprintf(stderr, "floor: %s\n", strerror(-error));
		return 1;
	}
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
