/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information of single addresses, by libdw from .eh_frame. For whole
 * tables see unwind/.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>

#include "probe/elf_internal.h"
#include "probe/machine.h"

struct cfi_source {
	Elf *elf;
	Dwarf_CFI *cfi; /* belongs to elf */
};

static struct cfi_source *cfi_open(int fd)
{
	struct cfi_source *source = calloc(1, sizeof(*source));

	if (!source || elf_version(EV_CURRENT) == EV_NONE)
		goto err_source;
	source->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!source->elf)
		goto err_source;
	source->cfi = dwarf_getcfi_elf(source->elf);
	if (!source->cfi)
		goto err_elf;
	return source;

err_elf:
	elf_end(source->elf);
err_source:
	free(source);
	return NULL;
}

void elf_cfi_free(void *cfi)
{
	struct cfi_source *source = cfi;

	if (!source)
		return;
	dwarf_cfi_end(source->cfi);
	elf_end(source->elf);
	free(source);
}

static struct cfi_source *cfi_of(const struct elf_file *file)
{
	if (!file->lazy->cfi_tried) {
		file->lazy->cfi_tried = true;
		file->lazy->cfi = cfi_open(file->fd);
	}
	return file->lazy->cfi;
}

static int fits(Dwarf_Word value, int32_t *result)
{
	int64_t number = (int64_t)value;

	if (number < INT32_MIN || number > INT32_MAX)
		return -ENOENT;
	*result = (int32_t)number;
	return 0;
}

static int cfa_rule(Dwarf_Frame *frame, int32_t *offset)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n) || n != 1)
		return -ENOENT;
	if (ops[0].atom == DW_OP_breg0 + MACHINE_DWARF_SP)
		return fits(ops[0].number, offset);
	if (ops[0].atom == DW_OP_bregx && ops[0].number == MACHINE_DWARF_SP)
		return fits(ops[0].number2, offset);
	return -ENOENT;
}

/* Where the caller's value of a register is: an offset from the CFA, or 0 where it is unchanged. */
static int register_rule(Dwarf_Frame *frame, int number, int32_t *offset)
{
	Dwarf_Op memory[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, number, memory, &ops, &n))
		return -ENOENT;
	*offset = 0;
	if (n == 0)
		return ops ? -ENOENT : 0; /* lost, or unchanged */
	if (n == 2 && ops[0].atom == DW_OP_call_frame_cfa && ops[1].atom == DW_OP_plus_uconst)
		return fits(ops[1].number, offset);
	return -ENOENT;
}

int elf_file_cfi(const struct elf_file *file, uint64_t address, struct elf_cfi *cfi)
{
	struct cfi_source *source = cfi_of(file);
	Dwarf_Frame *frame = NULL;
	int err;

	if (!source || dwarf_cfi_addrframe(source->cfi, address, &frame))
		return -ENOENT;
	err = cfa_rule(frame, &cfi->cfa_sp_offset);
	if (!err)
		err = register_rule(frame, MACHINE_DWARF_FP, &cfi->fp_cfa_offset);
	if (!err)
		err = register_rule(frame, MACHINE_DWARF_RETURN, &cfi->ra_cfa_offset);
	if (!err && MACHINE_CALL_PUSHES && !cfi->ra_cfa_offset)
		err = -ENOENT;
	free(frame);
	return err;
}
