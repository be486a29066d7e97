/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints by name, without a mounted tracefs: the file system is opened detached
 * (fsopen(2), fsmount(2)), so nothing on the machine changes.
 */
#ifndef MEMTRACE_PROBE_TRACEPOINT_H
#define MEMTRACE_PROBE_TRACEPOINT_H

/* The tracepoint's number for perf_event_open(2), or -errno. */
int tracepoint_id(const char *category, const char *name);

/* A perf event on it for all processes, to attach a program to; or -errno. */
int tracepoint_open(const char *category, const char *name);

#endif
