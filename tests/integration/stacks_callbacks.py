#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks through libc to functions of the program, threads and exit with them, and libc's own allocations."""
from harness import *


@case(times=["gcc", "clang"])
def callbacks(compiler):
    with Fixture(f"stacks/callbacks-{compiler}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
