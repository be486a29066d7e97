// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/number.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NS_PER_SECOND 1000000000ULL
#define DECIMALS_MAX 9

/* Reads digits and moves *text behind them. */
static int digits_parse(const char **text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(**text - '0'), &sum))
			return -ERANGE;
	}
	*value = sum;
	return 0;
}

int number_parse(const char *text, uint64_t *value)
{
	uint64_t sum;
	int err = digits_parse(&text, &sum);

	if (err)
		return err;
	if (*text)
		return -EINVAL;
	*value = sum;
	return 0;
}

int number_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	uint64_t sum;
	int err = digits_parse(&text, &sum);

	if (err)
		return err;
	if (*text) {
		const char *unit = strchr(units, *text);

		if (!unit || (text[1] && strcmp(text + 1, "iB") != 0))
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (shift && sum >> (64 - shift))
		return -ERANGE;
	*bytes = sum << shift;
	return 0;
}

int number_parse_seconds(const char *text, uint64_t *ns)
{
	uint64_t seconds, sum, unit = NS_PER_SECOND;
	int err = digits_parse(&text, &seconds);

	if (err)
		return err;
	if (__builtin_mul_overflow(seconds, NS_PER_SECOND, &sum))
		return -ERANGE;
	if (*text == '.') {
		const char *decimals = ++text;

		for (; isdigit((unsigned char)*text); text++) {
			unit /= 10;
			if (__builtin_add_overflow(sum, (uint64_t)(*text - '0') * unit, &sum))
				return -ERANGE;
		}
		if (text == decimals || text - decimals > DECIMALS_MAX)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	if (sum > INT64_MAX)
		return -ERANGE;
	*ns = sum;
	return 0;
}

/* Seconds of a unit; 0: there is none of that name. */
static uint64_t seconds_of(const char *name)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(name, units[i].name))
			return units[i].seconds;
	}
	return 0;
}

int number_parse_duration(const char *text, uint64_t *ns)
{
	uint64_t number, product;
	int err = digits_parse(&text, &number);

	if (err)
		return err;
	if (!seconds_of(text))
		return -EINVAL;
	if (__builtin_mul_overflow(number, seconds_of(text) * NS_PER_SECOND, &product) || product > INT64_MAX)
		return -ERANGE;
	*ns = product;
	return 0;
}

int number_parse_rate(const char *text, double *bytes_per_s)
{
	const char *slash = strchr(text, '/');
	char size[32];
	uint64_t bytes;
	int err;

	if (!slash || (size_t)(slash - text) >= sizeof(size))
		return -EINVAL;
	memcpy(size, text, (size_t)(slash - text));
	size[slash - text] = '\0';
	err = number_parse_size(size, &bytes);
	if (err)
		return err;
	if (!seconds_of(slash + 1))
		return -EINVAL;
	*bytes_per_s = (double)bytes / (double)seconds_of(slash + 1);
	return 0;
}
