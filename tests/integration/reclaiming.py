#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 400
"""More distinct stacks than the table has rows: rows come back when nothing refers to them.

The target makes fewer new stacks at a time than are free after a report, so none may be lost."""
import os
import pathlib

from harness import *

ROWS = 1024
STACKS = 400
TURNS = 10
CHURN = 30_000
PASSING = {"heap": ["site_passing", "site_rare", "site_first"], "mmap": ["site_passing_mapping"]}


def traced(target, *options, rows=ROWS):
    return Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "--stack-table-rows", str(rows), *options,
                    "-p", str(target.pid), "0.1")


def without_frames(report, kind):
    rows = [s for s in report.stacks if s["kind"] == kind and not s["frames"]]
    assert len(rows) <= 1, f"{len(rows)} rows of {kind} without frames"
    return rows[0] if rows else dict.fromkeys(USAGE, 0)


def check(report, truth, passing=PASSING, may_lose=()):
    """All sums are the truth; what passes is with or without frames, and all else is there with them."""
    check_invariants(report)
    assert not report.lost.keys() - set(may_lose), report.lost
    assert report.integrity["unknown_frees"] == 0, report.integrity
    for kind, functions in passing.items():
        got = [without_frames(report, kind), *(report.site(function, kind) for function in functions)]
        wanted = [truth.sites[kind, function] for function in functions if (kind, function) in truth.sites]
        for key in USAGE:
            assert sum(row[key] for row in got) == sum(site[key] for site in wanted), (key, got, wanted)
    for (kind, function), wanted in truth.sites.items():
        got = report.site(function, kind)
        assert function in passing[kind] or got == wanted, (function, got, wanted)
    for kind in {k for k, _ in truth.sites}:
        wanted = {key: truth.total(key, kind) for key in USAGE}
        got = {key: report.kind(kind)[key] for key in USAGE}
        assert got == wanted, (kind, got, wanted)


def own_memory_kib(memtrace):
    status = pathlib.Path(f"/proc/{memtrace.pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


@case(times=[("heap", 1), ("heap", 4), ("mmap", 1)])
def endless(kind, threads):
    kept = {"heap": "site_kept", "mmap": "site_kept_mapping"}[kind]
    with Fixture("endless", kind, str(threads), str(STACKS // threads)) as target, traced(target) as memtrace:
        memtrace.attached()
        memory = []
        for turn in range(TURNS):
            target.go("rare" if turn == 2 else "go")
            report = memtrace.fresh_report()
            check(report, target.truth)
            memory.append(own_memory_kib(memtrace))
        # What is reported grows by what is kept.
        assert max(memory[TURNS // 2:]) - max(memory[:TURNS // 2]) < 1024, memory
        assert without_frames(report, kind)["alloc_count"] > STACKS * TURNS - ROWS, without_frames(report, kind)
        # Each of these has a stack of its own, and none is reclaimed.
        stacks = [s for s in report.stacks if report.top_function(s) == kept]
        assert {(s["live_blocks"], s["alloc_count"], s["free_count"]) for s in stacks} == {(1, 1, 0)}
        assert len(stacks) == target.truth.sites[kind, kept]["live_blocks"], len(stacks)
        assert all(len(s["frames"]) > 20 and s["end"] == "complete" for s in stacks)
        # This stack was known, and is so no more, when it comes again.
        assert report.site("site_rare")["alloc_count"] == 0, report.site("site_rare")
        target.go("keep")
        report = memtrace.last_report()
        check(report, target.truth)
        assert report.site("site_rare")["live_blocks"] == threads, report.site("site_rare")
        assert target.quit() == 0


@case(times=[1, 4])
def churn(threads):
    """Stacks come again while they are reclaimed, at full speed, in a table that is too small for them."""
    passing = {"heap": ["site_churning", "site_hot"], "mmap": []}
    with Fixture("endless", "churn", str(threads), str(CHURN // threads)) as target, \
            traced(target, rows=256) as memtrace:
        memtrace.attached()
        for _ in range(4):
            target.go()
            check(memtrace.fresh_report(), target.truth, passing, ["stack_table_full"])
        assert target.quit() == 0


def run_again(what):
    """Ten programs, each the process's next; the last one's truth and the report."""
    with scratch() as folder:
        done, report = run_command([fixture_path("endless"), what, "1", str(STACKS), "10"], "--stack-table-rows",
                                   str(ROWS), output=os.path.join(folder, "report"))
    assert done.status == 0, done.err.text
    assert not report.lost, report.lost
    return CommandTruth(done).truth, report


@case
def sums_are_of_one_program():
    truth, report = run_again("mmap")
    wanted = truth.sites["mmap", "site_passing_mapping"]
    without, site = without_frames(report, "mmap"), report.site("site_passing_mapping", "mmap")
    assert {key: without[key] + site[key] for key in USAGE} == wanted, (without, site, wanted)


@case
def stacks_of_programs_that_are_no_more():
    """What a program leaves live when its process runs another one is nobody's."""
    truth, report = run_again("leak")
    assert report.site("site_kept") == truth.sites["heap", "site_kept"]
    assert len([s for s in report.stacks if report.top_function(s) == "site_kept"]) == STACKS


@case
def pending_calls_keep_their_stacks():
    """A thread's call of the allocator outlasts many rounds of reclaiming."""
    with Fixture("held", str(STACKS)) as target, traced(target, "-O", fixture_path("libhook.so")) as memtrace:
        memtrace.attached()
        target.go("hold")
        for _ in range(TURNS):
            target.go()
            report = memtrace.fresh_report()
            assert not report.lost, report.lost
        assert without_frames(report, "heap")["alloc_count"] > 2 * ROWS, without_frames(report, "heap")
        target.go("release")
        target.go()
        report = memtrace.last_report()
        check(report, target.truth)
        for function in ("hold_malloc", "site_resized"):
            assert [s["end"] for s in report.stacks_through(function)] == ["complete"]
        assert target.quit() == 0


main()
