// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * malloc(64)/free at the end of a chain of calls that have no frame pointers. Prints "ready"; answers
 * every line "N" on standard input with the nanoseconds of CPU time that one of N pairs took.
 * usage: frames DEPTH STARTS
 * Each pair begins at another of STARTS places of the chain, so that with many of them no return
 * address is met again soon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BLOCK_BYTES 64
#define LINKS 8192
#define LINK_BYTES 32 /* of code */

/*
 * link[i](depth, leaf): calls link[i + 1], or the leaf when the depth is reached. The last one
 * goes on with the first.
 */
void chain(unsigned long depth, void (*leaf)(void));

__asm__(".text\n"
        ".balign 32\n"
        ".globl chain\n"
        "chain:\n"
        ".rept 8192\n"
        ".balign 32\n"
        "1:\n"
        ".cfi_startproc\n"
        "sub $8, %rsp\n"
        ".cfi_adjust_cfa_offset 8\n"
        "dec %rdi\n"
        "jz 2f\n"
        "call 1b + 32\n"
        "add $8, %rsp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "ret\n"
        "2:\n"
        ".cfi_adjust_cfa_offset 8\n"
        "call *%rsi\n"
        "add $8, %rsp\n"
        ".cfi_adjust_cfa_offset -8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".endr\n"
        ".balign 32\n"
        ".cfi_startproc\n"
        "jmp chain\n"
        ".cfi_endproc\n");

__attribute__((noipa)) static void pair(void)
{
	void *block = malloc(BLOCK_BYTES);

	__asm__ volatile("" : "+r"(block));
	free(block);
	__asm__ volatile("");
}

static void pairs(unsigned long n, unsigned long depth, unsigned long starts)
{
	for (unsigned long i = 0; i < n; i++) {
		unsigned long first = i % starts * (LINKS / starts);
		void (*link)(unsigned long, void (*)(void)) = (void *)((char *)chain + first * LINK_BYTES);

		link(depth, pair);
	}
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long depth, starts;
	char line[64];

	if (argc != 3)
		return 2;
	depth = strtoul(argv[1], NULL, 10);
	starts = strtoul(argv[2], NULL, 10);
	if (!depth || !starts || starts > LINKS)
		return 2;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long n = strtoul(line, NULL, 10);
		double start;

		pairs(n / 10 + 1, depth, starts);
		start = now_ns();
		pairs(n, depth, starts);
		printf("%.2f\n", (now_ns() - start) / n);
		fflush(stdout);
	}
	return 0;
}
