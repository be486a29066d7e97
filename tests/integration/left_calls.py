#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Traced calls that never return: left by longjmp, by an exception, by the end of their thread."""
from harness import *

HOOK = "libhook.so"


@case(times=["jump", "thread"])
def left(how):
    with Fixture("leaving", how) as target:
        check_exact(trace(target, "-O", fixture_path(HOOK)), target)
        assert target.quit() == 0


@case
def left_by_exception():
    """The unwinder must find its way through the traced frame: the target must not die of it."""
    with Fixture("catching") as target:
        check_exact(trace(target, "-O", fixture_path(HOOK)), target)
        assert target.quit() == 0


main()
