/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug sections with libdw on top of them. libdw gets no file descriptor and no way to an
 * alternate file (dwz) but the one it is given here.
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_DATA_H
#define MEMTRACE_SYMBOLIZE_DEBUG_DATA_H

#include <elfutils/libdw.h>

#include "symbolize/debug_sections.h"

struct debug_data {
	struct debug_sections sections;
	Elf *elf;
	Dwarf *dwarf;
};

/* What a file says of the alternate file that dwz took a part of its debug information to. */
struct debug_alternate {
	const char *name; /* in the sections' memory */
	const uint8_t *build_id;
	size_t build_id_size;
};

/*
 * Takes over `sections`, also when it fails. `strings`: bytes that stand in for those of
 * .debug_str, which must outlive the data, or NULL. 0 or -errno: -ENODATA when libdw makes nothing of it.
 */
int debug_data_open(struct debug_data *data, struct debug_sections *sections, const struct debug_section *strings);
void debug_data_close(struct debug_data *data);

/* Has libdw begin anew on the same sections, without `strings`. 0 or -errno, and then it is closed. */
int debug_data_renew(struct debug_data *data);

/* False when the file has no alternate file. */
bool debug_data_alternate(const struct debug_data *data, struct debug_alternate *alternate);

#endif
