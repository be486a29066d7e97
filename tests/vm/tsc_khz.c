/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints by how many thousand a second the processor's time stamp counter goes on. An emulated machine reads the
 * host's, and measures it by an emulated timer, which on a busy host has been wrong by a factor of 26.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define MEASURED_NS 200000000
#define TRIES 100

struct moment {
	uint64_t ticks, ns;
};

/* Both as close together as one of many tries had them: this process may be preempted in between. */
static struct moment look(void)
{
	struct moment best = {0, 0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		after = __rdtsc();
		if (after - before < least) {
			least = after - before;
			best.ticks = before;
			best.ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	struct timespec pause = {.tv_nsec = MEASURED_NS};
	struct moment first = look(), second;

	nanosleep(&pause, NULL);
	second = look();
	printf("%llu\n", (unsigned long long)((second.ticks - first.ticks) * 1000000 / (second.ns - first.ns)));
	return 0;
}
