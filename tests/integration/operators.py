#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""operator new and delete in all their forms, in every allocator that has its own."""
from harness import *


@case(times=["glibc", "jemalloc", "tcmalloc", "tcmalloc_minimal", "mimalloc"])
def every_form(allocator):
    with Fixture("operators", preload=None if allocator == "glibc" else allocator) as target:
        report = trace(target)
        check_exact(report, target)
        for stack in report.stacks:
            modules = {f["module"] for f in stack["frames"][:2]}
            assert "libstdc++.so.6" not in " ".join(modules), f"operator new is a frame: {stack['frames'][:2]}"


# mimalloc ends the process when new fails.
@case(times=["glibc", "jemalloc", "tcmalloc_minimal"])
def new_that_throws(allocator):
    with Fixture("throwing", preload=None if allocator == "glibc" else allocator) as target:
        report = trace(target)
        check_sites(report, target)
        # The exception object itself is an allocation of libstdc++'s, and is given back.
        others = [s for s in report.stacks if (s["kind"], report.top_function(s)) not in target.truth.sites]
        assert all(s["live_blocks"] == 0 for s in others), [report.top_function(s) for s in others]
        assert report.integrity["complete"], report.integrity
        assert target.quit() == 0


main()
