#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""What the report's options do, seen in JSON."""
import json
import os
import time

from harness import *

OLDER_MS = 2500


def orders(*options, steps=None, interval="3600"):
    """The orders fixture, both steps done; (last report, fixture)."""
    with Fixture("orders") as target, \
            Memtrace("-v", "--format", "json", *options, "-p", str(target.pid), interval) as memtrace:
        memtrace.attached()
        target.step()
        if steps:
            steps(memtrace)
        target.go()
        return memtrace.last_report(), target


def functions(report):
    return [report.top_function(s) for s in report.stacks]


@case
def older():
    """live_* leave young blocks out; alloc_* and free_* do not."""
    with Fixture("ages") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", str(OLDER_MS), "-p", str(target.pid),
                     "3600") as memtrace:
        memtrace.attached()
        target.step()
        made = time.monotonic()
        wait_until(lambda: time.monotonic() - made > OLDER_MS / 1000 + 0.1, "the old blocks are old")
        target.go()
        report = memtrace.last_report()
    old, young = report.site("site_old"), report.site("site_young")
    assert old == target.truth.sites["heap", "site_old"], old
    assert young == dict(target.truth.sites["heap", "site_young"], live_bytes=0, live_blocks=0), young
    totals = report["totals"]
    assert (totals["live_bytes"], totals["live_blocks"]) == (1000, 10), totals
    assert (totals["alloc_count"], totals["free_count"]) == (19, 2), totals
    ages = {report.top_function(s): s["oldest_ns"] for s in report.stacks}
    assert OLDER_MS * 10**6 < ages["site_old"] < 60 * 10**9, ages


@case
def older_is_half_a_second_by_default():
    with Fixture("orders") as target, \
            Memtrace("-v", "--format", "json", "-p", str(target.pid), "0.2") as memtrace:
        memtrace.attached()
        target.step()
        report = memtrace.next_report(lambda r: r["totals"]["alloc_count"] > 100)
        late = memtrace.next_report(lambda r: r["totals"]["live_blocks"] > 0)
        assert late["elapsed_ns"] - report["elapsed_ns"] < 10**10
        for s in late.stacks:
            assert s["live_blocks"] == 0 or s["oldest_ns"] >= 500 * 10**6, s["oldest_ns"]


@case
def minimum_size():
    report, target = orders("-T", "0", "-o", "0", "-z", "64")
    assert sorted(functions(report)) == ["site_growing", "site_most_bytes", "site_oldest"], functions(report)
    for name in functions(report):
        assert report.site(name) == target.truth.sites["heap", name]
    assert report.integrity["unknown_frees"] is None, report.integrity
    check_invariants(report)


@case
def maximum_size():
    report, target = orders("-T", "0", "-o", "0", "-Z", "1000")
    assert sorted(functions(report)) == ["site_growing", "site_most_blocks", "site_oldest"], functions(report)
    assert report.integrity["unknown_frees"] is None, report.integrity
    check_invariants(report)


@case
def both_sizes():
    report, _ = orders("-T", "0", "-o", "0", "--min-size", "17", "--max-size", "512")
    assert functions(report) == ["site_oldest"], functions(report)


@case
def without_sizes_unknown_frees_are_counted():
    report, _ = orders("-T", "0", "-o", "0")
    assert report.integrity["unknown_frees"] == 0, report.integrity


@case
def top():
    report, target = orders("-o", "0", "-T", "2")
    assert functions(report) == ["site_most_bytes", "site_growing"], functions(report)
    assert report["totals"]["alloc_count"] == target.truth.total("alloc_count"), report["totals"]
    assert report["totals"]["live_bytes"] == target.truth.total("live_bytes"), report["totals"]


@case(times=[("bytes", "site_most_bytes"), ("count", "site_most_blocks"), ("age", "site_oldest")])
def sorted_by(key, first):
    report, _ = orders("-o", "0", "--sort", key)
    assert functions(report)[0] == first, functions(report)
    values = [s[{"bytes": "live_bytes", "count": "live_blocks", "age": "oldest_ns"}[key]] for s in report.stacks]
    assert values == sorted(values, reverse=True), values


@case
def sorted_by_growth():
    with Fixture("orders") as target, \
            Memtrace("-v", "--format", "json", "-o", "0", "--sort", "growth", "-p", str(target.pid), "0.3") as memtrace:
        memtrace.attached()
        target.step()
        memtrace.next_report(lambda r: r["totals"]["alloc_count"] == 1 + 2 + 101 + 1)
        target.go()
        report = memtrace.next_report(lambda r: r.site("site_growing")["alloc_count"] == 31)
        assert functions(report)[0] == "site_growing", functions(report)
        memtrace.interrupt()


@case
def live_blocks_are_listed():
    report, target = orders("-o", "0", "-T", "0", "-a")
    for stack in report.stacks:
        blocks = stack["blocks"]
        assert blocks and len(blocks) == stack["live_blocks"] and sum(b["size"] for b in blocks) == stack["live_bytes"], stack
        assert len({b["address"] for b in blocks}) == len(blocks)
        assert all(b["address"].startswith("0x") and b["age_ns"] > 0 for b in blocks)
        assert max(b["age_ns"] for b in blocks) == stack["oldest_ns"], stack["oldest_ns"]
    assert target.truth.total("live_blocks") == sum(len(s["blocks"]) for s in report.stacks)


@case
def blocks_only_when_asked_for():
    report, _ = orders("-o", "0")
    assert not any("blocks" in s for s in report.stacks)


@case
def series():
    """COUNT reports, INTERVAL apart, then status 0."""
    with Fixture("heap") as target, \
            Memtrace("--format", "json", "-p", str(target.pid), "0.3", "3") as memtrace:
        assert memtrace.wait() == 0, memtrace.err.text
        reports = memtrace.reports()
    assert len(reports) == 3
    elapsed = [r["elapsed_ns"] for r in reports]
    for before, after in zip(elapsed, elapsed[1:]):
        assert after > before, elapsed
    # A report may be late, and the next one then is early; together they are not.
    assert elapsed[-1] >= 3 * 300 * 10**6, elapsed
    assert all(r["schema"] == "memtrace-report/1" and r["command"] == "trace" for r in reports)


@case
def into_a_file():
    """The newest report alone, never a part of one, nothing on standard output."""
    with scratch() as folder, Fixture("churn") as target:
        path = os.path.join(folder, "report.json")
        with Memtrace("-v", "--format", "json", "--output", path, "-o", "0", "-p", str(target.pid), "0.1") as memtrace:
            memtrace.attached()
            target.go()
            seen = set()

            def several_seen():
                if os.path.exists(path):
                    with open(path, encoding="utf-8") as file:
                        reports = [json.loads(line) for line in file]
                    assert len(reports) == 1, len(reports)
                    seen.add(reports[0]["elapsed_ns"])
                return len(seen) > 5
            wait_until(several_seen, "several reports in the file")
            memtrace.interrupt()
            assert memtrace.out.lines == [], memtrace.out.lines[:3]
        assert os.listdir(folder) == ["report.json"], os.listdir(folder)


@case
def two_processes():
    with Fixture("heap") as one, Fixture("realloc") as two:
        def steps(_target, _memtrace):
            one.go()
            two.go()
        report = trace(one, pids=[one.pid, two.pid], steps=steps)
        assert {p["pid"] for p in report["processes"]} == {one.pid, two.pid}
        check_exact(report, one, one.pid)
        check_exact(report, two, two.pid)
        for key in ("alloc_bytes", "free_count", "live_bytes"):
            assert report["totals"][key] == one.truth.total(key) + two.truth.total(key)


@case
def process_facts():
    report, target = orders("-o", "0")
    process = report["processes"][0]
    assert process["pid"] == target.pid and process["comm"] == "orders" and process["exit_status"] is None, process
    assert process["exe"] == fixture_path("orders"), process


main()
