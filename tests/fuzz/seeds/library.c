/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzers of ELF readers start from: an allocator, inlined calls, line numbers. */
void *malloc(unsigned long size);
void free(void *block);
int inner(int n);
int outer(int n);

void *malloc(unsigned long size)
{
	static char room[64];

	return size > sizeof(room) ? 0 : room;
}

void free(void *block)
{
	if (block)
		*(char *)block = 0;
}

static inline __attribute__((always_inline)) int twice(int n)
{
	return 2 * n;
}

__attribute__((noinline)) int inner(int n)
{
	return twice(n) + 1;
}

int outer(int n)
{
	char *block = malloc((unsigned long)n);

	free(block);
	return inner(n) + twice(n + 1);
}
