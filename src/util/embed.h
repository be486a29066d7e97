/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text files that the program carries within itself. */
#ifndef MEMTRACE_UTIL_EMBED_H
#define MEMTRACE_UTIL_EMBED_H

/*
 * Declares `name`, the file's text. The path is seen from the folder that the compiler runs in; a rule of make says
 * that the object depends on the file.
 */
#define EMBED(name, path) \
	extern const char name[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .rodata.embedded, \"a\"\n" \
	        ".global " #name "\n" \
	        ".hidden " #name "\n" #name ":\n" \
	        ".incbin \"" path "\"\n" \
	        ".byte 0\n" \
	        ".popsection\n")

#endif
