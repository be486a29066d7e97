/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the program carries within itself. */
#ifndef MEMTRACE_UTIL_EMBED_H
#define MEMTRACE_UTIL_EMBED_H

/*
 * Declares `name`, the file's bytes with a NUL behind them, and `name`_end, that NUL. The path is seen
 * from the folder that the compiler runs in; whoever embeds a file says so to make.
 */
#define EMBED(name, path) \
	extern const char name[] __attribute__((visibility("hidden"))); \
	extern const char name##_end[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .rodata.embedded, \"a\"\n" \
	        ".global " #name "\n" \
	        ".hidden " #name "\n" #name ":\n" \
	        ".incbin \"" path "\"\n" \
	        ".global " #name "_end\n" \
	        ".hidden " #name "_end\n" #name "_end:\n" \
	        ".byte 0\n" \
	        ".popsection\n")

#endif
