#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks through signal handlers, at any instruction of what they interrupt, and through coroutines."""
from harness import *

COMPILERS = ("gcc", "clang")
LINKED = [(c, variant) for c in COMPILERS for variant in ("", "-static", "-static-pie")]


@case(times=LINKED)
def handlers(compiler, variant):
    with Fixture(f"stacks/signals-{compiler}{variant}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


@case(times=LINKED)
def coroutines(compiler, variant):
    """Such a stack ends where makecontext began it."""
    with Fixture(f"stacks/coroutine-{compiler}{variant}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
