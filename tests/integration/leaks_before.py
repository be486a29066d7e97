#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 120
"""memtrace leaks -p: blocks that were lost before it attached, in an allocator's heap that is walked."""
from harness import *
from harness.leaks import look_at

COUNT, LOST_BYTES, HELD_BYTES = 300, 1280, 640


def rows_of(report, size_bytes):
    """{class: blocks} of the blocks from before that have this size."""
    counts = {}
    for stack in report.stacks:
        if stack["before"] and stack["live_bytes"]:
            for block in stack["blocks"]:
                if block["size"] == size_bytes:
                    counts[stack["leak"]] = counts.get(stack["leak"], 0) + 1
    return counts


def check(preload):
    with Fixture("lostbefore", str(COUNT), str(LOST_BYTES), str(HELD_BYTES), preload=preload) as target:
        report = look_at(target)
        rows = [{k: v for k, v in stack.items() if k != "frames"} for stack in report.stacks if stack["before"]]
        print(str(rows)[:3000])
        print(report["processes"][0]["scan"])
        target.quit()


@case(times=["jemalloc"])
def lost(name):
    check(name)


main()
