// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/cursor.h"
#include "unwind/fde_order.h"
#include "unwind/pointer.h"
#include "unwind/program.h"

/* A browser of 200 MB has 700,000 FDEs, and compilers make a handful of distinct CIEs. */
#define CIES_MAX (256 * 1024)
#define FDES_MAX (4 * 1024 * 1024)

#define ADDRESS_BYTES 8

/* An entry that may be either. */
struct raw_entry {
	uint32_t offset;
	struct cursor body; /* after the ID, to the entry's end */
	uint64_t cie;       /* of an FDE, the offset of its CIE */
	bool is_cie;
};

static uint32_t offset_of(const struct frame_bytes *section, const uint8_t *at)
{
	return (uint32_t)(at - section->bytes);
}

static uint64_t address_of(const struct frame_bytes *section, const struct cursor *cursor)
{
	return section->address + offset_of(section, cursor->at);
}

/* A CIE has an ID of all zeros or all ones; an FDE the distance back to its CIE, or the offset of it. */
static void read_id(const struct frame_bytes *section, bool is_64_bit, struct raw_entry *entry)
{
	const uint8_t *at = entry->body.at;
	uint64_t id;

	if (section->is_eh) {
		id = cursor_u32(&entry->body);
		entry->is_cie = id == 0;
		entry->cie = offset_of(section, at) - id;
	} else {
		id = is_64_bit ? cursor_u64(&entry->body) : cursor_u32(&entry->body);
		entry->is_cie = id == (is_64_bit ? UINT64_MAX : UINT32_MAX);
		entry->cie = id;
	}
}

/* Moves past the next entry. False at the end, or where a length makes no sense. */
static bool next_entry(const struct frame_bytes *section, struct cursor *cursor, struct raw_entry *entry)
{
	bool is_64_bit = false;
	const uint8_t *body;
	uint64_t length;

	do {
		entry->offset = offset_of(section, cursor->at);
		if (cursor_left(cursor) < 4)
			return false;
		length = cursor_u32(cursor);
		if (length == 0 && section->ends_at_a_zero)
			return false;
	} while (length == 0); /* the end of one object's part, or padding */
	if (length == UINT32_MAX) {
		is_64_bit = true;
		length = cursor_u64(cursor);
	}
	body = cursor_take(cursor, length);
	if (!body)
		return false;
	entry->body = (struct cursor){.at = body, .end = body + length};
	read_id(section, is_64_bit, entry);
	return true;
}

/* The augmentation data of "z...". What follows a letter that is not known is skipped with the rest. */
static bool read_augmentation(const struct frame_bytes *section, struct cursor *cursor, const char *letters,
                              struct cie *cie)
{
	uint64_t size = cursor_uleb(cursor);
	const uint8_t *bytes = cursor_take(cursor, size);
	struct cursor data = {.at = bytes, .end = cursor->at};
	uint8_t encoding;

	if (!bytes)
		return false;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			cie->encoding = cursor_u8(&data);
			break;
		case 'L':
			cursor_u8(&data);
			break;
		case 'P':
			encoding = cursor_u8(&data);
			if (encoding == POINTER_ALIGNED)
				cursor_take(&data, -address_of(section, &data) % ADDRESS_BYTES);
			encoded_pointer(&data, encoding, 0);
			break;
		case 'S':
			cie->is_signal = true;
			break;
		case 'B': /* aarch64: signed with the other key */
		case 'G': /* aarch64: memory tags */
			break;
		default:
			return true;
		}
	}
	return !data.failed;
}

/* All of a CIE but its program. False if it makes no sense here. */
static bool read_cie(const struct frame_bytes *section, const struct machine *machine, struct cursor cursor,
                     struct cie *cie)
{
	uint8_t version = cursor_u8(&cursor);
	const char *letters = (const char *)cursor.at;
	const uint8_t *end = memchr(cursor.at, 0, cursor_left(&cursor));
	uint64_t return_column;

	if (!end || (version != 1 && version != 3 && version != 4))
		return false;
	cursor.at = end + 1;
	/* Before version 3 of GCC: a pointer for its unwinder. */
	if (!strcmp(letters, "eh"))
		cursor_take(&cursor, ADDRESS_BYTES);
	else if (*letters && *letters != 'z')
		return false;
	/* Sizes of an address and of a segment's number. */
	if (version == 4 && (cursor_u8(&cursor) != ADDRESS_BYTES || cursor_u8(&cursor) != 0))
		return false;
	cie->code_align = cursor_uleb(&cursor);
	cie->data_align = cursor_sleb(&cursor);
	return_column = version == 1 ? cursor_u8(&cursor) : cursor_uleb(&cursor);
	if (*letters == 'z') {
		cie->has_augmentation = true;
		if (!read_augmentation(section, &cursor, letters + 1, cie))
			return false;
	}
	cie->program = offset_of(section, cursor.at);
	cie->program_end = offset_of(section, cursor.end);
	return !cursor.failed && return_column == machine->return_column && encoded_pointer_is_known(cie->encoding);
}

static int add_cie(struct frame_entries *entries, const struct frame_bytes *section, const struct raw_entry *entry,
                   size_t *room)
{
	struct cie *cie;

	if (entries->n_cies == CIES_MAX) {
		entries->n_malformed++;
		return 0;
	}
	if (entries->n_cies == *room) {
		size_t more = *room ? *room * 2 : 16;
		struct cie *cies = reallocarray(entries->cies, more, sizeof(*cies));

		if (!cies)
			return -ENOMEM;
		entries->cies = cies;
		*room = more;
	}
	cie = &entries->cies[entries->n_cies++];
	*cie = (struct cie){.offset = entry->offset};
	frame_state_init(&cie->initial, entries->machine);
	cie->usable =
	    read_cie(section, entries->machine, entry->body, cie) && cie_program_run(section, entries->machine, cie);
	if (!cie->usable)
		entries->n_malformed++;
	return 0;
}

static int read_cies(struct frame_entries *entries, const struct frame_bytes *section)
{
	struct cursor cursor = {.at = section->bytes, .end = section->bytes + section->size};
	struct raw_entry entry;
	size_t room = 0;
	int err = 0;

	while (!err && next_entry(section, &cursor, &entry)) {
		if (entry.is_cie)
			err = add_cie(entries, section, &entry, &room);
	}
	if (cursor.failed)
		entries->n_malformed++;
	return err;
}

/* Index of the CIE at an offset of the section; n_cies if none begins there. */
static size_t find_cie(const struct frame_entries *entries, uint64_t offset)
{
	size_t low = 0, high = entries->n_cies;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (entries->cies[middle].offset == offset)
			return middle;
		if (entries->cies[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return entries->n_cies;
}

/* Where the code of an FDE lies; what is beyond its segment's end is cut. False if that is nowhere. */
static bool place_fde(const struct frame_entries *entries, const struct code_segment *segment, uint64_t start,
                      uint64_t size, struct fde *fde)
{
	uint64_t end;

	if (!segment)
		return false;
	end = size > segment->end - start ? segment->end : start + size;
	if (end - entries->origin > UINT32_MAX)
		return false;
	fde->start = (uint32_t)(start - entries->origin);
	fde->end = (uint32_t)(end - entries->origin);
	return true;
}

/* What reading one FDE after another keeps at hand. */
struct fde_reader {
	const struct frame_bytes *section;
	const struct unwind_image *image;
	const struct code_segment *segment; /* of the last one */
	size_t cie;                         /* index of the last one's */
	size_t room;
};

static bool read_fde(struct frame_entries *entries, struct fde_reader *reader, const struct raw_entry *entry,
                     struct fde *fde)
{
	struct cursor cursor = entry->body;
	const struct cie *cie;
	uint64_t start, size;

	if (reader->cie >= entries->n_cies || entries->cies[reader->cie].offset != entry->cie)
		reader->cie = find_cie(entries, entry->cie);
	if (reader->cie == entries->n_cies)
		return false;
	cie = &entries->cies[reader->cie];
	if (!cie->usable)
		return false;
	start = encoded_pointer(&cursor, cie->encoding, address_of(reader->section, &cursor));
	size = encoded_pointer(&cursor, cie->encoding & POINTER_FORMAT, 0);
	if (cie->has_augmentation)
		cursor_take(&cursor, cursor_uleb(&cursor));
	if (cursor.failed)
		return false;
	fde->start = fde->end = 0;
	if (size == 0)
		return true;
	if (!reader->segment || start < reader->segment->start || start >= reader->segment->end)
		reader->segment = unwind_image_code(reader->image, start);
	fde->program = offset_of(reader->section, cursor.at);
	fde->program_end = offset_of(reader->section, cursor.end);
	fde->cie = (uint32_t)reader->cie;
	return place_fde(entries, reader->segment, start, size, fde);
}

static int add_fde(struct frame_entries *entries, struct fde_reader *reader, const struct fde *fde)
{
	if (entries->n_fdes == FDES_MAX) {
		entries->n_malformed++;
		return 0;
	}
	if (entries->n_fdes == reader->room) {
		size_t more = reader->room ? reader->room * 2 : 256;
		struct fde *fdes = reallocarray(entries->fdes, more, sizeof(*fdes));

		if (!fdes)
			return -ENOMEM;
		entries->fdes = fdes;
		reader->room = more;
	}
	entries->fdes[entries->n_fdes++] = *fde;
	return 0;
}

static int read_fdes(struct frame_entries *entries, const struct frame_bytes *section, const struct unwind_image *image)
{
	struct cursor cursor = {.at = section->bytes, .end = section->bytes + section->size};
	struct fde_reader reader = {.section = section, .image = image};
	struct raw_entry entry;
	struct fde fde;
	int err = 0;

	while (!err && next_entry(section, &cursor, &entry)) {
		if (entry.is_cie)
			continue;
		if (!read_fde(entries, &reader, &entry, &fde))
			entries->n_malformed++;
		else if (fde.start < fde.end)
			err = add_fde(entries, &reader, &fde);
	}
	return err;
}

int frame_entries_read(struct frame_entries *entries, const struct frame_bytes *section,
                       const struct unwind_image *image, uint64_t origin)
{
	int err;

	*entries = (struct frame_entries){.origin = origin, .machine = machine_of(image->machine)};
	err = read_cies(entries, section);
	if (!err)
		err = read_fdes(entries, section, image);
	if (!err)
		err = fde_order(&entries->fdes, entries->n_fdes);
	if (err)
		frame_entries_free(entries);
	return err;
}

void frame_entries_free(struct frame_entries *entries)
{
	free(entries->cies);
	free(entries->fdes);
	entries->cies = NULL;
	entries->fdes = NULL;
	entries->n_cies = 0;
	entries->n_fdes = 0;
}
