/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of JSON reports. Everything beyond ASCII is written as \uXXXX, so a line is valid UTF-8 and
 * harmless on a terminal. Each function returns NULL (json_write(): -ENOMEM) when out of memory.
 */
#ifndef MEMTRACE_REPORT_JSON_VALUE_H
#define MEMTRACE_REPORT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Any number up to 2^64-1. To be written by json_write() only. */
json_t *json_uint(uint64_t value);
/* A name that may hold any bytes. */
json_t *json_name(const char *name);
json_t *json_name_or_null(const char *name);
/* What was built, or NULL, freeing it, when a part of it has failed. */
json_t *json_whole(json_t *value, int failed);
/* Writes the value and frees it; NULL is what building it has failed with. 0 or -ENOMEM. */
int json_write(FILE *out, json_t *value);
/* Writes an object's members alone, without its braces. */
int json_write_members(FILE *out, json_t *value);

/* "0x…" */
json_t *json_address(uint64_t address);

#endif
