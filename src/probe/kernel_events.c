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
