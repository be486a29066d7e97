// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/mini_debug.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/unpack.h"

/* Those of the largest programs are a few megabytes, packed to a quarter. A bomb is a thousand times or more. */
#define PACKED_MAX (32u << 20)
#define UNPACKED_MAX (256u << 20)
#define EXPANSION_MAX 64

static Elf_Data *find_data(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS || header.sh_size > PACKED_MAX)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, ".gnu_debugdata"))
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

int mini_debug_open(struct mini_debug *mini, Elf *elf)
{
	Elf_Data *data = find_data(elf);
	size_t size;
	int err;

	if (!data || !data->d_buf || !data->d_size)
		return -ENODATA;
	err = unpack_xz(data->d_buf, data->d_size,
	                data->d_size < UNPACKED_MAX / EXPANSION_MAX ? data->d_size * EXPANSION_MAX : UNPACKED_MAX,
	                &mini->bytes, &size);
	if (err)
		return err;
	err = elf_image_take(&mini->image, elf_memory((char *)mini->bytes, size));
	if (err) {
		free(mini->bytes);
		*mini = (struct mini_debug){0};
	}
	return err;
}

void mini_debug_close(struct mini_debug *mini)
{
	if (!mini->bytes)
		return;
	elf_image_close(&mini->image);
	free(mini->bytes);
	*mini = (struct mini_debug){0};
}
