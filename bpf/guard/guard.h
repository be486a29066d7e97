/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard's program asks user space for. */
#ifndef MEMTRACE_GUARD_WIRE_H
#define MEMTRACE_GUARD_WIRE_H

/* Put `value` at `address` of the process with that ID (in memtrace's namespace). */
struct guard_request {
	__u64 address, value;
	__u64 process;
};

#endif
