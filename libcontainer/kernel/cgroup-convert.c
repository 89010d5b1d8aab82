/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "kernel/cgroup-limits.h"

#define SHARES_MAX 262144
#define WEIGHT_MAX 10000

/* Logarithm to base 2 of x >= 1, bit by bit: libm would be one more library at every start. */
static double log2_of(double x)
{
	double log = 0;

	while (x >= 2) {
		x /= 2;
		log += 1;
	}
	for (double bit = 0.5; bit > 1e-15; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			log += bit;
		}
	}
	return log;
}

/* 10 to the power x, 0 <= x <= 4. */
static double power_of_10(double x)
{
	static const double ln10 = 2.302585092994045684;
	double power = 1, term = 1, sum = 1;

	for (; x >= 1; x -= 1)
		power *= 10;
	for (int i = 1; i < 40; i++) {
		term *= x * ln10 / i;
		sum += term;
	}
	return power * sum;
}

/*
 * The formula that runc and crun use since 2025, which maps the smallest, the default and the
 * largest value of v1 to those of v2: 2 -> 1, 1024 -> 100, 262144 -> 10000. The linear one before
 * it made 39 of the default, so that a container which asked for the default got less than a
 * neighbour that asked for nothing.
 */
uint64_t ar_cpu_weight(uint64_t shares)
{
	double log, weight;
	uint64_t whole;

	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	log = log2_of((double)shares);
	weight = power_of_10((log * log + 125 * log) / 612.0 - 7.0 / 34.0);
	/* rounded up; what rounding of the steps before added does not count */
	whole = (uint64_t)weight;
	return weight - (double)whole > 1e-9 ? whole + 1 : whole;
}

uint64_t ar_io_weight(uint64_t weight)
{
	if (weight == 0)
		return 0;
	if (weight <= 10)
		return 1;
	if (weight >= 1000)
		return WEIGHT_MAX;
	return 1 + (weight - 10) * 9999 / 990;
}

int ar_swap_limit(int64_t memory_and_swap, int64_t memory, int64_t *ret, struct ar_error *err)
{
	if (memory < -1 || memory_and_swap < -1)
		return ar_refuse(err, EINVAL, "memory and swap limits must not be below -1");
	if (memory_and_swap == 0)
		/* as v1: no limit on memory means none on swap */
		*ret = memory == -1 ? -1 : INT64_MIN;
	else if (memory_and_swap == -1 || memory == -1)
		*ret = memory_and_swap;
	else if (memory == 0)
		return ar_refuse(err, EINVAL,
				 "memory.swap counts memory and swap: it needs memory.limit");
	else if (memory_and_swap < memory)
		return ar_refuse(
			err, EINVAL,
			"memory.swap counts memory and swap: it must not be below memory.limit");
	else
		*ret = memory_and_swap - memory;
	return 0;
}
