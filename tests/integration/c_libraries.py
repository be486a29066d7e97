#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""The malloc family of other C libraries and of static programs; and of one named with -O."""
import subprocess

from harness import *


@case(times=["heap-musl", "heap-musl-static", "heap-static"])
def other_c_libraries(name):
    with Fixture(name) as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def named_by_option():
    with Fixture("heap") as target:
        libc = subprocess.run(["/bin/sh", "-c", f"grep -m1 -o '/.*libc.so.6' /proc/{target.pid}/maps"],
                              capture_output=True, text=True, check=True).stdout.strip()
        check_exact(trace(target, "-O", libc), target)


main()
