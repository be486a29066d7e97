/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones: /proc/zoneinfo, and the buddy system's free blocks from /proc/buddyinfo. */
#ifndef MEMTRACE_MACHINE_ZONEINFO_H
#define MEMTRACE_MACHINE_ZONEINFO_H

#include "model/zone.h"

/* 0 or -errno of /proc/zoneinfo. The free blocks are left unknown. Free with zones_free(). */
int zoneinfo_read(int root_fd, struct zones *zones);
/* Gives each zone its free blocks; a zone that is not in the list stays without. 0 or -errno. */
int buddyinfo_read(int root_fd, struct zones *zones);

/* 0 or -ENOMEM; lines that are not understood are passed over. */
int zoneinfo_parse(const char *text, struct zones *zones);
void buddyinfo_parse(const char *text, struct zones *zones);

#endif
