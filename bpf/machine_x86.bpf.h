/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64: a call pushes its return address, and a return probe replaces that word (machine.bpf.h).
 */
#define RETURN_ADDRESS_BYTES 8
#define FRAME_RECORD_ENDS_FRAME 1
#define CODE_ALIGN_BITS 0

/* Of struct rt_sigframe from the handler's return on: arch/x86/include/uapi/asm/{ucontext,sigcontext}.h */
#define SIGCONTEXT 40
#define SIGNAL_FP (SIGCONTEXT + 80)
#define SIGNAL_SP (SIGCONTEXT + 120)

/* Nibble n: where register n (as in instruction encoding) stands in struct pt_regs, in words. */
#define REGISTER_PLACES 0x01236789ED405CBAULL

/*
 * The compiler must not make one load with a computed offset of these: the verifier knows the
 * context by constant offsets alone. Where arguments are passed is fast, elsewhere a kernel-read.
 */
static __always_inline __u64 register_value(struct pt_regs *ctx, __u32 number)
{
	__u64 value = 0;

	if (number == MT_NO_REGISTER)
		return 0;
	if (number == 7)
		return ctx->di;
	barrier();
	if (number == 6)
		return ctx->si;
	barrier();
	bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + (REGISTER_PLACES >> 4 * number & 15) * 8);
	return value;
}

static __always_inline __u64 link_register(struct pt_regs *ctx)
{
	return 0;
}

static __always_inline __u64 live_link_register(void)
{
	return 0;
}

static __always_inline bool return_address(__u64 stack_pointer, __u64 link, __u64 *pc)
{
	return !bpf_probe_read_user(pc, sizeof(*pc), (void *)stack_pointer);
}

static __always_inline bool return_is_pending(__u64 entry, __u64 stack_pointer, __u64 link)
{
	__u64 word = 0;

	return stack_pointer <= entry && !bpf_probe_read_user(&word, sizeof(word), (void *)entry) &&
	       word == return_trampoline();
}

static __always_inline __u64 code_address(__u64 word)
{
	return word;
}

/* A system call that a signal interrupted or that raised it: a place like that after a call. */
static __always_inline bool after_system_call(__u64 pc)
{
	__u16 instruction;

	return !bpf_probe_read_user(&instruction, sizeof(instruction), (void *)(pc - 2)) && instruction == 0x050f;
}

/* mov $15, %rax; syscall. The C library brings it: glibc's has call frame information, musl's has none. */
static __always_inline bool is_signal_return(__u64 pc)
{
	__u64 word;
	__u8 last;

	return !bpf_probe_read_user(&word, sizeof(word), (void *)pc) && word == 0x0f0000000fc0c748ULL &&
	       !bpf_probe_read_user(&last, sizeof(last), (void *)(pc + 8)) && last == 0x05;
}

/* Nibble n: which word of struct sigcontext holds the register of that number (enum unwind_saved). */
#define SIGCONTEXT_WORDS 0x321089CED7654BULL

static __always_inline __u64 signal_offset(__u32 saved)
{
	return SIGCONTEXT + 8 * (SIGCONTEXT_WORDS >> 4 * saved & 15);
}

/* A callee-saved register as it was when the walk began. */
static __always_inline __u64 live_register(__u32 saved)
{
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u64 value = 0, offset = saved == UNWIND_RBX ? offsetof(struct pt_regs, bx)
	                                              : offsetof(struct pt_regs, r12) - 8 * (saved - UNWIND_R12);

	/* Linux 6.1 adds nothing to such a pointer that it has no bounds of. */
	OPAQUE(offset);
	offset &= 0xff;
	bpf_probe_read_kernel(&value, sizeof(value), (void *)registers + offset);
	return value;
}
