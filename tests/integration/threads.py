#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Threads that free each other's blocks; threads that end."""
from harness import *


@case(times=["glibc", "jemalloc", "tcmalloc_minimal", "mimalloc"])
def crossing(allocator):
    with Fixture("threads", preload=None if allocator == "glibc" else allocator) as target:
        report = trace(target)
        # A thread's first allocation sets up its arena; what allocators map for that is theirs.
        check_exact(report, target)
        assert target.quit() == 0


@case
def cache_flush_at_thread_end():
    with Fixture("threadend") as target:
        check_exact(trace(target), target)


main()
