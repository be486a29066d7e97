#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Frames of every shape that GCC and Clang make without a frame pointer, frame by frame."""
from harness import *

COMPILERS = ("gcc", "clang")
LINKED = [(c, variant) for c in COMPILERS for variant in ("", "-static", "-static-pie", "-lld")]


@case(times=LINKED)
def each_shape(compiler, variant):
    with Fixture(f"stacks/frames-{compiler}{variant}", "1", "40", "110") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


@case(times=COMPILERS)
def deeper_than_what_is_kept(compiler):
    """A stack beyond 127 frames is cut there, and says so; --stack-depth keeps more, or fewer."""
    for depth, options in ((127, ()), (1000, ("--stack-depth", "1000")), (20, ("--stack-depth", "20"))):
        with Fixture(f"stacks/frames-{compiler}", "130", "800", "1200") as target:
            report = trace(target, *options)
            check_truth(target, FIXTURES)
            check_chains(report, target, depth=depth)


main()
