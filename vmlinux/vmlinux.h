/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel types that the BPF programs need, kept by hand, so that the build needs neither the
 * BTF of the building machine's kernel nor its headers.
 *
 * Structures that the kernel keeps to itself list only the members that are read, in any order:
 * every access is relocated when the program is loaded (CO-RE), so offsets and sizes here mean
 * nothing. What the kernel promises to user space (numbers of maps, flags, helpers, the layout
 * of bpf_pidns_info) stands outside of the relocated part and is exact.
 *
 * Adding a type: look it up with `bpftool btf dump file /sys/kernel/btf/vmlinux format c`, copy
 * the members that are read. A member that not every supported kernel has is marked with the
 * version that brought it; guard its use by bpf_core_field_exists().
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef NULL
#define NULL ((void *)0)
#endif

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;

typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;

typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;

typedef _Bool bool;
enum { false = 0, true = 1 };

typedef unsigned long size_t;
typedef long ssize_t;
typedef unsigned long uintptr_t;
typedef int pid_t;

/* User-space interface: linux/bpf.h. */

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_BLOOM_FILTER = 30,
	BPF_MAP_TYPE_USER_RINGBUF = 31,
	BPF_MAP_TYPE_ARENA = 33, /* 6.9 */
};

/* map_flags of a map's definition */
enum {
	BPF_F_NO_PREALLOC = 1U << 0,
	BPF_F_NO_COMMON_LRU = 1U << 1,
	BPF_F_NUMA_NODE = 1U << 2,
	BPF_F_RDONLY = 1U << 3,
	BPF_F_WRONLY = 1U << 4,
	BPF_F_ZERO_SEED = 1U << 6,
	BPF_F_RDONLY_PROG = 1U << 7,
	BPF_F_WRONLY_PROG = 1U << 8,
	BPF_F_MMAPABLE = 1U << 10,
	BPF_F_INNER_MAP = 1U << 12,
};

/* flags of bpf_map_update_elem() */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_LOCK = 4,
};

/* flags of bpf_task_storage_get() */
enum {
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0,
};

/* flags of bpf_get_stack() and bpf_get_stackid() */
enum {
	BPF_F_SKIP_FIELD_MASK = 0xffULL,
	BPF_F_USER_STACK = 1ULL << 8,
	BPF_F_FAST_STACK_CMP = 1ULL << 9,
	BPF_F_REUSE_STACKID = 1ULL << 10,
	BPF_F_USER_BUILD_ID = 1ULL << 11,
};

/* flags of bpf_perf_event_output() */
enum {
	BPF_F_INDEX_MASK = 0xffffffffULL,
	BPF_F_CURRENT_CPU = BPF_F_INDEX_MASK,
};

/* flags of the ring buffer helpers, and what bpf_ringbuf_query() can be asked */
enum {
	BPF_RB_NO_WAKEUP = 1ULL << 0,
	BPF_RB_FORCE_WAKEUP = 1ULL << 1,
};
enum {
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
	BPF_RB_CONS_POS = 2,
	BPF_RB_PROD_POS = 3,
};

/* Helpers that a running kernel may lack, for bpf_core_enum_value_exists(). */
enum bpf_func_id {
	BPF_FUNC_get_ns_current_pid_tgid = 120, /* 5.7 */
	BPF_FUNC_copy_from_user = 148,          /* 5.10 */
	BPF_FUNC_task_storage_get = 156,        /* 5.11 */
	BPF_FUNC_get_current_task_btf = 158,    /* 5.11 */
	BPF_FUNC_for_each_map_elem = 164,       /* 5.13 */
	BPF_FUNC_get_attach_cookie = 174,       /* 5.15 */
	BPF_FUNC_task_pt_regs = 175,            /* 5.15 */
	BPF_FUNC_find_vma = 180,                /* 5.17 */
	BPF_FUNC_loop = 181,                    /* 5.17 */
};

struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};

struct bpf_spin_lock {
	__u32 val;
};

/*
 * Registers, the context of a uprobe: user-space interface, and a relocated access to a context
 * may become arithmetic on it, which the verifier refuses.
 */

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};
typedef struct pt_regs bpf_user_pt_regs_t;

#elif defined(__TARGET_ARCH_arm64)

struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		struct {
			u64 regs[31];
			u64 sp;
			u64 pc;
			u64 pstate;
		};
	};
	u64 orig_x0;
	s32 syscallno;
};
typedef struct user_pt_regs bpf_user_pt_regs_t;

#else
#error "define __TARGET_ARCH_x86 or __TARGET_ARCH_arm64"
#endif

/* Contexts of tracepoints. */

struct trace_entry {
	unsigned short type;
	unsigned char flags;
	unsigned char preempt_count;
	int pid;
};

struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
};

/* Everything from here on is relocated. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Uprobes: pending return probes, and the page through which single-steps are run. */

struct return_instance {
	unsigned long func;
	unsigned long stack;
	unsigned long orig_ret_vaddr;
	bool chained;
	struct return_instance *next;
};

struct uprobe_task {
	unsigned int depth;
	struct return_instance *return_instances;
	unsigned long vaddr;
	unsigned long xol_vaddr;
};

struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

/* PID namespaces. */

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	unsigned int level;
	struct pid_namespace *parent;
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* level + 1 of them */
};

struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};

/* Tasks and their address spaces. */

struct file;
struct seq_file;

struct list_head {
	struct list_head *next, *prev;
};

struct mm_struct {
	unsigned long task_size;
	unsigned long total_vm;
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
	struct task_struct *owner;
	struct file *exe_file;
	struct uprobes_state uprobes_state;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

typedef struct {
	int counter;
} atomic_t;

struct timespec64 {
	s64 tv_sec;
};

struct hrtimer_cpu_base {
	unsigned int cpu;
};

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
};

struct hrtimer {
	struct hrtimer_clock_base *base;
};

struct signal_struct {
	struct hrtimer real_timer;
	atomic_t live;
	int nr_threads;
	unsigned int flags;
	int group_exit_code;
	struct pid *pids[4]; /* of enum pid_type: 1 is the thread group's */
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct completion;

struct task_struct {
	void *stack;
	unsigned int flags;
	unsigned int ptrace;
	struct mm_struct *mm;
	int exit_state;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 start_time;     /* ns, CLOCK_MONOTONIC */
	u64 start_boottime; /* ns, CLOCK_BOOTTIME; 5.5 */
	char comm[16];
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct completion *vfork_done;
	sigset_t blocked;
	unsigned long sas_ss_sp;
	size_t sas_ss_size;
	struct uprobe_task *utask;
};

struct linux_binprm {
	struct mm_struct *mm;
	struct file *file;
	const char *filename;
	const char *interp;
};

/* Memory of the kernel's own. */

typedef struct {
	s64 counter;
} atomic64_t;

typedef atomic64_t atomic_long_t;

typedef struct {
	unsigned long f;
} memdesc_flags_t;

struct page {
	unsigned long flags; /* a memdesc_flags_t since 6.18 */
	unsigned long compound_head;
	struct kmem_cache *slab_cache; /* until 5.16 */
};

struct page___memdesc { /* 6.18 */
	memdesc_flags_t flags;
};

/* 5.17; before, these are members of struct page */
struct slab {
	struct kmem_cache *slab_cache;
	struct list_head slab_list;
	struct slab *next;
	void *freelist;
	unsigned long counters;
};

enum zone_type {
	__MAX_NR_ZONES = 5, /* relocated */
};

typedef struct {
	unsigned long bits[16];
} nodemask_t;

struct kmem_cache_order_objects {
	unsigned int x;
};

struct kmem_cache_cpu { /* until 6.19 */
	void **freelist;
	struct slab *slab;
	struct slab *partial;
};

struct slab_sheaf { /* 6.18 */
	unsigned int size;
};

struct slub_percpu_sheaves { /* 6.18 */
	struct slab_sheaf *main;
	struct slab_sheaf *spare;
	struct slab_sheaf *rcu_free;
};

struct node_barn { /* 6.18 */
	unsigned int nr_full;
	unsigned int nr_empty;
};

struct kmem_cache_node {
	unsigned long nr_partial;
	struct list_head partial;
	atomic_long_t nr_slabs;
	atomic_long_t total_objects;
	struct node_barn *barn; /* 6.18 */
};

struct kmem_cache_per_node_ptrs { /* 7.0 */
	struct node_barn *barn;
	struct kmem_cache_node *node;
};

struct kmem_cache {
	struct kmem_cache_cpu *cpu_slab;         /* until 6.19 */
	struct slub_percpu_sheaves *cpu_sheaves; /* 6.18 */
	unsigned int size;
	unsigned int object_size;
	unsigned int offset;
	unsigned int cpu_partial_slabs; /* 5.16 */
	unsigned int sheaf_capacity;    /* 6.18 */
	struct kmem_cache_order_objects oo;
	const char *name;
	unsigned long random;                           /* with CONFIG_SLAB_FREELIST_HARDENED */
	struct kmem_cache_node *node[1024];             /* until 6.19 */
	struct kmem_cache_per_node_ptrs per_node[1024]; /* 7.0 */
};

struct bpf_array {
	void *pptrs[1];
};
/* Contexts of iterators. */

struct bpf_iter__kmem_cache { /* 6.13 */
	struct bpf_iter_meta *meta;
	struct kmem_cache *s;
};

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

#endif
