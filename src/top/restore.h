/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal put back as it was found when memtrace dies of a signal that is a fault of its own. */
#ifndef MEMTRACE_TOP_RESTORE_H
#define MEMTRACE_TOP_RESTORE_H

/* From now on; `text` is what the terminal is sent then, and its settings are those that it has now. 0 or -errno. */
int restore_arm(const char *text);
/* No more. */
void restore_disarm(void);

#endif
