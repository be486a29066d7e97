/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pressure stall information: /proc/pressure/RESOURCE. */
#ifndef MEMTRACE_MACHINE_PRESSURE_H
#define MEMTRACE_MACHINE_PRESSURE_H

#include "model/machine.h"

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full …". What is not understood stays unknown. */
void pressure_parse(const char *text, struct machine_pressure *pressure);

#endif
