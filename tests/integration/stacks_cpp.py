#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks of C++: templates, lambdas, std::function, std::thread, and every place of an exception's way; and,
in `make stacks-long`, of Rust's library."""
from harness import *


@case(times=["cpp-gcc", "cpp-clang"] + (["rust"] if LONG else []))
def language(program):
    with Fixture(f"stacks/{program}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
