// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/signal_stacks.h"

#include <string.h>

#include "collect/iterate.h"
#include "collect/target.h"
#include "probe/bpf.h"

struct search {
	int (*found)(void *context, uint64_t start);
	void *context;
};

static int on_stack(void *context, const void *record)
{
	const struct search *search = context;
	uint64_t start;

	memcpy(&start, record, sizeof(start));
	return search->found(search->context, start);
}

int signal_stacks_each(const struct target *target, int (*found)(void *context, uint64_t start), void *context)
{
	struct memtrace_bpf *bpf = target->tracing->bpf;
	struct search search = {.found = found, .context = context};

	bpf->bss->signal_stacks_of = target->tracing->processes[target->slot].tgid;
	return iterate(bpf->progs.signal_stacks, sizeof(uint64_t), on_stack, &search);
}
