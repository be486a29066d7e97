#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""The kernel's memory at its simplest: what one process makes it allocate and still holds, to the object."""
from harness import *
from harness.kernel_report import *
from harness.slabs import *

HELD = 1000


@case(times=[(), ("--cache", "filp"), ("--by", "process")])
def held_by_one_process(*options):
    with Fixture("held_objects", "eventfd", str(HELD)) as target:
        with Watching("--pid", str(target.pid), *options) as memtrace:
            target.go("hold")
            report = memtrace.finish({0, target.pid})
        check_sums(report)
        stacks = [stack for stack in report.of_cache("filp") if report.passes(
            stack, lambda function: is_system_call(function, "eventfd2") or function == "do_eventfd")]
        assert [(stack["live_blocks"], stack["alloc_count"]) for stack in stacks] == [(HELD, HELD)], report.summary()
        assert target.quit() == 0


main()
