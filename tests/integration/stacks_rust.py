#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks of Rust's library: collections, closures, panics that are caught, threads. Part of `make stacks-long`."""
from harness import *


@case
def rust():
    if not LONG:
        raise Skip("part of `make stacks-long`")
    with Fixture("stacks/rust") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
