// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/elf_padding.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More than a string's end, in case of the odd number read behind a section's end. */
#define PADDING_BYTES 64

static int pad(struct elf_padding *padding, Elf_Data *data)
{
	struct elf_padded *items;
	char *copy;

	if (!data || !data->d_buf || !data->d_size || ((const char *)data->d_buf)[data->d_size - 1] == '\0')
		return 0;
	items = reallocarray(padding->items, padding->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	padding->items = items;
	copy = malloc(data->d_size + PADDING_BYTES);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data->d_buf, data->d_size);
	memset(copy + data->d_size, 0, PADDING_BYTES);
	items[padding->n++] = (struct elf_padded){.data = data, .original = data->d_buf, .copy = copy};
	data->d_buf = copy;
	return 0;
}

/* Does libdw, which goes by names alone, read from it? Code and data that it does not need stay unread. */
static bool may_be_debug_section(Elf *elf, size_t names, const GElf_Shdr *header)
{
	const char *name = elf_strptr(elf, names, header->sh_name);

	return header->sh_type != SHT_NOBITS && (!(header->sh_flags & SHF_ALLOC) || (name && strstr(name, "debug")));
}

int elf_padding_add(struct elf_padding *padding, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;
	int err = 0;

	if (elf_getshdrstrndx(elf, &names))
		return 0; /* no sections that could be read */
	while (!err && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !may_be_debug_section(elf, names, &header))
			continue;
		/* Two views of one section. */
		err = pad(padding, elf_getdata(section, NULL));
		if (!err)
			err = pad(padding, elf_rawdata(section, NULL));
	}
	return err;
}

void elf_padding_clear(struct elf_padding *padding)
{
	for (size_t i = 0; i < padding->n; i++) {
		padding->items[i].data->d_buf = padding->items[i].original;
		free(padding->items[i].copy);
	}
	free(padding->items);
	*padding = (struct elf_padding){0};
}
