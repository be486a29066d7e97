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

int mini_debug_open(struct mini_debug *mini, Elf *elf)
{
	Elf_Data *data = elf_raw_section(elf, ".gnu_debugdata", PACKED_MAX);
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
