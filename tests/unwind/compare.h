/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file's unwind table held against libdw, row by row, and its call-site table against the
 * full one at every call that Capstone finds. Both sides are worked out with made-up values of
 * the registers, so what is compared is not the form but what a walker would get.
 */
#ifndef MEMTRACE_TESTS_UNWIND_COMPARE_H
#define MEMTRACE_TESTS_UNWIND_COMPARE_H

#include <capstone/capstone.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unwind/unwind.h"

#define SHOWN_MAX 5 /* differences of a file */

/* Why a rule is BAD where libdw has one. */
enum reason {
	BY_REGISTER,   /* the CFA is computed from a register that is not followed */
	BY_EXPRESSION, /* the CFA is an expression of another form */
	BY_RETURN,     /* the return address is elsewhere */
	BY_SP,         /* the caller's stack pointer is not the CFA */
	N_REASONS,     /* none: there should be a rule */
};

struct comparison {
	size_t rows, gaps, differences;
	size_t unknown; /* rows whose CFA libdw calls invalid: not compared */
	size_t calls, calls_differ;
	size_t unsaid[N_REASONS], unsaid_at_calls[N_REASONS];
	size_t forms[UNWIND_CFA_COUNT];      /* rows by what the CFA is */
	size_t call_rows[UNWIND_CFA_COUNT];  /* the same, of rows with a call in them */
	size_t fp_forms[UNWIND_FP_LOST + 1]; /* the same, by where the frame pointer is */
	size_t odd[UNWIND_CFA_COUNT];        /* bits of cfa_offset beyond 16 */
	struct unwind_table all, call_sites; /* owned by compare_file(), counts stay */
};

struct compared_file {
	const char *path;
	FILE *differences, *unsaid; /* or NULL */
	struct comparison *result;
	Elf *elf;
	Dwarf *dwarf;
	Dwarf_CFI *eh_frame, *debug_frame;
	const uint8_t *image;
	size_t image_size;
	bool is_arm;
	csh capstone;
	cs_insn *instruction;
	size_t shown;
};

/* Made-up state: the value of a register, and of a word of memory. Of pc the low bits count. */
static inline uint64_t value_of(const struct compared_file *file, uint64_t number, uint64_t pc)
{
	return !file->is_arm && number == 16 ? pc : 0x100000000000 + number * 0x1000000010;
}

static inline uint64_t word_at(uint64_t address)
{
	return (address ^ 0x5555) * 0x9e3779b97f4a7c15 >> 8;
}

/* A location or a value, as a DWARF expression says. */
struct location {
	enum { AT, IS, SAME, UNDEFINED, UNKNOWN } kind;
	uint64_t value;
	bool by_cfa; /* the CFA and a constant, and so there is a rule for it */
};

#define EXPRESSION_MAX 32

static inline bool binary(uint64_t *stack, size_t *n, uint8_t op)
{
	uint64_t a, b;

	if (*n < 2)
		return false;
	b = stack[--*n];
	a = stack[*n - 1];
	switch (op) {
	case DW_OP_plus:
		a += b;
		break;
	case DW_OP_minus:
		a -= b;
		break;
	case DW_OP_and:
		a &= b;
		break;
	case DW_OP_shl:
		a <<= b & 63;
		break;
	case DW_OP_mul:
		a *= b;
		break;
	case DW_OP_ge:
		a = (int64_t)a >= (int64_t)b;
		break;
	default:
		return false;
	}
	stack[*n - 1] = a;
	return true;
}

/* DWARF 5 section 2.5, as much as occurs in call frame information. */
static inline struct location evaluate_ops(const struct compared_file *file, const Dwarf_Op *ops, size_t n_ops,
                                           uint64_t cfa, uint64_t pc)
{
	uint64_t stack[EXPRESSION_MAX];
	struct location location = {.kind = UNKNOWN};
	size_t n = 0;

	for (size_t i = 0; i < n_ops; i++) {
		uint8_t op = ops[i].atom;

		if (n == EXPRESSION_MAX)
			return location;
		if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
			stack[n++] = value_of(file, op - DW_OP_breg0, pc) + ops[i].number;
		else if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
			stack[n++] = op - DW_OP_lit0;
		else if (op >= DW_OP_const1u && op <= DW_OP_consts)
			stack[n++] = ops[i].number;
		else if (op == DW_OP_bregx)
			stack[n++] = value_of(file, ops[i].number, pc) + ops[i].number2;
		else if (op == DW_OP_call_frame_cfa)
			stack[n++] = cfa;
		else if (op == DW_OP_stack_value && n)
			return (struct location){.kind = IS, .value = stack[n - 1]};
		else if (op == DW_OP_plus_uconst && n)
			stack[n - 1] += ops[i].number;
		else if (op == DW_OP_deref && n)
			stack[n - 1] = word_at(stack[n - 1]);
		else if (!binary(stack, &n, op))
			return location;
	}
	if (n)
		location = (struct location){
		    .kind = AT,
		    .value = stack[n - 1],
		    .by_cfa = ops[0].atom == DW_OP_call_frame_cfa &&
		              (n_ops == 1 || (n_ops == 2 && ops[1].atom == DW_OP_plus_uconst)),
		};
	return location;
}

static inline struct location libdw_cfa(const struct compared_file *file, Dwarf_Frame *frame, uint64_t pc)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n))
		return (struct location){.kind = UNKNOWN, .value = 0};
	return evaluate_ops(file, ops, n, 0, pc);
}

static inline struct location libdw_register(const struct compared_file *file, Dwarf_Frame *frame, int number,
                                             uint64_t cfa, uint64_t pc)
{
	Dwarf_Op memory[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, number, memory, &ops, &n))
		return (struct location){.kind = UNKNOWN, .value = 0};
	if (n == 0)
		return (struct location){.kind = ops ? UNDEFINED : SAME};
	return evaluate_ops(file, ops, n, cfa, pc);
}

/* libdw has no default for it on aarch64 (backends/aarch64_cfi.c). */
static inline struct location libdw_sp(const struct compared_file *file, Dwarf_Frame *frame, uint64_t cfa, uint64_t pc)
{
	struct location sp = libdw_register(file, frame, file->is_arm ? 31 : 7, cfa, pc);

	return file->is_arm && sp.kind == UNDEFINED ? (struct location){.kind = IS, .value = cfa} : sp;
}

static inline uint64_t table_cfa(const struct compared_file *file, const struct unwind_rule *rule, uint64_t pc)
{
	/* By enum unwind_saved: DWARF's number. */
	static const uint8_t saved[] = {3, 12, 13, 14, 15, 0, 2, 1, 4, 5, 8, 9, 10, 11};
	uint64_t sp = value_of(file, file->is_arm ? 31 : 7, pc), fp = value_of(file, file->is_arm ? 29 : 6, pc);

	switch (rule->cfa) {
	case UNWIND_SP:
		return sp + (uint64_t)(int64_t)rule->cfa_offset;
	case UNWIND_FP:
		return fp + (uint64_t)(int64_t)rule->cfa_offset;
	case UNWIND_DEREF_SP:
	case UNWIND_DEREF_FP:
		return word_at((rule->cfa == UNWIND_DEREF_SP ? sp : fp) + (uint64_t)(int64_t)rule->cfa_offset) +
		       (uint64_t)rule->second_offset;
	case UNWIND_PLT:
		return sp + 8 + ((pc & 15) >= (uint64_t)rule->cfa_offset ? 8 : 0);
	case UNWIND_REGISTER:
		return value_of(file, saved[rule->second_offset], pc) + (uint64_t)(int64_t)rule->cfa_offset;
	default:
		return 0;
	}
}

static inline bool same_fp(const struct compared_file *file, const struct unwind_rule *rule, struct location fp,
                           uint64_t cfa, uint64_t pc)
{
	uint64_t value = value_of(file, file->is_arm ? 29 : 6, pc);

	switch (rule->fp) {
	case UNWIND_FP_SAME:
		return fp.kind == SAME;
	case UNWIND_FP_AT_CFA:
		return fp.kind == AT && fp.value == cfa + (uint64_t)(int64_t)rule->fp_offset;
	case UNWIND_FP_AT_FP:
		return fp.kind == AT && fp.value == value + (uint64_t)(int64_t)rule->fp_offset;
	default:
		return fp.kind != SAME && (fp.kind != AT || !fp.by_cfa);
	}
}

static inline bool same_saved(const struct compared_file *file, const struct unwind_rule *rule, Dwarf_Frame *frame,
                              uint64_t cfa, uint64_t pc)
{
	static const int saved[] = {3, 12, 13, 14, 15};

	for (int i = 0; i < UNWIND_SAVED_COUNT && !file->is_arm; i++) {
		struct location location = libdw_register(file, frame, saved[i], cfa, pc);
		int16_t words = rule->saved_words[i];

		/* libdw takes register 0 for rbx in what it holds unchanged by default (backends/x86_64_cfi.c). */
		if (i == UNWIND_RBX && location.kind == UNDEFINED)
			location.kind = SAME;
		if (words == 0 && location.kind != SAME)
			return false;
		if (words == UNWIND_SAVED_LOST && (location.kind == SAME || (location.kind == AT && location.by_cfa)))
			return false;
		if (words != 0 && words != UNWIND_SAVED_LOST &&
		    (location.kind != AT || location.value != cfa + (uint64_t)(words * 8)))
			return false;
	}
	return true;
}

#define RA_MAX_BYTES (8 * 32768) /* from the CFA to the return address, as far as a rule can say it */

/* Whether a rule that is BAD has to be, and why. */
static inline enum reason why_unsaid(const struct compared_file *file, Dwarf_Frame *frame, uint64_t pc)
{
	struct location cfa = libdw_cfa(file, frame, pc), sp, ra;
	Dwarf_Op *ops;
	size_t n;

	if (cfa.kind == UNKNOWN || dwarf_frame_cfa(frame, &ops, &n))
		return N_REASONS;
	sp = libdw_sp(file, frame, cfa.value, pc);
	if (sp.kind != IS || sp.value != cfa.value)
		return BY_SP;
	if (n == 1) {
		uint64_t number = ops[0].atom == DW_OP_bregx ? ops[0].number : (uint64_t)ops[0].atom - DW_OP_breg0;
		bool followed = file->is_arm ? number == 29 || number == 31 : number <= 15;

		if (!followed)
			return BY_REGISTER;
	}
	ra = libdw_register(file, frame, file->is_arm ? 30 : 16, cfa.value, pc);
	if (file->is_arm ? ra.kind != SAME && (ra.kind != AT || !ra.by_cfa || cfa.value - ra.value > RA_MAX_BYTES)
	                 : ra.kind != AT || ra.value != cfa.value - 8)
		return BY_RETURN;
	return n == 1 ? N_REASONS : BY_EXPRESSION;
}

static inline bool same_rule(struct compared_file *file, const struct unwind_rule *rule, Dwarf_Frame *frame,
                             uint64_t pc)
{
	struct location cfa = libdw_cfa(file, frame, pc), ra, fp, sp;
	bool is_signal = false;

	dwarf_frame_info(frame, NULL, NULL, &is_signal);
	if (cfa.kind == UNKNOWN)
		return true; /* counted apart */
	if (is_signal || rule->cfa == UNWIND_SIGNAL)
		return is_signal && rule->cfa == UNWIND_SIGNAL;
	ra = libdw_register(file, frame, file->is_arm ? 30 : 16, cfa.value, pc);
	if (ra.kind == UNDEFINED || rule->cfa == UNWIND_END)
		return ra.kind == UNDEFINED && rule->cfa == UNWIND_END;
	if (rule->cfa == UNWIND_BAD)
		return true; /* counted apart */
	sp = libdw_sp(file, frame, cfa.value, pc);
	fp = libdw_register(file, frame, file->is_arm ? 29 : 6, cfa.value, pc);
	if (cfa.value != table_cfa(file, rule, pc) || sp.kind != IS || sp.value != cfa.value)
		return false;
	if (rule->ra_words == 0 ? !file->is_arm || ra.kind != SAME
	                        : ra.kind != AT || ra.value != cfa.value + 8 * (uint64_t)rule->ra_words)
		return false;
	return same_fp(file, rule, fp, cfa.value, pc) && same_saved(file, rule, frame, cfa.value, pc);
}

static inline void differs(struct compared_file *file, uint64_t address, const char *how)
{
	const struct unwind_rule *rule = unwind_table_find(&file->result->all, address);

	file->result->differences++;
	if (!file->differences || file->shown++ >= SHOWN_MAX)
		return;
	fprintf(file->differences, "%s: %#" PRIx64 ": %s: cfa %u%+d %+d fp %u%+d ra %+d\n", file->path, address, how,
	        rule->cfa, rule->cfa_offset, rule->second_offset, rule->fp, rule->fp_offset, rule->ra_words * 8);
}

static inline Dwarf_Frame *libdw_frame(const struct compared_file *file, uint64_t address)
{
	Dwarf_Frame *frame = NULL;

	if (file->eh_frame && !dwarf_cfi_addrframe(file->eh_frame, address, &frame))
		return frame;
	if (file->debug_frame && !dwarf_cfi_addrframe(file->debug_frame, address, &frame))
		return frame;
	return NULL;
}

/* The first address above `address` where the table has a row, or its end. */
static inline uint64_t next_row(const struct unwind_table *table, uint64_t address)
{
	size_t page = (address - table->base) >> UNWIND_PAGE_BITS;
	uint32_t low = 0, high = table->pages[page].n_rows;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (UNWIND_ROW_LOW(table->rows[table->pages[page].first_row + middle]) <= (address & 0xffff))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->pages[page].n_rows)
		return table->base + ((page + 1) << UNWIND_PAGE_BITS);
	return (address & ~(uint64_t)0xffff) | UNWIND_ROW_LOW(table->rows[table->pages[page].first_row + low]);
}

static inline const uint8_t *code_bytes(const struct compared_file *file, uint64_t address, size_t size)
{
	size_t n = 0;

	elf_getphdrnum(file->elf, &n);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(file->elf, (int)i, &header) && header.p_type == PT_LOAD && address >= header.p_vaddr &&
		    address + size <= header.p_vaddr + header.p_filesz &&
		    address - header.p_vaddr + header.p_offset + size <= file->image_size)
			return file->image + header.p_offset + (address - header.p_vaddr);
	}
	return NULL;
}

static inline bool is_code(const struct compared_file *file, uint64_t address)
{
	size_t n = 0;

	elf_getphdrnum(file->elf, &n);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(file->elf, (int)i, &header) && header.p_type == PT_LOAD && header.p_flags & PF_X &&
		    address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz)
			return true;
	}
	return false;
}

/*
 * A call to where there is no code is never made: a weak function that is not there, or bytes that
 * Capstone 4.0 took for a call, having lost its place among AVX-512 instructions.
 */
static inline bool is_call(const struct compared_file *file, const cs_insn *instruction)
{
	int32_t distance;

	if (file->is_arm)
		return instruction->id == ARM64_INS_BL || instruction->id == ARM64_INS_BLR ||
		       instruction->id == ARM64_INS_SVC;
	if (instruction->id == X86_INS_CALL && instruction->size >= 5 &&
	    instruction->bytes[instruction->size - 5] == 0xe8) {
		memcpy(&distance, instruction->bytes + instruction->size - 4, sizeof(distance));
		return is_code(file, instruction->address + instruction->size + (uint64_t)(int64_t)distance);
	}
	return instruction->id == X86_INS_CALL || instruction->id == X86_INS_SYSCALL;
}

/* Every call of a row of libdw's: the table of call sites must say what the full one does. True if there is one. */
static inline bool compare_calls(struct compared_file *file, uint64_t start, uint64_t end)
{
	const uint8_t *bytes = code_bytes(file, start, end - start);
	size_t size = end - start;
	uint64_t address = start;
	bool found = false;

	while (bytes && size && cs_disasm_iter(file->capstone, &bytes, &size, &address, file->instruction)) {
		const struct unwind_rule *all, *calls;

		if (!is_call(file, file->instruction))
			continue;
		found = true;
		all = unwind_table_find(&file->result->all, address - 1);
		calls = unwind_table_find(&file->result->call_sites, address - 1);
		file->result->calls++;
		if (!memcmp(all, calls, sizeof(*all)))
			continue;
		file->result->calls_differ++;
		if (file->differences && file->shown++ < SHOWN_MAX)
			fprintf(file->differences, "%s: call that ends at %#" PRIx64 ": no row\n", file->path, address);
	}
	return found;
}

static inline void count_unsaid(struct compared_file *file, Dwarf_Frame *frame, uint64_t address, bool has_call)
{
	enum reason reason = why_unsaid(file, frame, address);

	if (reason == N_REASONS) {
		if (libdw_cfa(file, frame, address).kind == UNKNOWN)
			return;
		differs(file, address, "no rule");
		return;
	}
	file->result->unsaid[reason]++;
	file->result->unsaid_at_calls[reason] += has_call;
	if (has_call && file->unsaid)
		fprintf(file->unsaid, "%s: %#" PRIx64 ": a call, and no rule (%u)\n", file->path, address, reason);
}

/* Of Go's sigreturn libdw has what any function's information says (entry_points.c). */
static inline bool is_sigreturn(const struct compared_file *file, const struct unwind_rule *rule, uint64_t address)
{
	static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xcd, 0x03};

	for (uint64_t i = 0; rule->cfa == UNWIND_SIGNAL && i < sizeof(code); i++) {
		const uint8_t *bytes = code_bytes(file, address - i, sizeof(code));

		if (bytes && !memcmp(bytes, code, sizeof(code)))
			return true;
	}
	return false;
}

static inline bool same_as_libdw(struct compared_file *file, const struct unwind_rule *rule, Dwarf_Frame *frame,
                                 uint64_t address)
{
	return same_rule(file, rule, frame, address) || is_sigreturn(file, rule, address);
}

static inline void compare_row(struct compared_file *file, Dwarf_Frame *frame, uint64_t start, uint64_t end)
{
	struct comparison *result = file->result;
	bool has_call = compare_calls(file, start, end);

	for (uint64_t address = start; address < end;) {
		const struct unwind_rule *rule = unwind_table_find(&result->all, address);
		uint64_t next = next_row(&result->all, address);

		result->rows++;
		result->forms[rule->cfa]++;
		result->call_rows[rule->cfa] += has_call;
		result->fp_forms[rule->fp] += has_call;
		result->odd[rule->cfa] += has_call && rule->cfa_offset != (int16_t)rule->cfa_offset;
		result->unknown += libdw_cfa(file, frame, address).kind == UNKNOWN;
		if (rule->cfa == UNWIND_BAD)
			count_unsaid(file, frame, address, has_call);
		if (next > end)
			next = end;
		if (!same_as_libdw(file, rule, frame, address) ||
		    (next - 1 > address && !same_as_libdw(file, rule, frame, next - 1)))
			differs(file, address, "another rule");
		address = next;
	}
}

/* The file's entry point: code without information, to which the table gives an end (entry_points.c). */
static inline uint64_t entry_of(const struct compared_file *file)
{
	return ((const Elf64_Ehdr *)file->image)->e_entry;
}

/* Where libdw has nothing: so must the table, but for padding and the entry point. Returns where to go on. */
static inline uint64_t compare_gap(struct compared_file *file, uint64_t address)
{
	const struct unwind_rule *rule = unwind_table_find(&file->result->all, address);
	uint64_t next = next_row(&file->result->all, address);

	file->result->gaps++;
	if (rule->cfa == UNWIND_BAD) {
		uint64_t step = address + 16 - address % 16;

		return step < next ? step : next;
	}
	for (int i = 1; i <= 15; i++) {
		Dwarf_Frame *frame = libdw_frame(file, address + (uint64_t)i);

		free(frame);
		if (frame || address + (uint64_t)i == entry_of(file))
			return address + (uint64_t)i;
	}
	if (rule->cfa == UNWIND_END && address == entry_of(file))
		return next;
	differs(file, address, "a rule where libdw has none");
	return next;
}

static inline void compare_rows(struct compared_file *file)
{
	const struct unwind_table *table = &file->result->all;
	uint64_t address = table->base, end = address + ((uint64_t)table->n_pages << UNWIND_PAGE_BITS);

	while (address < end) {
		Dwarf_Frame *frame = libdw_frame(file, address);
		Dwarf_Addr row_start, row_end;

		if (!frame) {
			address = compare_gap(file, address);
			continue;
		}
		dwarf_frame_info(frame, &row_start, &row_end, NULL);
		if (row_end <= address || row_end > end) {
			differs(file, address, "libdw's row is out of order");
			row_end = address + 1;
		}
		compare_row(file, frame, address, row_end);
		free(frame);
		address = row_end;
	}
}

static inline bool compare_open(struct compared_file *file, int fd)
{
	GElf_Ehdr header;
	struct stat status;
	void *image;

	elf_version(EV_CURRENT);
	file->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!gelf_getehdr(file->elf, &header) || fstat(fd, &status))
		return false;
	file->is_arm = header.e_machine == EM_AARCH64;
	image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		return false;
	file->image = image;
	file->image_size = (size_t)status.st_size;
	file->eh_frame = dwarf_getcfi_elf(file->elf);
	file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	file->debug_frame = file->dwarf ? dwarf_getcfi(file->dwarf) : NULL;
	if (file->is_arm ? cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &file->capstone)
	                 : cs_open(CS_ARCH_X86, CS_MODE_64, &file->capstone))
		return false;
	cs_option(file->capstone, CS_OPT_SKIPDATA, CS_OPT_ON);
	file->instruction = cs_malloc(file->capstone);
	return file->instruction;
}

static inline void compare_close(struct compared_file *file)
{
	if (file->instruction)
		cs_free(file->instruction, 1);
	if (file->capstone)
		cs_close(&file->capstone);
	if (file->dwarf)
		dwarf_end(file->dwarf);
	if (file->eh_frame)
		dwarf_cfi_end(file->eh_frame);
	elf_end(file->elf);
	if (file->image)
		munmap((void *)file->image, file->image_size);
}

/*
 * Compares a file, writes some of its differences and all calls without a rule to streams or nowhere. 0 or -errno, what
 * unwind_table_build() returns among them. What the tables point to is freed.
 */
static inline int compare_file(const char *path, FILE *differences, FILE *unsaid, struct comparison *result)
{
	struct compared_file file = {.path = path, .differences = differences, .unsaid = unsaid, .result = result};
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	struct unwind_table counts[2];

	*result = (struct comparison){0};
	if (fd < 0)
		return -errno;
	err = unwind_table_build(fd, UNWIND_ALL_CODE, &result->all);
	if (!err)
		err = unwind_table_build(fd, UNWIND_CALL_SITES, &result->call_sites);
	if (!err) {
		if (compare_open(&file, fd))
			compare_rows(&file);
		else
			err = -EIO;
		compare_close(&file);
	}
	counts[0] = result->all;
	counts[1] = result->call_sites;
	unwind_table_free(&result->all);
	unwind_table_free(&result->call_sites);
	result->all = counts[0];
	result->call_sites = counts[1];
	close(fd);
	return err;
}

#endif
