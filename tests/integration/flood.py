#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Events that come in faster than they can be handled: reports keep coming, and memtrace ends when told."""
import signal

from harness import *

REPORTS = 5


def check_kept(report, truth):
    """The flood may cost events of the flood, but nothing of what was mapped before it."""
    check_invariants(report)
    assert report.site("site_kept", "mmap") == truth, (report.site("site_kept", "mmap"), truth)


@case
def reports_keep_coming():
    with Fixture("mapflood") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid),
                     "0.2") as memtrace:
        memtrace.attached()
        target.go()
        truth = target.truth.sites["mmap", "site_kept"]
        memtrace.fresh_report()
        for _ in range(REPORTS):
            report = memtrace.next_report()
            check_kept(report, truth)
        last = memtrace.last_report(signal.SIGTERM)
        check_kept(last, truth)
        assert last["elapsed_ns"] > report["elapsed_ns"]
        assert target.quit() == 0


@case
def end_of_the_target_is_seen():
    with Fixture("mapflood") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        assert target.quit() == 0
        assert memtrace.wait() == 0
        check_kept(memtrace.reports()[-1], target.truth.sites["mmap", "site_kept"])


main()
