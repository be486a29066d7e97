#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks of C++: templates, lambdas, std::function, std::thread, and every place of an exception's way."""
from harness import *


@case(times=["gcc", "clang"])
def cpp(compiler):
    with Fixture(f"stacks/cpp-{compiler}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
