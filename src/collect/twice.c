// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/twice.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "probe/features.h"

#define SUFFIX "_again"

static bool is_second(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return length > suffix && !strcmp(name + length - suffix, SUFFIX);
}

void twice_prepare(struct bpf_object *object)
{
	struct bpf_program *program;

	if (features_tracepoints_preempted())
		return;
	bpf_object__for_each_program (program, object) {
		if (is_second(program))
			bpf_program__set_autoload(program, false);
	}
}

struct bpf_program *twice_second(const struct bpf_object *object, const struct bpf_program *program)
{
	struct bpf_program *second;
	char name[64];

	snprintf(name, sizeof(name), "%s" SUFFIX, bpf_program__name(program));
	second = bpf_object__find_program_by_name(object, name);
	return second && bpf_program__autoload(second) ? second : NULL;
}

static uint64_t missed(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_program__fd(program) < 0 || bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

uint64_t twice_missed(const struct bpf_object *object)
{
	struct bpf_program *program, *second;
	uint64_t sum = 0, first, again;

	bpf_object__for_each_program (program, object) {
		if (is_second(program))
			continue;
		first = missed(program);
		second = twice_second(object, program);
		again = second ? missed(second) : first;
		sum += again < first ? again : first;
	}
	return sum;
}
