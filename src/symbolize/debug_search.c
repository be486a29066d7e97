// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_search.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "symbolize/debug_server.h"
#include "symbolize/elf_image.h"
#include "symbolize/root_files.h"

#define DEBUG_DIRECTORY "/usr/lib/debug"
#define PATH_BYTES 4096

/* A note section or segment larger than this is none that holds a build ID. */
#define NOTES_MAX (1u << 20)

/* Files without a build ID are checked whole; longer ones are not read for that. */
#define CHECKED_MAX (4ull << 30)

int debug_search_open(const struct debug_search *search, const char *const *names, size_t n, debug_accept accept,
                      void *context)
{
	for (size_t root = 0; root < 2; root++) {
		for (size_t i = 0; i < n && search->roots[root] >= 0; i++) {
			int fd = names[i] && names[i][0] ? root_open(search->roots[root], names[i], true) : -ENOENT;

			if (fd < 0)
				continue;
			if (accept(fd, context))
				return fd;
			close(fd);
		}
	}
	return -ENOENT;
}

static size_t build_id_of_notes(Elf_Data *notes, const uint8_t **id)
{
	size_t at = 0, name_at, text_at;
	GElf_Nhdr header;

	while (notes && notes->d_buf && (at = gelf_getnote(notes, at, &header, &name_at, &text_at)) > 0) {
		if (header.n_type != NT_GNU_BUILD_ID || header.n_namesz != sizeof("GNU") ||
		    memcmp((const char *)notes->d_buf + name_at, "GNU", sizeof("GNU")))
			continue;
		*id = (const uint8_t *)notes->d_buf + text_at;
		return header.n_descsz;
	}
	return 0;
}

size_t elf_build_id(Elf *elf, const uint8_t **id)
{
	Elf_Scn *section = NULL;
	GElf_Phdr segment;
	size_t n = 0, n_segments;

	while (!n && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE && header.sh_size <= NOTES_MAX)
			n = build_id_of_notes(elf_getdata(section, NULL), id);
	}
	if (n || elf_getphdrnum(elf, &n_segments))
		return n;
	for (size_t i = 0; i < n_segments && !n; i++) {
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_NOTE && segment.p_filesz <= NOTES_MAX)
			n = build_id_of_notes(elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
			                                           segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
			                      id);
	}
	return n;
}

/* What a file must be. */
struct wanted {
	const uint8_t *id;
	size_t id_size;
	bool by_checksum;
	uint32_t checksum;
};

/*
 * The checksum by which an alternate file of DWARF 5 is known (7.3.6): version, 1 for being one, no
 * name, the checksum's size (dwz: 20, so one byte of LEB128), the checksum.
 */
static size_t alternate_checksum(Elf *elf, const uint8_t **checksum)
{
	Elf_Data *data = elf_raw_section(elf, ".debug_sup", PATH_BYTES);
	const uint8_t *bytes = data ? data->d_buf : NULL;

	if (!bytes || data->d_size < 5 || bytes[2] != 1 || bytes[3] || bytes[4] > 0x7f || data->d_size - 5 < bytes[4])
		return 0;
	*checksum = bytes + 5;
	return bytes[4];
}

static bool has_build_id(int fd, const uint8_t *id, size_t id_size, bool or_none)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	const uint8_t *found;
	size_t n = elf && elf_kind(elf) == ELF_K_ELF ? elf_build_id(elf, &found) : 0;
	bool same;

	if (!n && elf && elf_kind(elf) == ELF_K_ELF)
		n = alternate_checksum(elf, &found);
	same = (n && n == id_size && !memcmp(found, id, n)) || (or_none && !n);

	elf_end(elf);
	return same;
}

static bool has_checksum(int fd, uint32_t checksum)
{
	uint8_t buffer[1 << 16];
	uLong sum = crc32(0, NULL, 0);
	uint64_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buffer, sizeof(buffer), (off_t)at)) > 0 && at < CHECKED_MAX) {
		sum = crc32(sum, buffer, (uInt)n);
		at += (uint64_t)n;
	}
	return n == 0 && sum == checksum;
}

static bool accept_wanted(int fd, void *context)
{
	const struct wanted *wanted = context;

	if (wanted->by_checksum)
		return has_build_id(fd, wanted->id, wanted->id_size, true) && has_checksum(fd, wanted->checksum);
	return has_build_id(fd, wanted->id, wanted->id_size, false);
}

/* "" when it is too long for a path. */
static void build_id_path(char path[PATH_BYTES], const uint8_t *id, size_t id_size, const char *suffix)
{
	int n = snprintf(path, PATH_BYTES, DEBUG_DIRECTORY "/.build-id/%02x/", id[0]);

	path[n] = '\0';
	for (size_t i = 1; i < id_size && n + 8 < PATH_BYTES; i++)
		n += snprintf(path + n, PATH_BYTES - (size_t)n, "%02x", id[i]);
	snprintf(path + n, PATH_BYTES - (size_t)n, "%s", suffix);
}

/* GNU ld's are 8 to 20 bytes; a shorter one says too little to go by. */
#define BUILD_ID_LEAST 4

int debug_search_build_id(struct debug_search *search, const uint8_t *id, size_t id_size, bool server)
{
	struct wanted wanted = {.id = id, .id_size = id_size};
	char path[PATH_BYTES];
	const char *names[] = {path};
	int fd;

	if (id_size < BUILD_ID_LEAST || id_size > 64)
		return -ENOENT;
	build_id_path(path, id, id_size, ".debug");
	fd = debug_search_open(search, names, 1, accept_wanted, &wanted);
	if (fd < 0 && server && search->server) {
		fd = debug_server_fetch(search->server, id, id_size, search->path);
		if (fd >= 0 && !accept_wanted(fd, &wanted)) {
			close(fd);
			fd = -ENOENT;
		}
		path[0] = '\0';
	}
	return fd;
}

size_t debug_directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* .gnu_debuglink: a file name, padding to 4 bytes, the CRC of that file. */
static const char *read_link(Elf *elf, uint32_t *checksum)
{
	Elf_Data *data = elf_raw_section(elf, ".gnu_debuglink", PATH_BYTES);
	size_t n;

	if (!data || !data->d_buf || data->d_size < 8)
		return NULL;
	n = strnlen(data->d_buf, data->d_size - 4);
	n = (n + 1 + 3) & ~(size_t)3;
	if (n + 4 > data->d_size || !((const char *)data->d_buf)[0] || strchr(data->d_buf, '/'))
		return NULL;
	memcpy(checksum, (const char *)data->d_buf + n, sizeof(*checksum));
	return data->d_buf;
}

static int open_link(const struct debug_search *search, Elf *module, const uint8_t *id, size_t id_size)
{
	struct wanted wanted = {.id = id, .id_size = id_size, .by_checksum = true};
	char beside[PATH_BYTES], below[PATH_BYTES], global[PATH_BYTES];
	const char *names[] = {beside, below, global};
	const char *link = read_link(module, &wanted.checksum);
	int n = (int)debug_directory_length(search->path);

	if (!link || n + strlen(link) + sizeof(DEBUG_DIRECTORY "/.debug/") > PATH_BYTES)
		return -ENOENT;
	snprintf(beside, sizeof(beside), "%.*s%s", n, search->path, link);
	snprintf(below, sizeof(below), "%.*s.debug/%s", n, search->path, link);
	snprintf(global, sizeof(global), DEBUG_DIRECTORY "%.*s%s", n, search->path, link);
	return debug_search_open(search, names, 3, accept_wanted, &wanted);
}

/* Remembers where the separate file is, for what is looked for next to it. */
static void keep_path(struct debug_search *search, int fd)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, search->separate, sizeof(search->separate) - 1);
	search->separate[n > 0 ? n : 0] = '\0';
}

/* Where it is known to be, or where its build ID says. */
static int open_installed(struct debug_search *search, const uint8_t *id, size_t id_size)
{
	struct wanted wanted = {.id = id, .id_size = id_size};
	int fd = search->known ? debug_search_open(search, &search->known, 1, accept_wanted, &wanted) : -ENOENT;

	return fd >= 0 ? fd : debug_search_build_id(search, id, id_size, false);
}

int debug_search_alone(struct debug_search *search, const uint8_t *id, size_t id_size)
{
	int fd = open_installed(search, id, id_size);

	if (fd < 0)
		fd = debug_search_build_id(search, id, id_size, true);
	if (fd >= 0)
		keep_path(search, fd);
	return fd;
}

int debug_search_separate(struct debug_search *search, Elf *module, const uint8_t *id, size_t id_size)
{
	int fd = open_installed(search, id, id_size);

	if (fd < 0)
		fd = open_link(search, module, id, id_size);
	if (fd < 0)
		fd = debug_search_build_id(search, id, id_size, true);
	if (fd >= 0)
		keep_path(search, fd);
	return fd;
}

int debug_search_alternate(struct debug_search *search, const char *name, const uint8_t *id, size_t id_size)
{
	struct wanted wanted = {.id = id, .id_size = id_size};
	const char *last = name + debug_directory_length(name);
	char beside_module[PATH_BYTES], beside_file[PATH_BYTES], global[PATH_BYTES];
	const char *names[] = {beside_file, beside_module, global};
	int fd;

	if (!id_size || strlen(name) >= PATH_BYTES / 2 || strlen(search->path) >= PATH_BYTES / 2 ||
	    strlen(search->separate) >= PATH_BYTES / 2)
		return -ENOENT;
	if (name[0] == '/') {
		snprintf(beside_file, sizeof(beside_file), "%s", name);
		beside_module[0] = '\0';
	} else {
		snprintf(beside_file, sizeof(beside_file), "%.*s%s", (int)debug_directory_length(search->separate),
		         search->separate, name);
		snprintf(beside_module, sizeof(beside_module), "%.*s%s", (int)debug_directory_length(search->path),
		         search->path, name);
	}
	snprintf(global, sizeof(global), DEBUG_DIRECTORY "/.dwz/%s", last);
	fd = debug_search_open(search, names, 3, accept_wanted, &wanted);
	return fd >= 0 ? fd : debug_search_build_id(search, id, id_size, true);
}
