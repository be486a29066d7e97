#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 120
"""memtrace leaks -p: blocks that were lost before it attached, under allocators whose heaps are walked."""
from harness import *
from harness.leaks import look_at

COUNT, LOST_BYTES, HELD_BYTES = 300, 1280, 640  # the sizes are the allocator's own


@case(times=["jemalloc"])
def are_reported(allocator):
    """What nothing leads to is definite, what these lead to indirect; what is kept is neither, nor what was freed."""
    with Fixture("lostbefore", str(COUNT), str(LOST_BYTES), str(HELD_BYTES), preload=allocator) as target:
        report = look_at(target)
        found = {stack["leak"]: (stack["live_blocks"], stack["live_bytes"])
                 for stack in report.stacks if stack["before"] and stack["leak"] in ("definite", "indirect")}
        assert found == {"definite": (COUNT, COUNT * LOST_BYTES), "indirect": (COUNT, COUNT * HELD_BYTES)}, found
        scan = report["processes"][0]["scan"]
        assert scan["heap_bytes"] and not scan["unknown_heap_bytes"], scan
        target.quit()


main()
