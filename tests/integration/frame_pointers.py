#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks by frame pointers alone, as on kernels that have no loops in BPF: forced, said, marked, and exact in sums."""
from harness import *


@case
def said_and_marked():
    with Fixture("heap") as target, \
            Memtrace("-v", "--frame-pointers", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid),
                     "3600") as memtrace:
        memtrace.attached()
        target.go()
        report = memtrace.last_report()
        assert "frame pointers" in memtrace.err.text, memtrace.err.text
        check_sites(report, target)
        stacks = [stack for stack in report["stacks"] if len(stack["frames"]) > 1]
        assert stacks and all(stack["guessed"] for stack in stacks), report["stacks"]


@case
def not_said_otherwise():
    with Fixture("heap") as target, Memtrace("-v", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        memtrace.interrupt()
        assert "frame pointers" not in memtrace.err.text, memtrace.err.text


main()
