#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Places where a tracer loses count, or its target: each is either exact or says what it lost."""
from harness import *


@case(times=["before", "after"])
def leading_thread_has_ended(when):
    """The process lives on in another thread, and is traced on."""
    with Fixture("leader", when) as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def seccomp_sandbox():
    """A return probe by system call must not get the target killed."""
    with Fixture("sandboxed") as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def frees_that_no_probe_sees():
    """An address that comes back live: the old block is replaced, the missed free counted."""
    with Fixture("missed") as target:
        report = trace(target)
        check_sites(report, target)
        assert report.lost == {"missed_frees": 20} and not report.integrity["complete"], report.integrity


@case
def more_nested_calls_than_the_kernel_returns():
    """Beyond 64 nested return probes the kernel gives no returns; the calls around stay right."""
    with Fixture("leaving", "nested") as target:
        report = trace(target)
        assert target.quit() == 0
    outermost = target.truth.sites["heap", "site_outermost"]
    assert report.site("site_same_depth") == target.truth.sites["heap", "site_same_depth"], report.sites()
    assert report.site("site_outermost") == outermost, (report.site("site_outermost"), report.integrity)
    assert report.site("site_left")["alloc_count"] == 0, report.sites()
    assert set(report.lost) <= {"missed_returns"}, report.lost
    check_invariants(report)


@case
def two_tracers_at_once():
    """Both see all of it."""
    with Fixture("heap") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "3600") as other:
        other.attached()
        check_exact(trace(target), target)
        check_exact(other.last_report(), target)
        assert target.quit() == 0


@case
def attached_while_it_allocates():
    """Calls that are under way at the attach are no loss and no leak."""
    with Fixture("churn") as target:
        target.go()
        for _ in range(3):
            with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid),
                          "0.2", "3") as memtrace:
                assert memtrace.wait() == 0, memtrace.err.text
                reports = memtrace.reports()
            for report in reports:
                assert not report.lost, report.lost
                # What was there at the attach: 16 blocks and one on its way for each thread, 64 between them.
                assert report.integrity["unknown_frees"] <= 2 * 17 + 64, report.integrity
                assert report.integrity["abandoned_calls"] == 0, report.integrity
                assert report.site("site_churn")["live_blocks"] < 5000, report.sites()
            assert reports[-1].site("site_churn")["alloc_count"] > 1000, reports[-1].sites()
        assert target.quit() == 0


@case
def stacks_cut_short():
    with Fixture("crowd") as target:
        report = trace(target, "--stack-depth", "3")
    check_sites(report, target)
    assert all(len([f for f in s["frames"] if not f["inlined"]]) == 3 and s["end"] == "depth" for s in report.stacks), \
        [(len(s["frames"]), s["end"]) for s in report.stacks]
    assert report.integrity["incomplete_stacks"] == len(report.stacks), report.integrity


@case
def little_memory():
    """--max-memory is kept: exact, or says what was lost; the totals stay right."""
    with Fixture("churn") as target:
        report = trace(target, "--max-memory", "16M")
        assert target.quit() == 0
    stored = report.site("site_constant")["alloc_count"]
    assert stored == 50000 or report.lost, (stored, report.integrity)
    heap = report.kind("heap")
    assert heap["alloc_count"] == sum(s["alloc_count"] for s in report.stacks if s["kind"] == "heap"), heap


main()
