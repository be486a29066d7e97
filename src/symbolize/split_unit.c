// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/split_unit.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbolize/split_package.h"

#define PATH_BYTES 4096

static const char *string_of(Dwarf_Die *entry, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(entry, name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

static bool number_of(Dwarf_Die *entry, unsigned int name, uint64_t *number)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	if (!dwarf_attr(entry, name, &attribute) || dwarf_formudata(&attribute, &word))
		return false;
	*number = word;
	return true;
}

/* An offset into a section as it stands there; dwarf_formudata() would check it against a section that it expects. */
static uint64_t base_of(Dwarf_Die *entry, unsigned int name)
{
	Dwarf_Attribute attribute;
	uint64_t offset = 0;

	if (!dwarf_attr(entry, name, &attribute))
		return 0;
	if (attribute.form == DW_FORM_sec_offset || attribute.form == DW_FORM_data4)
		memcpy(&offset, attribute.valp, 4); /* DWARF64 is not made for programs that could run here */
	return offset;
}

static uint64_t unit_id(Dwarf_Die *root, uint16_t *version)
{
	uint64_t id = 0;
	Dwarf_Half number = 0;

	if (dwarf_cu_info(root->cu, &number, NULL, NULL, NULL, &id, NULL, NULL))
		return 0;
	if (version)
		*version = number;
	/* Before DWARF 5 it is an attribute. */
	if (!id)
		number_of(root, DW_AT_GNU_dwo_id, &id);
	return id;
}

static struct debug_section from(const struct debug_section *section, uint64_t offset)
{
	if (offset >= section->size_bytes)
		return (struct debug_section){0};
	return (struct debug_section){.bytes = section->bytes + offset, .size_bytes = section->size_bytes - offset};
}

bool split_unit_address(const struct split_unit *unit, uint64_t index, uint64_t *address)
{
	if (index >= unit->addresses.size_bytes / sizeof(*address))
		return false;
	memcpy(address, unit->addresses.bytes + index * sizeof(*address), sizeof(*address));
	return true;
}

/* The unit of this ID in the data. */
static bool find_root(struct split_unit *unit, uint64_t id)
{
	Dwarf_CU *next = NULL;
	uint8_t type;

	while (dwarf_get_units(unit->data.dwarf, next, &next, NULL, &type, &unit->root, NULL) == 0) {
		if (type == DW_UT_split_compile && unit_id(&unit->root, NULL) == id)
			return true;
	}
	return false;
}

/* Takes over the sections. */
static struct split_unit *make_unit(struct debug_sections *sections, const struct debug_section *strings, uint64_t id)
{
	struct split_unit *unit = calloc(1, sizeof(*unit));

	if (!unit) {
		debug_sections_clear(sections);
		return NULL;
	}
	if (!debug_data_open(&unit->data, sections, strings) && find_root(unit, id))
		return unit;
	split_unit_free(unit);
	return NULL;
}

/* A .dwo file while it is looked for. */
struct looking {
	struct debug_search *search;
	uint64_t id;
	struct split_unit *unit;
};

static bool accept_split(int fd, void *context)
{
	struct looking *looking = context;
	uint64_t budget_bytes = looking->search->budget_bytes;
	struct debug_sections sections;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);

	if (elf && !debug_sections_read(&sections, elf, fd, DEBUG_KIND_SPLIT, &budget_bytes)) {
		looking->unit = make_unit(&sections, NULL, looking->id);
		if (looking->unit)
			looking->search->budget_bytes = budget_bytes;
	}
	elf_end(elf);
	return looking->unit;
}

static struct split_unit *open_file(struct debug_search *search, Dwarf_Die *skeleton, uint64_t id)
{
	char beside[PATH_BYTES], beside_whole[PATH_BYTES], compiled[PATH_BYTES];
	const char *names[] = {compiled, beside_whole, beside};
	const char *name = string_of(skeleton, DW_AT_dwo_name), *directory = string_of(skeleton, DW_AT_comp_dir);
	struct looking looking = {.search = search, .id = id};
	int n = (int)debug_directory_length(search->path), fd;

	if (!name)
		name = string_of(skeleton, DW_AT_GNU_dwo_name);
	if (!name || strlen(name) >= PATH_BYTES / 2 || n >= PATH_BYTES / 2)
		return NULL;
	if (name[0] == '/' || !directory || strlen(directory) >= PATH_BYTES / 2)
		snprintf(compiled, sizeof(compiled), "%s", name[0] == '/' ? name : "");
	else
		snprintf(compiled, sizeof(compiled), "%s/%s", directory, name);
	snprintf(beside_whole, sizeof(beside_whole), "%.*s%s", n, search->path, name[0] == '/' ? "" : name);
	snprintf(beside, sizeof(beside), "%.*s%s", n, search->path, name + debug_directory_length(name));
	fd = debug_search_open(search, names, 3, accept_split, &looking);
	if (fd >= 0)
		close(fd);
	return looking.unit;
}

/* A package while it is looked for. It must have the unit: nothing else says that it is the program's. */
struct looking_for_package {
	struct debug_search *search;
	struct debug_sections *sections;
	uint64_t id;
};

static bool accept_package(int fd, void *context)
{
	struct looking_for_package *looking = context;
	struct debug_section rows[DEBUG_SECTIONS];
	uint64_t budget_bytes = looking->search->budget_bytes;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	bool found = false;

	if (elf && !debug_sections_read(looking->sections, elf, fd, DEBUG_KIND_SPLIT, &budget_bytes)) {
		found = split_package_unit(looking->sections, looking->id, rows);
		if (found)
			looking->search->budget_bytes = budget_bytes;
		else
			debug_sections_clear(looking->sections);
	}
	elf_end(elf);
	return found;
}

static void find_package(struct debug_search *search, struct split_packages *packages, uint64_t id)
{
	static const char debug_suffix[] = ".debug";
	char beside[PATH_BYTES], separate[PATH_BYTES + 8] = "", replaced[PATH_BYTES + 8] = "", global[PATH_BYTES];
	const char *names[] = {beside, separate, replaced, global};
	struct looking_for_package looking = {.search = search, .sections = &packages->sections, .id = id};
	size_t n = strlen(search->separate);
	int fd;

	packages->looked_for = true;
	if (strlen(search->path) >= PATH_BYTES / 2 || n >= PATH_BYTES / 2)
		return;
	snprintf(beside, sizeof(beside), "%s.dwp", search->path);
	snprintf(global, sizeof(global), "/usr/lib/debug%s.dwp", search->path);
	if (n)
		snprintf(separate, sizeof(separate), "%s.dwp", search->separate);
	if (n >= sizeof(debug_suffix) && !strcmp(search->separate + n - (sizeof(debug_suffix) - 1), debug_suffix))
		snprintf(replaced, sizeof(replaced), "%.*s.dwp", (int)(n - (sizeof(debug_suffix) - 1)),
		         search->separate);
	fd = debug_search_open(search, names, 4, accept_package, &looking);
	if (fd >= 0)
		close(fd);
}

static struct split_unit *open_packaged(struct debug_search *search, struct split_packages *packages, uint64_t id)
{
	struct debug_section rows[DEBUG_SECTIONS], strings;
	static uint8_t stand_in[1];
	struct debug_sections sections;

	if (!packages->looked_for)
		find_package(search, packages, id);
	if (!packages->sections.image || !split_package_unit(&packages->sections, id, rows))
		return NULL;
	/* All units of a package share its strings, which are not copied for each. */
	strings = packages->sections.rows[DEBUG_STR];
	if (strings.size_bytes)
		rows[DEBUG_STR] = (struct debug_section){.bytes = stand_in, .size_bytes = 1};
	if (debug_sections_make(&sections, rows, DEBUG_KIND_SPLIT))
		return NULL;
	return make_unit(&sections, strings.size_bytes ? &strings : NULL, id);
}

struct split_unit *split_unit_open(struct debug_search *search, struct split_packages *packages,
                                   const struct debug_sections *program, Dwarf_Die *skeleton)
{
	uint16_t version = 0;
	uint64_t id = unit_id(skeleton, &version);
	struct split_unit *unit = id ? open_file(search, skeleton, id) : NULL;
	Dwarf_Addr base;

	if (id && !unit)
		unit = open_packaged(search, packages, id);
	if (!unit)
		return NULL;
	unit->version = version;
	unit->addresses =
	    from(&program->rows[DEBUG_ADDR], base_of(skeleton, version < 5 ? DW_AT_GNU_addr_base : DW_AT_addr_base));
	unit->ranges = from(&program->rows[DEBUG_RANGES], base_of(skeleton, DW_AT_GNU_ranges_base));
	unit->range_lists = unit->data.sections.rows[DEBUG_RNGLISTS];
	unit->base_address = dwarf_lowpc(skeleton, &base) == 0 ? base : 0;
	return unit;
}

void split_unit_free(struct split_unit *unit)
{
	if (!unit)
		return;
	debug_data_close(&unit->data);
	free(unit);
}

void split_packages_clear(struct split_packages *packages)
{
	debug_sections_clear(&packages->sections);
	*packages = (struct split_packages){0};
}
