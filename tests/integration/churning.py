#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Draining while the target allocates and frees at full speed neither repeats nor skips."""
from harness import *


@case
def constant_set_in_every_report():
    with Fixture("churn") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "0.2", "20") as memtrace:
        memtrace.attached()
        target.go()
        truth = target.truth.sites["heap", "site_constant"]
        # From the report after the account on, each must have exactly the constant blocks.
        memtrace.next_report(lambda r: r.site("site_constant")["alloc_count"] == truth["alloc_count"])
        checked = 0
        while checked < 8:
            report = memtrace.next_report()
            got = report.site("site_constant")
            assert got == truth, (checked, got, truth)
            churn = report.site("site_churn")
            assert churn["live_blocks"] < 5000, churn  # each was live at some time of the drain
            assert not report.lost, report.lost
            assert report.integrity["unknown_frees"] == 0, report.integrity
            totals = report["totals"]
            assert totals["live_blocks"] == sum(s["live_blocks"] for s in report.stacks)
            checked += 1
        memtrace.interrupt()
        assert target.quit() == 0


main()
