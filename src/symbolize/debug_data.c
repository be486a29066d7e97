// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_data.h"

#include <errno.h>
#include <string.h>

/* Before libdw looks at the sections. */
static void share(Elf_Data *data, const struct debug_section *own, const struct debug_section *strings)
{
	if (!data || data->d_buf != own->bytes)
		return;
	data->d_buf = strings->bytes;
	data->d_size = strings->size_bytes;
}

static void share_strings(struct debug_data *data, const struct debug_section *strings)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(data->elf, section))) {
		/* Two views of one section. */
		share(elf_rawdata(section, NULL), &data->sections.rows[DEBUG_STR], strings);
		share(elf_getdata(section, NULL), &data->sections.rows[DEBUG_STR], strings);
	}
}

int debug_data_open(struct debug_data *data, struct debug_sections *sections, const struct debug_section *strings)
{
	*data = (struct debug_data){.sections = *sections};
	*sections = (struct debug_sections){0};
	data->elf = elf_memory((char *)data->sections.image, data->sections.image_bytes);
	if (data->elf && strings)
		share_strings(data, strings);
	if (data->elf)
		data->dwarf = dwarf_begin_elf(data->elf, DWARF_C_READ, NULL);
	if (!data->dwarf) {
		debug_data_close(data);
		return -ENODATA;
	}
	return 0;
}

void debug_data_close(struct debug_data *data)
{
	if (data->dwarf)
		dwarf_end(data->dwarf);
	elf_end(data->elf);
	debug_sections_clear(&data->sections);
	*data = (struct debug_data){0};
}

int debug_data_renew(struct debug_data *data)
{
	struct debug_sections sections = data->sections;

	data->sections = (struct debug_sections){0};
	debug_data_close(data);
	return debug_data_open(data, &sections, NULL);
}

static uint64_t read_uleb(const uint8_t **at, const uint8_t *end)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

/* A name and what stands behind its NUL. */
static bool split_name(const uint8_t *at, const uint8_t *end, struct debug_alternate *alternate)
{
	const uint8_t *nul = memchr(at, '\0', (size_t)(end - at));

	if (!nul)
		return false;
	alternate->name = (const char *)at;
	alternate->build_id = nul + 1;
	alternate->build_id_size = (size_t)(end - nul - 1);
	return true;
}

bool debug_data_alternate(const struct debug_data *data, struct debug_alternate *alternate)
{
	const struct debug_section *link = &data->sections.rows[DEBUG_ALTLINK], *sup = &data->sections.rows[DEBUG_SUP];
	const uint8_t *end;
	uint64_t size;

	if (link->size_bytes)
		return split_name(link->bytes, link->bytes + link->size_bytes, alternate);
	/* DWARF 5, 7.3.6: version (2 bytes), whether this is the alternate file, name, checksum's size, checksum. */
	if (sup->size_bytes < 4 || sup->bytes[2])
		return false;
	end = sup->bytes + sup->size_bytes;
	if (!split_name(sup->bytes + 3, end, alternate))
		return false;
	size = read_uleb(&alternate->build_id, end);
	alternate->build_id_size = (size_t)(end - alternate->build_id);
	if (size < alternate->build_id_size)
		alternate->build_id_size = size;
	return true;
}
