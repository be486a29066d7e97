// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where each CPU's own memory is. The kernel's variables that say it are not to be had where /proc/kallsyms has
 * functions alone (without CONFIG_KALLSYMS_ALL), so it is read off what leads there: a per-CPU map, whose pointer
 * before and after is known; and a timer of this task, whose base is the per-CPU variable hrtimer_bases.
 */
#include "kernel/kernel.bpf.h"

/* Of the variables in the kernel's per-CPU section; from its types. */
const volatile __u64 hrtimer_bases_offset = 0, preempt_count_offset = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cpu_probe SEC(".maps");

struct finding {
	__u64 pointer; /* per-CPU, of cpu_probe's value */
	__u64 bases;   /* the timer's, on the CPU first_offset is of */
	__u64 first_offset;
};

/* The verifier lets nobody reckon with pointers: what is read back from the stack is a number. */
static __always_inline __u64 as_number(void *pointer)
{
	void *volatile kept = pointer;
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), (void *)&kept);
	return number;
}

static __always_inline __u64 offset_of_cpu(const struct finding *finding, __u32 number)
{
	__u32 zero = 0;
	void *here = bpf_map_lookup_percpu_elem(&cpu_probe, &zero, number);

	return here ? as_number(here) - finding->pointer : 0;
}

static long find_cpu(__u32 number, struct finding *finding)
{
	struct mk_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	__u32 zero = 0;
	struct cpu_state *state = bpf_map_lookup_percpu_elem(&cpu_states, &zero, number);

	if (!cpu || !state)
		return 1;
	cpu->offset = offset_of_cpu(finding, number);
	if (finding->bases && cpu->offset)
		state->preempt_count_at =
		    finding->bases - finding->first_offset + cpu->offset - hrtimer_bases_offset + preempt_count_offset;
	return 0;
}

SEC("syscall")
int find_cpus(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hrtimer_cpu_base *bases = BPF_CORE_READ(task, signal, real_timer.base, cpu_base);
	struct finding finding = {};
	__u64 array = as_number(&cpu_probe);

	bpf_probe_read_kernel(&finding.pointer, sizeof(finding.pointer),
	                      (void *)(array + bpf_core_field_offset(struct bpf_array, pptrs)));
	if (preempt_count_offset) {
		finding.bases = (__u64)bases;
		finding.first_offset = offset_of_cpu(&finding, BPF_CORE_READ(bases, cpu));
	}
	bpf_loop(n_possible_cpus, find_cpu, &finding, 0);
	return 0;
}
