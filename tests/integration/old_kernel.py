#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""A kernel that is too old: one line that says which would do, status 2, the command does not run."""
import os

from harness import *
from harness.kernel import OLDEST

WANTED = "Linux {}.{} or newer".format(*OLDEST)


def needs_an_old_kernel():
    if kernel_version() >= OLDEST:
        raise Skip("this kernel is new enough")


def check_refused(done):
    assert done.status == 2, (done.status, done.err.text)
    assert len(done.err.lines) == 1 and WANTED in done.err.text, done.err.lines
    assert done.out.lines == [], done.out.lines


@case
def process():
    needs_an_old_kernel()
    with Fixture("heap") as target:
        check_refused(run_memtrace("-p", str(target.pid)))
        assert probed_bytes(target.pid) == []
        assert target.go() and target.quit() == 0


@case
def command():
    needs_an_old_kernel()
    with scratch() as folder:
        check_refused(run_memtrace("--", "/bin/sh", "-c", f": >{folder}/ran"))
        assert os.listdir(folder) == []


@case
def doctor():
    needs_an_old_kernel()
    done = run_memtrace("doctor")
    assert done.status == 0 and "backend: none" in done.out.lines, done.out.text
    assert WANTED in done.out.text, done.out.text


main()
