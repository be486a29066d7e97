// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/features.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "probe/tracepoint.h"

const struct feature_row feature_rows[FEATURE_COUNT] = {
    [FEATURE_BTF] = {"kernel type information", "5.4", "341dfcf8d78e", "cannot run", USE_PROCESSES | USE_KERNEL},
    [FEATURE_BPF] = {"loading BPF programs", "4.1", "2541517c32be", "cannot run", USE_PROCESSES | USE_KERNEL},
    [FEATURE_RING_BUFFER] = {"ring buffer", "5.8", "457f44363a88", "cannot run", USE_PROCESSES | USE_KERNEL},
    [FEATURE_TASK_STORAGE] = {"task storage", "5.11", "4cf1bc1f1045", "cannot run", USE_PROCESSES},
    [FEATURE_COOKIE] = {"probe cookies, user registers", "5.15", "7adfc6c9b315", "cannot run", USE_PROCESSES},
    [FEATURE_ITER_TASK] = {"task iterator", "5.8", "eaaacd23910f", "cannot run", USE_PROCESSES},
    [FEATURE_SYSCALL_TRACEPOINTS] = {"system call tracepoints", "2.6.32", "a871bd33a6c0", "mappings are not traced",
                                     false},
    [FEATURE_LOOP] = {"loops in BPF (bpf_loop)", "5.17", "e6f2dd0f8067",
                      "stacks by frame pointers alone; of kernel memory counts alone", USE_KERNEL},
    [FEATURE_UPROBE_PERF] = {"perf uprobes", "4.17", "33ea4b24277b", "cannot run", USE_PROCESSES},
    [FEATURE_UPROBE_MULTI] = {"uprobe_multi links", "6.6", "89ae89f53d20", "a perf uprobe per site", 0},
    [FEATURE_UPROBE_SESSION] = {"uprobe sessions", "6.13", "d920179b3d48", "entry and return probes apart", 0},
    [FEATURE_SECCOMP_URETPROBE] = {"return probes pass seccomp", "6.14", "cf6cb56ef244",
                                   "targets with a seccomp filter are refused", 0},
    [FEATURE_BTF_TRACEPOINTS] = {"typed tracepoints", "5.5", "9e15db66136a", "no kernel memory", USE_KERNEL},
    [FEATURE_ITER_SLAB] = {"slab cache iterator", "6.13", "4971266e1595", "objects as /proc/slabinfo has them", 0},
    [FEATURE_FENTRY] = {"programs on kernel functions", "5.5", "fec56f5890d9", "frees in bulk are not seen", 0},
};

static int load_probe_program(int expected_attach_type)
{
	/* r0 = 0; exit */
	struct bpf_insn instructions[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = expected_attach_type);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", instructions, 2, &opts);
}

/* A link that names no file fails in a way of its own where the kernel knows its type. */
static bool link_type_known(int type)
{
	struct {
		__u32 program, target, attach_type, flags;
		__u64 path, offsets, ref_ctr_offsets, cookies;
		__u32 count, multi_flags, pid, pad;
	} attr;
	__u64 offset = 0;
	int program = load_probe_program(type), fd, error;

	if (program < 0)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.program = program;
	attr.attach_type = type;
	attr.path = (__u64)(unsigned long)"/";
	attr.offsets = (__u64)(unsigned long)&offset;
	attr.count = 1;
	fd = syscall(__NR_bpf, 28 /* BPF_LINK_CREATE */, &attr, sizeof(attr));
	error = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	close(program);
	return fd >= 0 || error == EBADF; /* "/" is no regular file */
}

/* "5.15.3" as 5015, 0 when it is no version */
static int version_number(const char *text)
{
	char *end;
	long major = strtol(text, &end, 10);

	return *end == '.' ? 1000 * (int)major + (int)strtol(end + 1, NULL, 10) : 0;
}

static bool kernel_at_least(const char *wanted)
{
	struct utsname name;

	return !uname(&name) && version_number(name.release) >= version_number(wanted);
}

static bool program_loads(void)
{
	int fd = load_probe_program(0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Do the kernel's types tell of this function? */
static bool types_name_function(const char *name)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool found = btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) >= 0;

	btf__free(btf);
	return found;
}

/* A kernel may know such programs and yet refuse them, at the latest when they are to be attached. */
static bool function_takes_program(const char *name)
{
	struct bpf_insn instructions[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id = libbpf_find_vmlinux_btf_id(name, BPF_TRACE_FENTRY), program, link;

	if (id <= 0)
		return false;
	opts.attach_btf_id = (__u32)id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "function", "GPL", instructions, 2, &opts);
	if (program < 0)
		return false;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link >= 0)
		close(link);
	close(program);
	return link >= 0;
}

static bool probe(enum feature feature)
{
	switch (feature) {
	case FEATURE_BTF:
		return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	case FEATURE_BPF:
		return program_loads();
	case FEATURE_RING_BUFFER:
		return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1;
	case FEATURE_TASK_STORAGE:
		return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	case FEATURE_COOKIE:
		return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_task_pt_regs, NULL) == 1;
	case FEATURE_ITER_TASK:
		return kernel_at_least("5.8");
	case FEATURE_SYSCALL_TRACEPOINTS:
		return tracepoint_id("syscalls", "sys_enter_mmap") > 0;
	case FEATURE_LOOP:
		return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) == 1;
	case FEATURE_UPROBE_PERF:
		return access("/sys/bus/event_source/devices/uprobe/type", R_OK) == 0;
	case FEATURE_UPROBE_MULTI:
		return link_type_known(48);
	case FEATURE_UPROBE_SESSION:
		return link_type_known(57);
	case FEATURE_SECCOMP_URETPROBE:
		/* The system call for return probes is of 6.11; before it a filter sees nothing. */
		return !kernel_at_least("6.11") || kernel_at_least("6.14");
	case FEATURE_BTF_TRACEPOINTS:
		return kernel_at_least("5.5") && types_name_function("bpf_trace_run1");
	case FEATURE_ITER_SLAB:
		return types_name_function("bpf_iter_kmem_cache");
	case FEATURE_FENTRY:
		return function_takes_program("kmem_cache_free_bulk");
	case FEATURE_COUNT:
		break;
	}
	return false;
}

bool feature_present(enum feature feature)
{
	static signed char known[FEATURE_COUNT];

	if (!known[feature])
		known[feature] = probe(feature) ? 1 : -1;
	return known[feature] > 0;
}

bool features_tracepoints_preempted(void)
{
	return kernel_at_least("7.0");
}

bool features_const_void_arguments(void)
{
	return kernel_at_least("6.16");
}

static bool has_capability(int number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[number / 32].effective & (1U << (number % 32));
}

/* Of the required features that are missing the one that came last, so that all is said by one version. */
static const struct feature_row *newest_lacking(enum feature_use use)
{
	const struct feature_row *newest = NULL;

	for (int i = 0; i < FEATURE_COUNT; i++) {
		const struct feature_row *row = &feature_rows[i];

		if (!(row->required & use) || feature_present(i))
			continue;
		if (!newest || version_number(row->since) > version_number(newest->since))
			newest = row;
	}
	return newest;
}

static int require(enum feature_use use, char *error, size_t error_size)
{
	static const struct {
		int number, instead;
		const char *name;
		unsigned int uses;
	} capabilities[] = {
	    {39, 21, "CAP_BPF", USE_PROCESSES | USE_KERNEL},
	    {38, 21, "CAP_PERFMON", USE_PROCESSES | USE_KERNEL},
	    {19, 19, "CAP_SYS_PTRACE", USE_PROCESSES},
	};
	const struct feature_row *lacking;
	char missing[96] = "";

	for (size_t i = 0; i < 3; i++) {
		if (!(capabilities[i].uses & use) || has_capability(capabilities[i].number) ||
		    has_capability(capabilities[i].instead))
			continue;
		snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s", missing[0] ? ", " : "",
		         capabilities[i].name);
	}
	if (missing[0]) {
		snprintf(error, error_size, "missing privilege: %s; run as root (sudo memtrace …) or grant these",
		         missing);
		return -EPERM;
	}
	lacking = newest_lacking(use);
	if (!lacking)
		return 0;
	snprintf(error, error_size, "this kernel cannot do it: no %s (Linux %s or newer with it is needed)",
	         lacking->name, lacking->since);
	return -ENOTSUP;
}

int features_require(char *error, size_t error_size)
{
	return require(USE_PROCESSES, error, error_size);
}

int features_require_kernel(char *error, size_t error_size)
{
	return require(USE_KERNEL, error, error_size);
}
