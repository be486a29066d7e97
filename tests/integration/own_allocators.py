#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Allocators that memtrace cannot know: named with -O. And several in one process."""
from harness import *


@case
def free_sized_and_free_aligned_sized():
    with Fixture("sized") as target:
        check_exact(trace(target, "-O", fixture_path("libsized.so")), target)


@case
def found_by_itself():
    """An object that exports malloc and that the program is bound to needs no -O."""
    with Fixture("sized") as target:
        check_exact(trace(target), target)


@case
def two_side_by_side():
    with Fixture("prefixed") as target:
        libc = next(line.split()[-1] for line in open(f"/proc/{target.pid}/maps", encoding="utf-8")
                    if line.rstrip().endswith("/libc.so.6"))
        check_exact(trace(target, "-O", fixture_path("libje.so"), "-O", libc), target)


@case
def two_side_by_side_found_by_itself():
    """The prefix je_ is in the catalogue."""
    with Fixture("prefixed") as target:
        check_exact(trace(target), target)


main()
