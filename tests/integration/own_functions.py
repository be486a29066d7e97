#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Functions that only one allocator has: jemalloc's, tcmalloc's, mimalloc's; linked, or opened at run time."""
from harness import *

# Its thread-local storage is larger than what glibc keeps in reserve for libraries opened later.
ENOUGH_TLS = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=16384"}


@case(times=["mallocx-linked", "tcown", "miown"])
def linked(name):
    with Fixture(name) as target:
        check_exact(trace(target), target)


@case
def opened_later():
    """Both allocators of the process are traced, the second from the moment it is taken up."""
    def steps(target, memtrace):
        target.step()
        # dlopen has returned, jemalloc is mapped: its probes are seen in the target's text.
        wait_until(lambda: probed_in(target.pid, "libjemalloc"), "probes in libjemalloc")
        target.go()

    with Fixture("mallocx", allocator_library("jemalloc"), env=ENOUGH_TLS) as target:
        report = trace(target, steps=steps)
        check_sites(report, target)  # dlopen allocates too


@case
def opened_later_and_used_at_once():
    """Exact, or says that it came late."""
    with Fixture("mallocx", allocator_library("jemalloc"), "early", env=ENOUGH_TLS) as target:
        report = trace(target)
        if not report.lost.get("late_objects"):
            check_sites(report, target)
        else:
            assert not report.integrity["complete"]
            wanted = target.truth.sites["heap", "site_malloc"]["alloc_count"]
            assert report.site("site_malloc")["alloc_count"] == wanted


def probed_in(pid, library):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        ranges = [tuple(int(a, 16) for a in line.split()[0].split("-")) for line in maps if library in line]
    return any(start <= address < end for address in probed_bytes(pid) for start, end in ranges)


main()
