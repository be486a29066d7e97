/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slope of a series of measurements, and how well it is known. */
#ifndef MEMTRACE_ANALYZE_TREND_H
#define MEMTRACE_ANALYZE_TREND_H

#include <stdbool.h>
#include <stddef.h>

struct trend {
	double slope;      /* y per x */
	double half_width; /* of its interval of 99% confidence */
};

/*
 * Of n values y at increasing x, by least squares.
 *
 * Measurements of memory that follow each other are not independent, and in a short series it cannot be told how
 * dependent they are; an interval made as if they were independent is too narrow, and finds slopes where there are
 * none. The interval is that of the worst case, a random walk with drift, of which only the steps are independent:
 * the variance of the least squares' slope is then 6/5 that of the steps over the length (Durlauf and Phillips,
 * "Trends versus random walks in time series analysis", Econometrica 56, 1988), and the steps' is estimated with n - 2
 * degrees of freedom. For what is less dependent it is wider than it need be.
 *
 * False: fewer than 4, or x does not increase.
 */
bool trend_find(const double *x, const double *y, size_t n, struct trend *trend);

#endif
