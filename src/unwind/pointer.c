// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/pointer.h"

enum {
	FORMAT_POINTER = 0x00,
	FORMAT_ULEB128 = 0x01,
	FORMAT_UDATA2 = 0x02,
	FORMAT_UDATA4 = 0x03,
	FORMAT_UDATA8 = 0x04,
	FORMAT_SIGNED = 0x08,
	FORMAT_SLEB128 = 0x09,
	FORMAT_SDATA2 = 0x0a,
	FORMAT_SDATA4 = 0x0b,
	FORMAT_SDATA8 = 0x0c,
};

static bool format_is_known(uint8_t format)
{
	return format <= FORMAT_UDATA8 || (format >= FORMAT_SIGNED && format <= FORMAT_SDATA8);
}

bool encoded_pointer_is_known(uint8_t encoding)
{
	uint8_t application = encoding & 0xf0;

	return (application == POINTER_ABSOLUTE || application == POINTER_RELATIVE) &&
	       format_is_known(encoding & POINTER_FORMAT);
}

uint64_t encoded_pointer(struct cursor *cursor, uint8_t encoding, uint64_t here)
{
	uint64_t base = (encoding & 0x70) == POINTER_RELATIVE ? here : 0;

	switch (encoding & POINTER_FORMAT) {
	case FORMAT_ULEB128:
		return base + cursor_uleb(cursor);
	case FORMAT_SLEB128:
		return base + (uint64_t)cursor_sleb(cursor);
	case FORMAT_UDATA2:
		return base + cursor_u16(cursor);
	case FORMAT_SDATA2:
		return base + (uint64_t)(int16_t)cursor_u16(cursor);
	case FORMAT_UDATA4:
		return base + cursor_u32(cursor);
	case FORMAT_SDATA4:
		return base + (uint64_t)(int32_t)cursor_u32(cursor);
	case FORMAT_POINTER:
	case FORMAT_UDATA8:
	case FORMAT_SIGNED:
	case FORMAT_SDATA8:
		return base + cursor_u64(cursor);
	default:
		cursor->failed = true;
		return 0;
	}
}
