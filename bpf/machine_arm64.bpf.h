/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aarch64: a call leaves its return address in x30, the link register, and the stack pointer as it is; a
 * return probe replaces the register (machine.bpf.h). The function saves it where it likes, perhaps signed:
 * so pending returns are known by the kernel's own list of them, which names the stack pointer at entry.
 */
#define RETURN_ADDRESS_BYTES 0
#define FRAME_RECORD_ENDS_FRAME 0
#define CODE_ALIGN_BITS 2

/*
 * struct rt_sigframe: siginfo (128 bytes), then struct ucontext (arch/arm64/include/uapi/asm/ucontext.h), of
 * whose 176 bytes before the registers 8 are for alignment; struct sigcontext begins with the fault's address.
 */
#define SIGCONTEXT_REGISTERS (128 + 176 + 8)
#define SIGNAL_FP (SIGCONTEXT_REGISTERS + 29 * 8)
#define SIGNAL_SP (SIGCONTEXT_REGISTERS + 31 * 8)

#define LINK_REGISTER 30
#define MAX_RETURN_INSTANCES 64 /* MAX_URETPROBE_DEPTH, kernel/events/uprobes.c */

/*
 * The verifier knows the context by constant offsets alone, so these loads must not be made one with others.
 * All registers stand in the order of their numbers; behind the first two a kernel-read gets them.
 */
static __always_inline __u64 register_value(struct pt_regs *ctx, __u32 number)
{
	__u64 first = ctx->regs[0], second = ctx->regs[1], value = 0;

	OPAQUE(first);
	OPAQUE(second);
	if (number == MT_NO_REGISTER)
		return 0;
	if (number == 0)
		return first;
	if (number == 1)
		return second;
	bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + number * 8);
	return value;
}

/*
 * A return address may be signed (pointer authentication): in bits 54 to 48, or to 52 where the kernel has 52 bits
 * of addresses, of which code gets none beyond 48 unless it asks. Bits 63 to 56 may be a tag.
 */
static __always_inline __u64 code_address(__u64 word)
{
	return word & ((1ULL << 48) - 1);
}

static __always_inline __u64 link_register(struct pt_regs *ctx)
{
	return ctx->regs[LINK_REGISTER];
}

static __always_inline __u64 live_link_register(void)
{
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return PT_REGS_RET_CORE(registers);
}

static __always_inline bool return_address(__u64 stack_pointer, __u64 link, __u64 *pc)
{
	*pc = code_address(link);
	return true;
}

/* Is there a pending return of a call that was entered with this stack pointer? By itself: it takes much stack. */
static __noinline bool entered_at(__u64 stack_pointer)
{
	struct return_instance *instance = BPF_CORE_READ(bpf_get_current_task_btf(), utask, return_instances);

	for (int i = 0; i < MAX_RETURN_INSTANCES && instance; i++) {
		if (BPF_CORE_READ(instance, stack) == stack_pointer)
			return true;
		instance = BPF_CORE_READ(instance, next);
	}
	return false;
}

/*
 * A call entered at the same place is made by a jump (and then has the trampoline for its own return address), or
 * is made after the other had gone. One that was left by longjmp is on the list until the next return probe that
 * is set further out.
 */
static __always_inline bool return_is_pending(__u64 entry, __u64 stack_pointer, __u64 link)
{
	if (stack_pointer > entry)
		return false;
	if (stack_pointer == entry)
		return code_address(link) == return_trampoline();
	return entered_at(entry);
}

#define SVC 0xd4000001U           /* svc #0 */
#define MOV_SIGRETURN 0xd2801168U /* mov x8, #139 */

/* A system call that a signal interrupted or that raised it: a place like that after a call. */
static __always_inline bool after_system_call(__u64 pc)
{
	__u32 instruction;

	return !bpf_probe_read_user(&instruction, sizeof(instruction), (void *)(pc - 4)) && instruction == SVC;
}

/* The vDSO's has no call frame information: arch/arm64/kernel/vdso/sigreturn.S says why. */
static __always_inline bool is_signal_return(__u64 pc)
{
	__u32 instructions[2];

	return !bpf_probe_read_user(instructions, sizeof(instructions), (void *)pc) &&
	       instructions[0] == MOV_SIGRETURN && instructions[1] == SVC;
}

/* No rule of aarch64 names such registers. */
static __always_inline __u64 signal_offset(__u32 saved)
{
	return 0;
}

static __always_inline __u64 live_register(__u32 saved)
{
	return 0;
}
