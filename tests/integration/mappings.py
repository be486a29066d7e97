#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""mmap, munmap, mremap, brk: ranges, to the page; also where libc is bypassed."""
from harness import *


@case(times=["maps", "remap", "breaks", "rawmaps", "maps-static", "rawmaps-static"])
def exact(name):
    with Fixture(name) as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def through_libc_syscall():
    with Fixture("rawmaps", "syscall") as target:
        report = trace(target)
    stacks = report.stacks_through("through_syscall")
    assert len(stacks) == 1, [report.top_function(s) for s in report.stacks]
    assert stacks[0]["kind"] == "mmap" and stacks[0]["live_bytes"] == 6 * 65536, stacks[0]
    assert [f["function"] for f in stacks[0]["frames"]].index("through_syscall") <= 1


@case
def go_program():
    with Fixture("gomaps") as target:
        report = trace(target)
    stacks = [s for s in report.stacks_through("main.siteMap") if s["kind"] == "mmap"]
    got = {key: sum(s[key] for s in stacks) for key in ("live_bytes", "alloc_count", "free_count", "live_blocks")}
    wanted = target.truth.sites["mmap", "main.siteMap"]
    assert all(got[key] == wanted[key] for key in got), (got, wanted)
    assert report.integrity["complete"]


@case
def fast_churn():
    with Fixture("churnmaps") as target:
        check_exact(trace(target), target)


@case
def tiny_event_buffer():
    """Exact, or what was lost is counted."""
    with Fixture("churnmaps") as target:
        report = trace(target, "--event-buffer", "4K")
        if report.integrity["complete"]:
            check_exact(report, target)
        else:
            assert report.lost, report.integrity
            check_invariants(report)


main()
