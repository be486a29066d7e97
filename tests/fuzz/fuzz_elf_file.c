/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an ELF file: everything that the prober asks of one. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/resolve.h"

/* libelf 0.188 loses the data of a section whose header is damaged; that is not ours to fix. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libelf.so";
}

static void ignore_call(void *context, uint64_t return_address)
{
	(void)context;
	(void)return_address;
}

static void ask(const struct elf_file *file)
{
	struct address_range *ranges;
	struct wrapper_return *returns;
	struct probe_point *points;
	struct elf_symbol symbol;
	uint8_t id[20];
	size_t n;

	elf_file_is_go(file);
	elf_file_is_program(file);
	elf_file_build_id(file, id, sizeof(id));
	if (!elf_file_symbol(file, "free", &symbol))
		elf_file_direct_calls(file, symbol.value, ignore_call, NULL);
	if (!resolve_points(file, true, &points, &n))
		free(points);
	if (!resolve_flush_ranges(file, &ranges, &n))
		free(ranges);
	if (!resolve_wrappers(file, &returns, &n))
		free(returns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_file *file;
	char error[128];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!elf_file_open(fd, &file, error, sizeof(error))) {
		ask(file);
		elf_file_free(file);
	}
	close(fd);
	return 0;
}
