#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Draining while the target allocates and frees at full speed neither repeats nor skips."""
from harness import *


@case(times=["2", "8"])
def constant_set_in_every_report(threads):
    with Fixture("churn", threads) as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "0.2") as memtrace:
        memtrace.attached()
        target.go()
        constant = dict(target.truth.sites["heap", "site_constant"])
        # From the report after the account on, each must have exactly the constant blocks.
        memtrace.next_report(lambda r: r.site("site_constant")["alloc_count"] == constant["alloc_count"])
        before = 0
        for checked in range(10):
            report = memtrace.next_report()
            got = report.site("site_constant")
            assert got == constant, (checked, got, constant)
            churn = report.site("site_churn")
            assert churn["alloc_count"] >= before, (checked, churn)
            before = churn["alloc_count"]
            # A thread has 16 in hand, 64 lie between them; each block counted was live at some time of the drain.
            assert churn["live_blocks"] < 20000, churn
            assert not report.lost, report.lost
            assert report.integrity["unknown_frees"] == 0, report.integrity
            totals = report["totals"]
            assert totals["live_blocks"] == sum(s["live_blocks"] for s in report.stacks)
            assert totals["live_bytes"] == sum(s["live_bytes"] for s in report.stacks)
        target.go("stop")
        report = memtrace.last_report()
        check_exact(report, target)
        assert report["totals"]["live_blocks"] == constant["live_blocks"], report["totals"]
        assert report["totals"]["live_bytes"] == constant["live_bytes"], report["totals"]
        assert target.quit() == 0


main()
