// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/kernel_events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

const struct kernel_event_row kernel_event_rows[] = {
    {"kmalloc", "kmalloc", KIND_SLAB},
    {"kmalloc_node", "kmalloc_node", KIND_SLAB},
    {"kfree", "kfree", KIND_SLAB},
    {"kmem_cache_alloc", "cache_alloc", KIND_SLAB},
    {"kmem_cache_alloc_node", "cache_alloc_node", KIND_SLAB},
    {"kmem_cache_free", "cache_free", KIND_SLAB},
    {"mm_page_alloc", "page_alloc", KIND_PAGE},
    {"mm_page_free", "page_free", KIND_PAGE},
    {"mm_page_free_batched", "page_free_batched", KIND_PAGE},
    {"percpu_alloc_percpu", "percpu_alloc", KIND_PERCPU},
    {"percpu_free_percpu", "percpu_free", KIND_PERCPU},
    {"alloc_vmap_area", "vmap_alloc", KIND_VMALLOC},
    {"free_vmap_area_noflush", "vmap_free", KIND_VMALLOC},
};

const size_t n_kernel_event_rows = sizeof(kernel_event_rows) / sizeof(kernel_event_rows[0]);

const struct kernel_function_row kernel_function_rows[] = {
    {"kmem_cache_free_bulk", "freed_in_bulk"},
    {"__kfree_rcu_sheaf", "freed_to_sheaf"},
};

const size_t n_kernel_function_rows = sizeof(kernel_function_rows) / sizeof(kernel_function_rows[0]);

struct kernel_types {
	struct btf *btf;
};

int kernel_types_new(struct kernel_types **result)
{
	struct kernel_types *types = calloc(1, sizeof(*types));
	int error;

	*result = NULL;
	if (!types)
		return -ENOMEM;
	types->btf = btf__load_vmlinux_btf();
	if (!types->btf) {
		error = -errno;
		free(types);
		return error;
	}
	*result = types;
	return 0;
}

void kernel_types_free(struct kernel_types *types)
{
	if (!types)
		return;
	btf__free(types->btf);
	free(types);
}

/* What a program on the tracepoint is called with, after a context of its own: typedef void (*btf_trace_NAME)(…). */
static const struct btf_type *event_arguments(const struct kernel_types *types, const char *event)
{
	const struct btf_type *type;
	char name[128];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", event);
	id = btf__find_by_name_kind(types->btf, name, BTF_KIND_TYPEDEF);
	type = id < 0 ? NULL : btf__type_by_id(types->btf, id);
	type = type ? btf__type_by_id(types->btf, type->type) : NULL;
	if (!type || !btf_is_ptr(type))
		return NULL;
	type = btf__type_by_id(types->btf, type->type);
	return type && btf_is_func_proto(type) ? type : NULL;
}

bool kernel_event_exists(const struct kernel_types *types, const char *event)
{
	return event_arguments(types, event) != NULL;
}

bool kernel_function_exists(const struct kernel_types *types, const char *function)
{
	return btf__find_by_name_kind(types->btf, function, BTF_KIND_FUNC) >= 0;
}

static unsigned int count_arguments(const struct kernel_types *types, const char *event)
{
	const struct btf_type *arguments = event_arguments(types, event);

	return arguments ? btf_vlen(arguments) - 1 : 0;
}

/* Is argument number n (from 0) a pointer to that structure? */
static bool argument_is(const struct kernel_types *types, const char *event, unsigned int n, const char *structure)
{
	const struct btf_type *arguments = event_arguments(types, event), *type;
	const char *name;

	if (!arguments || n + 1 >= btf_vlen(arguments))
		return false;
	type = btf__type_by_id(types->btf, btf_params(arguments)[n + 1].type);
	while (type && (btf_is_ptr(type) || btf_is_const(type)))
		type = btf__type_by_id(types->btf, type->type);
	name = type && btf_is_struct(type) ? btf__name_by_offset(types->btf, type->name_off) : NULL;
	return name && !strcmp(name, structure);
}

struct mk_shapes kernel_event_shapes(const struct kernel_types *types)
{
	return (struct mk_shapes){
	    .kmalloc_node = count_arguments(types, "kmalloc") >= 6,
	    .cache_alloc_cache = argument_is(types, "kmem_cache_alloc", 2, "kmem_cache") &&
	                         count_arguments(types, "kmem_cache_alloc") == 5,
	    .cache_free_cache = argument_is(types, "kmem_cache_free", 2, "kmem_cache"),
	    .percpu_call_site = count_arguments(types, "percpu_alloc_percpu") >= 10,
	};
}

/* NODES_SHIFT, include/linux/numa.h: nodemask_t has a bit for each node, in whole words. */
unsigned int kernel_node_shift(const struct kernel_types *types)
{
	int id = btf__find_by_name_kind(types->btf, "nodemask_t", BTF_KIND_TYPEDEF);
	__s64 bytes = id < 0 ? -1 : btf__resolve_size(types->btf, id);

	return bytes >= 8 && bytes <= 512 ? 64 - (unsigned int)__builtin_ctzll((unsigned long long)bytes * 8) : 0;
}

unsigned int kernel_page_struct_bytes(const struct kernel_types *types)
{
	int id = btf__find_by_name_kind(types->btf, "page", BTF_KIND_STRUCT);
	__s64 bytes = id < 0 ? -1 : btf__resolve_size(types->btf, id);

	return bytes > 0 && bytes <= 4096 ? (unsigned int)bytes : 0;
}

/* Place of a variable in the section of that name, or 0; *type is its type. */
static __u64 variable_place(const struct btf *btf, const char *section, const char *variable, __u32 *type)
{
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *all = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (unsigned int i = 0; all && i < btf_vlen(all); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(all)[i];
		const struct btf_type *var = btf__type_by_id(btf, place->type);
		const char *name = var ? btf__name_by_offset(btf, var->name_off) : NULL;

		if (name && !strcmp(name, variable)) {
			*type = var->type;
			return place->offset;
		}
	}
	return 0;
}

static __u64 percpu_variable(const struct btf *btf, const char *variable, __u32 *type)
{
	__u64 place = variable_place(btf, ".data..percpu", variable, type);

	return place ? place : variable_place(btf, ".data.percpu", variable, type);
}

/* Bytes from the structure's beginning to the member, in it or in an unnamed part of it; -1: none. */
static __s64 member_offset(const struct btf *btf, __u32 structure, const char *wanted)
{
	const struct btf_type *type = btf__type_by_id(btf, structure);

	if (!type || !btf_is_composite(type))
		return -1;
	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		const char *name = btf__name_by_offset(btf, member->name_off);
		__s64 inside = name && name[0] ? -1 : member_offset(btf, member->type, wanted);

		if (name && !strcmp(name, wanted))
			inside = 0;
		if (inside >= 0)
			return btf_member_bit_offset(type, i) / 8 + inside;
	}
	return -1;
}

/* __preempt_count, which from Linux 6.2 to 6.14 was a member of pcpu_hot. */
struct kernel_percpu kernel_percpu_places(const struct kernel_types *types)
{
	struct kernel_percpu places = {0};
	__s64 inside;
	__u32 type = 0;

	places.hrtimer_bases = percpu_variable(types->btf, "hrtimer_bases", &type);
	places.preempt_count = percpu_variable(types->btf, "__preempt_count", &type);
	if (places.preempt_count)
		return places;
	places.preempt_count = percpu_variable(types->btf, "pcpu_hot", &type);
	inside = places.preempt_count ? member_offset(types->btf, type, "preempt_count") : -1;
	places.preempt_count = inside < 0 ? 0 : places.preempt_count + (__u64)inside;
	return places;
}
