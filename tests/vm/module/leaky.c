// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel module that leaks what it is told to, and knows what it has leaked.
 *
 * Lines written to /proc/leaky are orders; a write returns when the order is carried out:
 *
 *     leak KIND CONTEXT SIZE COUNT [RATE]   allocates COUNT objects, RATE of them a second (0: at once)
 *     free KIND|all [HOW]                   plain, bulk (one call for many) or rcu (after a grace period)
 *
 * KIND is kmalloc, cache (its own, never merged), merged (its own, may be merged), page, percpu or vmalloc; CONTEXT is
 * process, workqueue, softirq or hardirq. SIZE is in bytes; of pages it is the order, of caches 0. vmalloc sleeps, so
 * it is not to be had in interrupts.
 *
 * Reading gives the truth: a JSON object a site. A site is a function of its own, leaky_KIND_CONTEXT. Nothing else
 * in here allocates once the module is loaded. Unloading frees everything.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#define CACHE_BYTES 232  /* of an object of leaky_object */
#define MERGED_BYTES 192 /* of an object of leaky_merged: as much as others' caches */
#define STEP_OBJECTS 64  /* allocated in one go, so that interrupts stay short */
#define BULK_OBJECTS 32
#define STEPS_PER_SECOND 50 /* of orders with a rate */
#define KFREE_RCU_BYTES sizeof(struct rcu_head)

enum context { PROCESS, WORKQUEUE, SOFTIRQ, HARDIRQ, N_CONTEXTS };
enum kind { KMALLOC, CACHE, MERGED, PAGE, PERCPU, VMALLOC, N_KINDS };

/* What is leaked, where there is something to be said of it. */
struct leaked {
	struct rcu_head rcu;
};

struct object {
	void *memory;
	unsigned int size; /* as ordered: bytes or order */
	u16 kind, context;
};

struct site {
	u64 alloc_count, alloc_bytes, free_count, free_bytes, failed;
};

static unsigned int capacity = 1 << 18;
module_param(capacity, uint, 0444);
MODULE_PARM_DESC(capacity, "objects that can be held");

static struct kmem_cache *cache, *merged;
static struct object *objects;
static unsigned int n_objects;
static struct site sites[N_KINDS][N_CONTEXTS];
static DEFINE_MUTEX(order_lock);

/* The sites: functions that allocate, with a frame of their own. */
#define SITE(kind, context, allocation) \
	static noinline void *leaky_##kind##_##context(unsigned int size, gfp_t gfp) \
	{ \
		void *memory = (allocation); \
		barrier(); \
		return memory; \
	}
#define SITES(kind, allocation) \
	SITE(kind, process, allocation) \
	SITE(kind, workqueue, allocation) \
	SITE(kind, softirq, allocation) \
	SITE(kind, hardirq, allocation)

SITES(kmalloc, kmalloc(size, gfp))
SITES(cache, kmem_cache_alloc(cache, gfp))
SITES(merged, kmem_cache_alloc(merged, gfp))
SITES(page, alloc_pages(gfp, size))
SITES(percpu, (__force void *)__alloc_percpu_gfp(size, sizeof(u64), gfp))
SITE(vmalloc, process, vmalloc(size))
SITE(vmalloc, workqueue, vmalloc(size))

#define IN_ALL_CONTEXTS(kind) \
	{ \
		leaky_##kind##_process, leaky_##kind##_workqueue, leaky_##kind##_softirq, leaky_##kind##_hardirq \
	}

static const struct {
	const char *name, *reported_as, *cache;
	void *(*allocate[N_CONTEXTS])(unsigned int size, gfp_t gfp);
	unsigned int size_min, size_max;
} kinds[N_KINDS] = {
    [KMALLOC] = {"kmalloc", "slab", NULL, IN_ALL_CONTEXTS(kmalloc), KFREE_RCU_BYTES, 4 << 20},
    [CACHE] = {"cache", "slab", "leaky_object", IN_ALL_CONTEXTS(cache), 0, 0},
    [MERGED] = {"merged", "slab", "leaky_merged", IN_ALL_CONTEXTS(merged), 0, 0},
    [PAGE] = {"page", "page", NULL, IN_ALL_CONTEXTS(page), 0, 9},
    [PERCPU] = {"percpu", "percpu", NULL, IN_ALL_CONTEXTS(percpu), 1, 32 << 10},
    [VMALLOC] = {"vmalloc", "vmalloc", NULL, {leaky_vmalloc_process, leaky_vmalloc_workqueue}, 1, 64 << 20},
};

static const char *const contexts[N_CONTEXTS] = {"process", "workqueue", "softirq", "hardirq"};

static u64 bytes_of(enum kind kind, unsigned int size)
{
	switch (kind) {
	case CACHE:
		return CACHE_BYTES;
	case MERGED:
		return MERGED_BYTES;
	case PAGE:
		return PAGE_SIZE << size;
	default:
		return size;
	}
}

/* One order to leak, and the part of it that is to be done now. */
static struct {
	enum kind kind;
	enum context context;
	unsigned int size;
	unsigned int step;
	struct completion done;
} order;

static void take_step(void)
{
	gfp_t gfp = order.context == SOFTIRQ || order.context == HARDIRQ ? GFP_ATOMIC : GFP_KERNEL;
	struct site *site = &sites[order.kind][order.context];
	u64 bytes = bytes_of(order.kind, order.size);

	for (unsigned int i = 0; i < order.step; i++) {
		void *memory = kinds[order.kind].allocate[order.context](order.size, gfp | __GFP_NOWARN);

		if (!memory) {
			site->failed++;
			continue;
		}
		objects[n_objects++] = (struct object){memory, order.size, order.kind, order.context};
		site->alloc_count++;
		site->alloc_bytes += bytes;
	}
	complete(&order.done);
}

static void in_workqueue_step(struct work_struct *unused)
{
	take_step();
}

static void in_softirq_step(struct tasklet_struct *unused)
{
	take_step();
}

static void in_hardirq_step(struct irq_work *unused)
{
	take_step();
}

static struct workqueue_struct *workqueue;
static DECLARE_WORK(work, in_workqueue_step);
static struct tasklet_struct tasklet;
static struct irq_work interrupt;

static void run_step(void)
{
	switch (order.context) {
	case WORKQUEUE:
		queue_work(workqueue, &work);
		break;
	case SOFTIRQ:
		tasklet_schedule(&tasklet);
		break;
	case HARDIRQ:
		irq_work_queue(&interrupt);
		break;
	default:
		take_step();
	}
	wait_for_completion(&order.done);
}

static int leak(enum kind kind, enum context context, unsigned int size, unsigned int count, unsigned int rate)
{
	unsigned int step = rate ? clamp(rate / STEPS_PER_SECOND, 1U, (unsigned int)STEP_OBJECTS) : STEP_OBJECTS;
	unsigned int taken = 0;
	unsigned long start = jiffies;

	if (!kinds[kind].allocate[context])
		return -EOPNOTSUPP;
	if (size < kinds[kind].size_min || size > kinds[kind].size_max)
		return -ERANGE;
	if (count > capacity - n_objects)
		return -ENOSPC;
	order.kind = kind;
	order.context = context;
	order.size = size;
	for (; taken < count; taken += order.step) {
		unsigned long due = rate ? start + div_u64((u64)taken * HZ, rate) : start;

		if (fatal_signal_pending(current))
			return -EINTR;
		if (rate && time_before(jiffies, due))
			schedule_timeout_killable(due - jiffies);
		order.step = min(step, count - taken);
		run_step();
	}
	return 0;
}

enum how { PLAIN, BULK, BY_RCU };

static void free_plain(const struct object *object)
{
	switch (object->kind) {
	case KMALLOC:
		kfree(object->memory);
		break;
	case CACHE:
		kmem_cache_free(cache, object->memory);
		break;
	case MERGED:
		kmem_cache_free(merged, object->memory);
		break;
	case PAGE:
		__free_pages(object->memory, object->size);
		break;
	case PERCPU:
		free_percpu((__force void __percpu *)object->memory);
		break;
	case VMALLOC:
		vfree(object->memory);
		break;
	}
}

static void free_bulk(enum kind kind, void **memory, size_t n)
{
	if (!n)
		return;
	if (kind == KMALLOC)
		kfree_bulk(n, memory);
	else
		kmem_cache_free_bulk(kind == CACHE ? cache : merged, n, memory);
}

static bool can_free(enum kind kind, enum how how)
{
	if (how == PLAIN)
		return true;
	if (how == BULK)
		return kind == KMALLOC || kind == CACHE || kind == MERGED;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return kind == KMALLOC || kind == CACHE || kind == MERGED;
#else
	/* Before, nothing waits for objects of a cache that are freed so, and the caches must go when the module does.
	 */
	return kind == KMALLOC;
#endif
}

/* Frees all objects of a kind, or of all kinds when it is N_KINDS; what stays is moved together. */
static int free_objects(unsigned int kind, enum how how)
{
	void *bulk[BULK_OBJECTS];
	unsigned int n_bulk = 0, n_kept = 0;

	if (kind == N_KINDS ? how != PLAIN : !can_free(kind, how))
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < n_objects; i++) {
		struct object *object = &objects[i];
		struct site *site = &sites[object->kind][object->context];

		if (kind != N_KINDS && object->kind != kind) {
			objects[n_kept++] = *object;
			continue;
		}
		site->free_count++;
		site->free_bytes += bytes_of(object->kind, object->size);
		if (how == PLAIN) {
			free_plain(object);
		} else if (how == BY_RCU) {
			struct leaked *leaked = object->memory;

			kfree_rcu(leaked, rcu);
		} else {
			bulk[n_bulk++] = object->memory;
			if (n_bulk == BULK_OBJECTS) {
				free_bulk(kind, bulk, n_bulk);
				n_bulk = 0;
			}
		}
		cond_resched();
	}
	if (how == BULK)
		free_bulk(kind, bulk, n_bulk);
	n_objects = n_kept;
	return 0;
}

static int find_kind(const char *name)
{
	for (int i = 0; i < N_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return i;
	return -EINVAL;
}

static int obey_leak(const char *line)
{
	char kind_name[16], context_name[16];
	unsigned int size, count, rate = 0;
	int kind, context;

	if (sscanf(line, "leak %15s %15s %u %u %u", kind_name, context_name, &size, &count, &rate) < 4)
		return -EINVAL;
	kind = find_kind(kind_name);
	context = match_string(contexts, N_CONTEXTS, context_name);
	if (kind < 0 || context < 0)
		return -EINVAL;
	return leak(kind, context, size, count, rate);
}

static int obey_free(const char *line)
{
	static const char *const hows[] = {"plain", "bulk", "rcu"};
	char kind_name[16], how_name[16] = "plain";
	int kind, how;

	if (sscanf(line, "free %15s %15s", kind_name, how_name) < 1)
		return -EINVAL;
	kind = !strcmp(kind_name, "all") ? N_KINDS : find_kind(kind_name);
	how = match_string(hows, ARRAY_SIZE(hows), how_name);
	if (kind < 0 || how < 0)
		return -EINVAL;
	return free_objects(kind, how);
}

static ssize_t leaky_write(struct file *file, const char __user *buffer, size_t n, loff_t *position)
{
	char line[96];
	int error;

	if (n >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buffer, n))
		return -EFAULT;
	line[n] = '\0';
	if (mutex_lock_interruptible(&order_lock))
		return -EINTR;
	if (!strncmp(line, "leak ", 5))
		error = obey_leak(line);
	else
		error = !strncmp(line, "free ", 5) ? obey_free(line) : -EINVAL;
	mutex_unlock(&order_lock);
	return error ? error : n;
}

static void show_site(struct seq_file *file, enum kind kind, enum context context)
{
	const struct site *site = &sites[kind][context];

	seq_printf(file, "{\"function\": \"leaky_%s_%s\", \"kind\": \"%s\", \"context\": \"%s\", ", kinds[kind].name,
	           contexts[context], kinds[kind].reported_as, contexts[context]);
	if (kinds[kind].cache)
		seq_printf(file, "\"cache\": \"%s\", ", kinds[kind].cache);
	seq_printf(file, "\"live_blocks\": %llu, \"live_bytes\": %llu, \"alloc_count\": %llu, \"alloc_bytes\": %llu, ",
	           site->alloc_count - site->free_count, site->alloc_bytes - site->free_bytes, site->alloc_count,
	           site->alloc_bytes);
	seq_printf(file, "\"free_count\": %llu, \"free_bytes\": %llu, \"failed\": %llu}\n", site->free_count,
	           site->free_bytes, site->failed);
}

static int leaky_show(struct seq_file *file, void *unused)
{
	mutex_lock(&order_lock);
	for (int kind = 0; kind < N_KINDS; kind++)
		for (int context = 0; context < N_CONTEXTS; context++)
			if (sites[kind][context].alloc_count || sites[kind][context].failed)
				show_site(file, kind, context);
	mutex_unlock(&order_lock);
	return 0;
}

static int leaky_open(struct inode *inode, struct file *file)
{
	return single_open(file, leaky_show, NULL);
}

static const struct proc_ops leaky_ops = {
    .proc_open = leaky_open,
    .proc_read = seq_read,
    .proc_lseek = seq_lseek,
    .proc_release = single_release,
    .proc_write = leaky_write,
};

#ifdef SLAB_NO_MERGE
#define UNMERGED SLAB_NO_MERGE
#define CONSTRUCTOR NULL
#else
#define UNMERGED 0
#define CONSTRUCTOR construct

/* A cache whose objects are constructed is not merged either. */
static void construct(void *object)
{
}
#endif

static void leave(void)
{
	if (workqueue)
		destroy_workqueue(workqueue);
	tasklet_kill(&tasklet);
	irq_work_sync(&interrupt);
	if (objects)
		free_objects(N_KINDS, PLAIN);
	kmem_cache_destroy(cache);
	kmem_cache_destroy(merged);
	vfree(objects);
}

static int __init leaky_init(void)
{
	init_completion(&order.done);
	tasklet_setup(&tasklet, in_softirq_step);
	init_irq_work(&interrupt, in_hardirq_step);
	workqueue = alloc_workqueue("leaky", WQ_UNBOUND, 0);
	cache = kmem_cache_create("leaky_object", CACHE_BYTES, 0, UNMERGED, CONSTRUCTOR);
	merged = kmem_cache_create("leaky_merged", MERGED_BYTES, 0, 0, NULL);
	objects = vzalloc(array_size(capacity, sizeof(*objects)));
	if (!workqueue || !cache || !merged || !objects || !proc_create("leaky", 0600, NULL, &leaky_ops)) {
		leave();
		return -ENOMEM;
	}
	return 0;
}

static void __exit leaky_exit(void)
{
	remove_proc_entry("leaky", NULL);
	leave();
}

module_init(leaky_init);
module_exit(leaky_exit);
MODULE_DESCRIPTION("Leaks as it is told to, for tests of memtrace");
MODULE_LICENSE("GPL");
