#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Full tables: what was stored is right, what was not is counted."""
from harness import *


def traced(*options):
    """Reports before and after half of the blocks were freed."""
    with Fixture("crowd") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", *options, "-p", str(target.pid),
                     "0.2") as memtrace:
        memtrace.attached()
        target.send("go")
        target.report()
        full = dict(target.truth.sites["heap", "site_crowd"])
        before = memtrace.fresh_report()
        target.go()
        half = target.truth.sites["heap", "site_crowd"]
        return before, full, memtrace.last_report(), half


@case
def large_enough():
    before, full, after, half = traced()
    for report, truth in ((before, full), (after, half)):
        check_invariants(report)
        assert report.integrity["complete"] and len(report.stacks) == 256, (len(report.stacks), report.integrity)
        assert all(report["totals"][key] == truth[key] for key in truth), (report["totals"], truth)
        assert {s["alloc_count"] for s in report.stacks} == {150}


@case
def live_table():
    before, full, after, half = traced("--live-table-slots", "1024")
    for report, truth in ((before, full), (after, half)):
        check_invariants(report)
        lost = report.lost.get("live_table_full", 0)
        assert lost > 0 and not report.integrity["complete"], report.integrity
        assert report["totals"]["alloc_count"] + lost == truth["alloc_count"], (report["totals"], lost)
        assert report["totals"]["alloc_bytes"] == 64 * report["totals"]["alloc_count"], report["totals"]
    freed = after["totals"]["free_count"] + after.integrity["unknown_frees"]
    assert freed == half["free_count"], (after["totals"], after.integrity)


@case
def stack_table():
    before, full, after, half = traced("--stack-table-rows", "64")
    for report, truth in ((before, full), (after, half)):
        check_invariants(report)
        lost = report.lost.get("stack_table_full", 0)
        assert lost > 0 and not report.integrity["complete"], report.integrity
        # Such an allocation is either counted without a stack or not at all, never half.
        total = report["totals"]["alloc_count"]
        assert total == truth["alloc_count"] or total + lost == truth["alloc_count"], (total, lost, truth)
        assert len([s for s in report.stacks if s["frames"]]) <= 64


@case
def integrity_line_says_so():
    with Fixture("crowd") as target, \
            Memtrace("-v", "-o", "0", "--live-table-slots", "1024", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        memtrace.interrupt()
        assert "live table full" in memtrace.out.lines[-1] and "nothing lost" not in memtrace.out.text, \
            memtrace.out.lines[-3:]


@case
def no_room_for_unwind_tables():
    """Stacks are cut, say so, and what has no table is counted; the sums are right."""
    with Fixture("heap") as target, \
            Memtrace("-v", "--unwind-tables", "64K", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid),
                     "3600") as memtrace:
        memtrace.attached()
        target.go()
        report = memtrace.last_report()
        assert report.integrity["lost"]["unwind_tables_full"] > 0, report.integrity
        assert not report.integrity["complete"], report.integrity
        assert all(stack["guessed"] for stack in report["stacks"] if len(stack["frames"]) > 1), report["stacks"]
        check_sites(report, target)
        ends = report.integrity["ends"]
        assert sum(ends.values()) - ends["complete"] == report.integrity["incomplete_stacks"], report.integrity


main()
