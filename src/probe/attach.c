// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memtrace.h"
#include "probe/bpf.h"
#include "probe/features.h"

/* include/uapi/linux/bpf.h; 48 is of commit 89ae89f53d20 (6.6), 57 of d920179b3d48 (6.13) */
#define TRACE_UPROBE_MULTI 48
#define TRACE_UPROBE_SESSION 57
#define UPROBE_MULTI_RETURN 1
#define LINK_CREATE 28

static const char *const names[] = {
    [BACKEND_SESSION] = "session",
    [BACKEND_MULTI] = "multi",
    [BACKEND_PERF] = "perf",
};

#define N_BACKENDS (sizeof(names) / sizeof(names[0]))

const char *backend_name(enum backend backend)
{
	return names[backend];
}

int backend_find(const char *name)
{
	for (size_t i = 0; i < N_BACKENDS; i++) {
		if (!strcmp(name, names[i]))
			return i;
	}
	return -EINVAL;
}

int backend_best(void)
{
	if (feature_present(FEATURE_UPROBE_SESSION))
		return BACKEND_SESSION;
	if (feature_present(FEATURE_UPROBE_MULTI))
		return BACKEND_MULTI;
	if (feature_present(FEATURE_UPROBE_PERF))
		return BACKEND_PERF;
	return -ENOTSUP;
}

static int entry_type(enum backend backend)
{
	return backend == BACKEND_PERF ? 0 : TRACE_UPROBE_MULTI;
}

int attach_prepare_entry(struct bpf_program *program, enum backend backend)
{
	return bpf_program__set_expected_attach_type(program, entry_type(backend));
}

int attach_prepare(struct memtrace_bpf *bpf, enum backend backend)
{
	int multi = entry_type(backend);
	struct {
		struct bpf_program *program;
		int type;
		bool used;
	} rows[] = {
	    {bpf->progs.call_session, TRACE_UPROBE_SESSION, backend == BACKEND_SESSION},
	    {bpf->progs.call_entry, multi, backend != BACKEND_SESSION},
	    {bpf->progs.call_return, multi, backend != BACKEND_SESSION},
	    {bpf->progs.free_entry, multi, true},
	    {bpf->progs.loader_state, multi, true},
	    {bpf->progs.loader_waits, multi, bpf->rodata->unwind_tables},
	};

	bpf->rodata->check_process = backend == BACKEND_PERF;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int error = bpf_program__set_expected_attach_type(rows[i].program, rows[i].type);

		if (error)
			return error;
		bpf_program__set_autoload(rows[i].program, rows[i].used);
	}
	return 0;
}

const char *attach_error_words(int error)
{
	/* ENOTSUPP, which the kernel keeps to itself otherwise: it cannot probe such a file or instruction. */
	return error == -524 ? "the kernel cannot probe it" : strerror(-error);
}

struct attachment {
	int *fds; /* multi links */
	size_t n_fds;
	struct bpf_link **links; /* perf links */
	size_t n_links;
};

void attachment_free(struct attachment *attachment)
{
	if (!attachment)
		return;
	for (size_t i = 0; i < attachment->n_fds; i++)
		close(attachment->fds[i]);
	for (size_t i = 0; i < attachment->n_links; i++)
		bpf_link__destroy(attachment->links[i]);
	free(attachment->fds);
	free(attachment->links);
	free(attachment);
}

static struct attachment *attachment_new(size_t n)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));

	if (!attachment)
		return NULL;
	attachment->fds = calloc(3, sizeof(*attachment->fds));
	attachment->links = calloc(2 * n, sizeof(struct bpf_link *));
	if (!attachment->fds || !attachment->links) {
		attachment_free(attachment);
		return NULL;
	}
	return attachment;
}

/* libbpf 1.4 has no call for session links: this is union bpf_attr's link_create.uprobe_multi. */
struct link_create_uprobe_multi {
	__u32 program, target, attach_type, flags;
	__u64 path, offsets, ref_ctr_offsets, cookies;
	__u32 count, multi_flags, pid, pad;
};

/* In which file, of which process, and where in it. */
struct place {
	const char *path;
	pid_t thread;
	const struct attach_point *points;
	size_t n;
};

static int link_multi(struct link_create_uprobe_multi *attr, const struct place *place)
{
	int fd;

	attr->path = (__u64)(unsigned long)place->path;
	attr->pid = place->thread;
	fd = syscall(__NR_bpf, LINK_CREATE, attr, sizeof(*attr));
	return fd < 0 ? -errno : fd;
}

/* Adds one multi link over the points that want a return (or those that do not). */
static int add_multi(struct attachment *attachment, struct bpf_program *program, int type, __u32 flags,
                     const struct place *place, bool wants_return)
{
	__u64 *offsets = calloc(place->n, sizeof(*offsets)), *cookies = calloc(place->n, sizeof(*cookies));
	struct link_create_uprobe_multi attr;
	size_t count = 0;
	int fd = -ENOMEM;

	if (!offsets || !cookies)
		goto out;
	for (size_t i = 0; i < place->n; i++) {
		if (place->points[i].wants_return != wants_return)
			continue;
		offsets[count] = place->points[i].file_offset;
		cookies[count++] = place->points[i].cookie;
	}
	fd = 0;
	if (!count)
		goto out;
	memset(&attr, 0, sizeof(attr));
	attr.program = bpf_program__fd(program);
	attr.attach_type = type;
	attr.offsets = (__u64)(unsigned long)offsets;
	attr.cookies = (__u64)(unsigned long)cookies;
	attr.count = count;
	attr.multi_flags = flags;
	fd = link_multi(&attr, place);
	if (fd >= 0)
		attachment->fds[attachment->n_fds++] = fd;
out:
	free(offsets);
	free(cookies);
	return fd < 0 ? fd : 0;
}

static int add_perf(struct attachment *attachment, struct bpf_program *program, const struct place *place,
                    const struct attach_point *point, bool is_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = point->cookie, .retprobe = is_return);
	struct bpf_link *link =
	    bpf_program__attach_uprobe_opts(program, place->thread, place->path, point->file_offset, &opts);

	if (!link)
		return -errno;
	attachment->links[attachment->n_links++] = link;
	return 0;
}

static int attach_perf(struct memtrace_bpf *bpf, struct attachment *attachment, const struct place *place)
{
	for (size_t i = 0; i < place->n; i++) {
		const struct attach_point *point = &place->points[i];
		struct bpf_program *entry = point->wants_return ? bpf->progs.call_entry : bpf->progs.free_entry;
		int error = 0;

		if (point->wants_return)
			error = add_perf(attachment, bpf->progs.call_return, place, point, true);
		if (!error)
			error = add_perf(attachment, entry, place, point, false);
		if (error)
			return error;
	}
	return 0;
}

/* Frees first: an allocation must not be recorded before its free can be seen. */
static int attach_multi(struct memtrace_bpf *bpf, struct attachment *attachment, const struct place *place)
{
	int error = add_multi(attachment, bpf->progs.free_entry, TRACE_UPROBE_MULTI, 0, place, false);

	if (!error)
		error =
		    add_multi(attachment, bpf->progs.call_return, TRACE_UPROBE_MULTI, UPROBE_MULTI_RETURN, place, true);
	if (!error)
		error = add_multi(attachment, bpf->progs.call_entry, TRACE_UPROBE_MULTI, 0, place, true);
	return error;
}

static int attach_session(struct memtrace_bpf *bpf, struct attachment *attachment, const struct place *place)
{
	int error = add_multi(attachment, bpf->progs.free_entry, TRACE_UPROBE_MULTI, 0, place, false);

	if (!error)
		error = add_multi(attachment, bpf->progs.call_session, TRACE_UPROBE_SESSION, 0, place, true);
	return error;
}

int attach_points(struct memtrace_bpf *bpf, enum backend backend, const char *path, pid_t thread,
                  const struct attach_point *points, size_t n, struct attachment **result)
{
	struct place place = {.path = path, .thread = thread, .points = points, .n = n};
	struct attachment *attachment = attachment_new(n);
	int error = -ENOMEM;

	*result = NULL;
	if (!attachment)
		return error;
	switch (backend) {
	case BACKEND_SESSION:
		error = attach_session(bpf, attachment, &place);
		break;
	case BACKEND_MULTI:
		error = attach_multi(bpf, attachment, &place);
		break;
	case BACKEND_PERF:
		error = attach_perf(bpf, attachment, &place);
		break;
	}
	if (error) {
		attachment_free(attachment);
		return error;
	}
	*result = attachment;
	return 0;
}

int attach_program(struct bpf_program *program, enum backend backend, const char *path, pid_t thread,
                   const struct attach_point *point, struct attachment **result)
{
	struct place place = {.path = path, .thread = thread, .points = point, .n = 1};
	struct attachment *attachment = attachment_new(1);
	int error;

	*result = NULL;
	if (!attachment)
		return -ENOMEM;
	if (backend == BACKEND_PERF)
		error = add_perf(attachment, program, &place, point, false);
	else
		error = add_multi(attachment, program, TRACE_UPROBE_MULTI, 0, &place, point->wants_return);
	if (error) {
		attachment_free(attachment);
		return error;
	}
	*result = attachment;
	return 0;
}
