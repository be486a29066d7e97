#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""The same malloc family in every allocator, each found by memtrace itself."""
import subprocess

from harness import *

FAMILY = ["malloc", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc", "memalign", "valloc",
          "pvalloc"]
CALLS_ANOTHER = {"reallocarray"}  # glibc's calls whatever realloc the process has


def missing_functions(library):
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split("@")[0] for line in symbols.splitlines() if line.split()[-2:-1] != ["U"]}
    return [name for name in FAMILY if name not in names and name not in CALLS_ANOTHER]


@case(times=["jemalloc", "tcmalloc", "tcmalloc_minimal", "mimalloc"])
def preloaded(name):
    library = allocator_library(name)
    with Fixture("heap", *missing_functions(library), preload=library) as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case(times=["jemalloc", "tcmalloc_minimal", "mimalloc"])
def preloaded_resizing(name):
    with Fixture("realloc", preload=name) as target:
        check_exact(trace(target), target)


@case(times=["jemalloc", "tcmalloc", "mimalloc"])
def preloaded_from_before(name):
    with Fixture("before", preload=name) as target:
        check_exact(trace(target), target)


@case(times=["jemalloc", "tcmalloc_minimal", "mimalloc"])
def what_it_maps_is_its_own(name):
    with Fixture("nested", preload=name) as target:
        # An allocator's helper threads and late initialisation may map outside a traced call.
        check_sites(trace(target), target)


main()
