// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/quantity.h"

#include <stdio.h>

/* As large as a double that still fits. */
#define AMOUNT_MAX 18446744073709549568.0

uint64_t quantity_of(double amount)
{
	if (!(amount > 0))
		return 0;
	return (uint64_t)(amount < AMOUNT_MAX ? amount : AMOUNT_MAX);
}

static const char *scaled(char text[QUANTITY_SIZE], uint64_t value, double base, const char *units)
{
	double amount = (double)value;

	/* What would be rounded up to the next unit is of that unit. */
	while (units[1] && amount >= base - 0.5) {
		amount /= base;
		units++;
	}
	if (*units == ' ')
		snprintf(text, QUANTITY_SIZE, "%llu", (unsigned long long)value);
	else
		snprintf(text, QUANTITY_SIZE, amount < 99.95 ? "%.1f%c" : "%.0f%c", amount, *units);
	return text;
}

const char *quantity_bytes(char text[QUANTITY_SIZE], uint64_t bytes)
{
	return scaled(text, bytes, 1024, " KMGTPE");
}

const char *quantity_count(char text[QUANTITY_SIZE], uint64_t count)
{
	if (count < 10000) {
		snprintf(text, QUANTITY_SIZE, "%llu", (unsigned long long)count);
		return text;
	}
	return scaled(text, count, 1000, " kMGTPE");
}

const char *quantity_words(char text[QUANTITY_SIZE], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double amount = (double)bytes;
	int unit = -1;

	while (units[unit + 1] && amount >= 1023.5) {
		amount /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, QUANTITY_SIZE, "%llu byte%s", (unsigned long long)bytes, bytes == 1 ? "" : "s");
	else
		snprintf(text, QUANTITY_SIZE, amount < 9.95 ? "%.1f %ciB" : "%.0f %ciB", amount, units[unit]);
	return text;
}
