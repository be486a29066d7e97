// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two files: a program, and what it finds under every name by which it may ask for more debug
 * information: by build ID, .gnu_debuglink, dwz's alternate file, .dwo and .dwp. The input is the
 * size of the program (2 bytes), the program, the other file. tests/fuzz/make-seeds makes such.
 * Then the program is gone, and the other file is all there is.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/symbolizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define N_ADDRESSES 64

static const char *const names[] = {
    "/x.dwo", "/x.dwp", "/x.dwz", "/x.debug", "/usr/lib/debug/.build-id/12/345678.debug",
};

static int root_fd = -1, file_fd = -1;
static char root[] = "/dev/shm/memtrace-fuzz-XXXXXX";

static void clean_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		fprintf(stderr, "%s stays behind\n", root);
}

/* One file under all names. */
static void make_root(void)
{
	char command[256], path[128], first[128] = "";

	if (!mkdtemp(root))
		abort();
	atexit(clean_up);
	snprintf(command, sizeof(command), "mkdir -p %s/usr/lib/debug/.build-id/12", root);
	if (system(command))
		abort();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", root, names[i]);
		if (!i) {
			strcpy(first, path);
			file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		} else if (link(first, path)) {
			abort();
		}
	}
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file_fd < 0 || root_fd < 0)
		abort();
}

/* Names from the debug file alone, of a program of whose code two pages were mapped, as of the seeds'. */
static void name_without_program(const struct module_view *view)
{
	struct module module = {.path = (char *)"/x", .name = "x", .fd = -1, .view = view};
	struct mapping mapping = {.start = 0x10000, .end = 0x12000, .module = &module};
	struct process process = {.mappings = &mapping, .n_mappings = 1};
	struct symbolizer *symbolizer = symbolizer_new();
	uint64_t addresses[N_ADDRESSES];
	struct stack stack = {.kind = KIND_MMAP, .addresses = addresses, .n_addresses = N_ADDRESSES};

	module.build_id_size = 4;
	memcpy(module.build_id, "\x12\x34\x56\x78", 4);
	for (uint64_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] = mapping.start + 1 + i * 7;
	if (!symbolizer || symbolizer_stack(symbolizer, &process, &stack) || stack.n_frames == 0)
		abort();
	free(stack.frames);
	symbolizer_free(symbolizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct module_view view = {.pid_inside = 1};
	struct module module = {.path = (char *)"/x", .name = "x", .device = 1, .inode = 1, .view = &view};
	struct mapping mapping = {.start = 0x10000, .end = 0x10000000, .module = &module};
	struct process process = {.mappings = &mapping, .n_mappings = 1};
	struct symbolizer *symbolizer;
	uint64_t addresses[N_ADDRESSES];
	struct stack stack = {.kind = KIND_MMAP, .addresses = addresses, .n_addresses = N_ADDRESSES};
	size_t n_program;

	if (n < 2)
		return 0;
	n_program = (size_t)bytes[0] << 8 | bytes[1];
	if (n_program > n - 2)
		n_program = n - 2;
	if (root_fd < 0)
		make_root();
	view.root_fd = root_fd;
	symbolizer = symbolizer_new();
	module.fd = memfd_create("fuzzed", MFD_CLOEXEC);
	if (!symbolizer || module.fd < 0 || write(module.fd, bytes + 2, n_program) != (ssize_t)n_program ||
	    ftruncate(file_fd, 0) || pwrite(file_fd, bytes + 2 + n_program, n - 2 - n_program, 0) < 0)
		abort();
	/* The seeds have their code in the first bytes of the file. */
	for (uint64_t i = 0; i < N_ADDRESSES; i++)
		addresses[i] = mapping.start + 1 + i * 7;
	if (symbolizer_stack(symbolizer, &process, &stack) || stack.n_frames == 0)
		abort();
	free(stack.frames);
	close(module.fd);
	symbolizer_free(symbolizer);
	name_without_program(&view);
	return 0;
}
