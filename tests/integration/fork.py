#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""A child is not the target; it is counted as untraced."""
from harness import *


@case
def forked():
    with Fixture("fork", "fork") as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def spawned():
    with Fixture("fork", "spawn") as target:
        report = trace(target)
        check_sites(report, target)  # posix_spawn maps a stack for the child
        assert report.kind("heap")["live_bytes"] == target.truth.total("live_bytes", "heap")
        assert report.integrity["untraced_children"] == target.truth.integrity["untraced_children"]
        assert report.integrity["complete"] and report.integrity["unknown_frees"] == 0, report.integrity


main()
