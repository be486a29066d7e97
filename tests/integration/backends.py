#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Each way of attaching, forced: session, multi, perf. The reports are the same."""
from harness import *

BACKENDS = ["session", "multi", "perf"]


@case(times=[(backend, name) for backend in BACKENDS
             for name in ("heap", "realloc", "failing", "before", "nested", "threads", "threadend", "operators")])
def exact(backend, name):
    with Fixture(name) as target:
        check_exact(trace(target, "--backend", backend), target)
        assert target.quit() == 0


@case(times=BACKENDS)
def left_calls(backend):
    for how in ("jump", "thread"):
        with Fixture("leaving", how) as target:
            check_exact(trace(target, "--backend", backend, "-O", fixture_path("libhook.so")), target)


@case(times=BACKENDS)
def fork_is_not_followed(backend):
    with Fixture("fork", "fork") as target:
        check_exact(trace(target, "--backend", backend), target)
        assert target.quit() == 0


@case(times=BACKENDS)
def static_program(backend):
    with Fixture("heap-musl-static") as target:
        check_exact(trace(target, "--backend", backend), target)


@case(times=BACKENDS)
def command(backend):
    with scratch() as folder:
        done, report = run_command([fixture_path("heap")], "--backend", backend, output=f"{folder}/r",
                                   stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        assert report.site("site_malloc")["alloc_count"] == 20, report.sites()
        assert report.integrity["complete"], report.integrity


main()
