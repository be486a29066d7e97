# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases that every way of attaching must pass; one test file for each of them."""
from .cases import Skip, case
from .fixture import Fixture
from .kernel import BACKENDS, kernel_version
from .memtrace import run_command, trace
from .paths import fixture_path, scratch
from .report import check_exact


def backend_cases(backend):
    option = ("--backend", backend)
    since = BACKENDS[backend]
    if kernel_version() < since:
        @case
        def is_there():
            raise Skip(f"{backend} is of Linux {since[0]}.{since[1]}")
        return

    @case(times=["heap", "realloc", "before", "threads", "heap-musl-static"])
    def exact(name):
        with Fixture(name) as target:
            check_exact(trace(target, *option), target)
            assert target.quit() == 0

    @case(times=["jump", "thread"])
    def left_call(how):
        with Fixture("leaving", how) as target:
            check_exact(trace(target, *option, "-O", fixture_path("libhook.so")), target)

    @case
    def fork_is_not_followed():
        with Fixture("fork", "fork") as target:
            check_exact(trace(target, *option), target)
            assert target.quit() == 0

    @case
    def command():
        with scratch() as folder:
            done, report = run_command([fixture_path("heap")], *option, output=f"{folder}/r", stdin=b"go\nquit\n")
            assert done.status == 0, done.err.text
            assert report.site("site_malloc")["alloc_count"] == 20, report.sites()
            assert report.integrity["complete"], report.integrity
