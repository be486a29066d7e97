/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a recording, an SQLite file; docs/RECORDINGS.md tells of them column by column. Whoever changes one
 * raises the version.
 */
#ifndef MEMTRACE_RECORDING_SCHEMA_H
#define MEMTRACE_RECORDING_SCHEMA_H

#include "recording/database.h"

#define SCHEMA_VERSION 1
#define SCHEMA_APPLICATION_ID 0x4d54524d /* "MTRM", in the header of the file */

/* Makes the tables in a file that is empty. 0 or -errno, with a line in the database's error. */
int schema_create(struct database *database);

/*
 * 0 where the file is a recording and its tables are what they should be; else -EINVAL (a foreign or damaged file, or
 * of another version) or -errno, with a line in the database's error. Tables of the user's own are left alone.
 */
int schema_check(struct database *database);

#endif
