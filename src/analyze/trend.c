// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/trend.h"

#include <math.h>

#define MIN_POINTS 4

/* The quantile of Student's distribution that 99% lie within. */
static double student(size_t degrees)
{
	static const double quantiles[] = {
	    63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947,
	    2.921,  2.898, 2.878, 2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750,
	};
	size_t last = sizeof(quantiles) / sizeof(quantiles[0]) - 1;

	return quantiles[degrees - 1 < last ? degrees - 1 : last];
}

static double mean(const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

static void fit_line(const double *x, const double *y, size_t n, struct trend *trend)
{
	double x_mean = mean(x, n), y_mean = mean(y, n), xx = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - x_mean) * (x[i] - x_mean);
		xy += (x[i] - x_mean) * (y[i] - y_mean);
	}
	trend->slope = xy / xx;
}

/* Of the steps of a random walk with drift, in a unit of x. A step's variance is in proportion to its length. */
static double step_variance(const double *x, const double *y, size_t n)
{
	double drift = (y[n - 1] - y[0]) / (x[n - 1] - x[0]), sum = 0;

	for (size_t i = 1; i < n; i++) {
		double length = x[i] - x[i - 1], beside = y[i] - y[i - 1] - drift * length;

		sum += beside * beside / length;
	}
	return sum / (double)(n - 2);
}

bool trend_find(const double *x, const double *y, size_t n, struct trend *trend)
{
	if (n < MIN_POINTS)
		return false;
	for (size_t i = 1; i < n; i++) {
		if (!(x[i] > x[i - 1]))
			return false;
	}
	fit_line(x, y, n, trend);
	trend->half_width = student(n - 2) * sqrt(6.0 / 5 * step_variance(x, y, n) / (x[n - 1] - x[0]));
	return true;
}
