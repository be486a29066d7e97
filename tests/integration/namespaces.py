#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""PID namespaces: memtrace in one, and the target in one."""
import os
import subprocess
import sys

from harness import *

INSIDE = "MEMTRACE_TEST_INSIDE"
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def works_here():
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        raise Skip("unshare --pid is not allowed here")


@case
def memtrace_inside():
    """The PIDs are those of the namespace that memtrace is in."""
    if os.environ.get(INSIDE):
        with Fixture("heap") as target:
            assert target.pid < 1000, target.pid
            report = trace(target)
            check_exact(report, target)
            assert report["processes"][0]["pid"] == target.pid
        with scratch() as folder:
            done, report = run_command([fixture_path("heap")], output=f"{folder}/r", stdin=b"go\nquit\n")
            assert done.status == 0 and report.site("site_malloc")["alloc_count"] == 20, report.sites()
        with Fixture("fork", "fork") as target:
            check_exact(trace(target), target)
        return
    works_here()
    inside = subprocess.run([*NAMESPACE, sys.executable, __file__, "memtrace_inside"], timeout=60, check=False,
                            env=dict(os.environ, **{INSIDE: "1"}), capture_output=True, text=True)
    assert inside.returncode == 0, inside.stdout + inside.stderr


@case(times=["heap", "threads"])
def target_inside(name):
    works_here()
    with Fixture(name, wrapper=NAMESPACE) as target:
        with open(f"/proc/{target.pid}/task/{target.pid}/children", encoding="utf-8") as file:
            pid = int(file.read().split()[0])
        report = trace(target, pids=[pid])
        check_exact(report, target, pid)
        assert report["processes"][0]["pid"] == pid
        assert report.stacks[0]["frames"][0]["line"] > 0


@case
def target_in_another_root():
    """Its files are not where ours are: a chroot with nothing but a static program in it."""
    with scratch() as folder:
        subprocess.run(["cp", fixture_path("heap-static"), f"{folder}/program"], check=True)
        with Fixture("/program", wrapper=["chroot", folder]) as target:
            report = trace(target)
        check_exact(report, target)
        assert report.stacks[0]["frames"][0]["module"] == "program", report.stacks[0]["frames"][0]


main()
