#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""git: the same output traced and untraced, and everything accounted for."""
import os
import shutil
import subprocess

from harness import *


@case(times=[("log", "-50", "-p"), ("status", "--short"), ("rev-list", "--objects", "HEAD"), ("blame", "Makefile")])
def traced_and_untraced(*arguments):
    if not shutil.which("git"):
        raise Skip("git is not installed")
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    plain = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
    with scratch() as folder:
        done, report = run_command(command, output=f"{folder}/r", env=dict(os.environ, GIT_OPTIONAL_LOCKS="0"))
    assert done.status == 0 and done.out.text == plain, done.err.text
    assert report.integrity["complete"] and report.integrity["unknown_frees"] == 0, report.integrity
    assert report.kind("heap")["alloc_count"] > 100, report["totals"]
    check_invariants(report)


main()
