// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/identity.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

int identity_compare(const struct snapshot *snapshot_a, const struct stack *a, const struct snapshot *snapshot_b,
                     const struct stack *b)
{
	const struct process *process_a = &snapshot_a->processes[a->process],
	                     *process_b = &snapshot_b->processes[b->process];
	int order = COMPARE(process_a->pid, process_b->pid);

	if (!order)
		order = COMPARE(process_a->number, process_b->number);
	if (!order)
		order = COMPARE(process_a->cgroup, process_b->cgroup);
	if (!order)
		order = COMPARE(a->kind, b->kind);
	if (!order)
		order = COMPARE(a->leak, b->leak);
	if (!order)
		order = COMPARE(a->class_index, b->class_index);
	if (!order)
		order = COMPARE(a->n_addresses, b->n_addresses);
	if (!order)
		order = COMPARE(a->code_version, b->code_version);
	for (size_t i = 0; !order && i < a->n_addresses; i++)
		order = COMPARE(a->addresses[i], b->addresses[i]);
	return order;
}

size_t identity_find_process(const struct snapshot *snapshot, const struct process *process, size_t guess)
{
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		size_t at = (guess + i) % snapshot->n_processes;
		const struct process *found = &snapshot->processes[at];

		if (found->pid == process->pid && found->number == process->number)
			return at;
	}
	return SIZE_MAX;
}
