#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# apart: kernel
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


@case(times=["json", "text"])
def held_by_a_cgroup(form):
    """Its directory is named."""
    with cgroup() as folder, Fixture("held_objects", "eventfd", str(HELD), preexec_fn=joined(folder)) as target:
        with Watching("--cgroup", folder, "--by", "cgroup", "--format", form) as memtrace:
            target.go("hold")
            reports = memtrace.interrupt()
        if form == "json":
            row, = [process for process in reports[0]["processes"] if process["cgroup_id"]]
            assert (row["pid"], row["cgroup_id"]) == (0, number_in_reports(folder)), (row, folder)
            assert row["cgroup"] == folder.removeprefix(hierarchy(None)), (row, folder)
            assert row["live_blocks"] >= 3 * HELD, row
        else:
            wanted = f" of cgroup {folder.removeprefix(hierarchy(None))} (slab, "
            assert any(f" in {HELD} objects from stack{wanted}" in line for line in memtrace.out.lines), memtrace.out.text
        assert target.quit() == 0


main()
