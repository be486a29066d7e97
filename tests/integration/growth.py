#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""Verdicts on stacks that leak, hold a cache, churn, or allocate once; `memtrace kernel` has them too."""
import os
import re

from harness import *

ROUNDS = 40
KERNEL_ROUNDS = 20
EXPECTED = {"site_leak": "growing", "site_slow": "growing", "site_cache": "bounded", "site_churn": "churning",
            "site_once": "one-time"}


def series(*options, rounds=ROUNDS):
    """A round of the fixture for each report; the reports, the last one made after the last round."""
    with Fixture("verdicts") as target, \
            Memtrace("-v", "--format", "json", "-o", "0", *options, "-p", str(target.pid), "0.1") as memtrace:
        memtrace.attached()
        for _ in range(rounds):
            target.step()
            memtrace.next_report()
        target.go("stop")
        reports = memtrace.interrupt()
        check_sites(reports[-1], target)
    return reports


def verdicts(report):
    """Site -> verdict."""
    return {report.top_function(s): s["verdict"] for s in report.stacks if report.top_function(s) in EXPECTED}


@case
def each_has_its_verdict():
    reports = series()
    kinds = {site: verdict and verdict["kind"] for site, verdict in verdicts(reports[-1]).items()}
    assert kinds == EXPECTED, kinds
    for report in reports:
        for site, verdict in verdicts(report).items():
            grows = bool(verdict) and verdict["kind"] == "growing"
            assert not grows or EXPECTED[site] == "growing", f"{site} called growing: {verdict}"


@case
def none_before_there_is_evidence():
    reports = series(rounds=10)
    first = reports[:11]
    assert not any(verdict for report in first for verdict in verdicts(report).values()), first[-1].stacks
    assert all(set(EXPECTED) >= set(verdicts(report)) for report in first)


@case
def evidence_of_growth():
    report = series()[-1]
    leak, slow = (verdicts(report)[site] for site in ("site_leak", "site_slow"))
    for verdict, size in ((leak, 1000), (slow, 48)):
        assert 0 < verdict["low_bytes_per_hour"] <= verdict["bytes_per_hour"] <= verdict["high_bytes_per_hour"], verdict
        assert verdict["low_bytes"] % size == 0 and verdict["high_bytes"] % size == 0, verdict
        assert verdict["low_bytes"] < verdict["high_bytes"] and verdict["lifetime_ns"] is None, verdict
        assert verdict["projected_bytes"] == 2**30 and verdict["projected_ns"] > 0 and verdict["points"] > 10, verdict
    assert leak["low_bytes_per_hour"] > slow["high_bytes_per_hour"], (leak, slow)
    once, churn, cache = (verdicts(report)[site] for site in ("site_once", "site_churn", "site_cache"))
    assert once["low_bytes"] == once["high_bytes"] == 100000 and once["bytes_per_hour"] == 0, once
    assert churn["lifetime_ns"] > 0 and churn["projected_ns"] is None, churn
    assert cache["high_bytes"] == 64 * 700, cache


@case
def order_by_growth():
    report = series("--sort", "growth")[-1]
    order = [report.top_function(s) for s in report.stacks]
    assert order[:2] == ["site_leak", "site_slow"], order


@case
def text():
    with Fixture("verdicts") as target, \
            Memtrace("-v", "-o", "0", "-p", str(target.pid), "0.1") as memtrace:
        memtrace.attached()
        for _ in range(ROUNDS):
            target.step()
            memtrace.out.expect(lambda line: line.startswith("Integrity: "), "a report")
        memtrace.signal(2)
        assert memtrace.wait() == 0, memtrace.err.text
        lines = memtrace.out.text.rsplit("stacks with outstanding", 1)[1].splitlines()
    told = dict(zip((line.split("+")[0].strip() for line in lines[3:]), lines[2:]))
    wanted = {"site_leak": r"        growing: \+\S+ [KMG]iB/min \(±[^)]+\), 1.0 GiB in \d+ \w+, oldest block \d+ m?s, never freed",
              "site_cache": r"        bounded: 44 KiB in the last \d+ m?s|        bounded: between .* and 44 KiB in the last \d+ m?s",
              "site_churn": r"        churning: a block lives \d+ m?s on average; (between 4.4 KiB and )?4.9 KiB in the last \d+ m?s",
              "site_once": r"        one-time: nothing allocated or freed here since, for \d+ m?s"}
    for site, pattern in wanted.items():
        assert re.fullmatch(pattern, told.get(site, "")), (site, told.get(site), lines)


@case
def of_the_kernel():
    """The events are the same for memory of the kernel's own: what stays was allocated once, or not at all."""
    with Memtrace("kernel", "--format", "json", "--top", "0", "0.2", "16") as memtrace:
        assert memtrace.wait() == 0, memtrace.err.text
        reports = memtrace.reports()
    first, last = reports[10], reports[-1]
    assert not any(s["verdict"] for s in first.stacks), "a verdict after 11 reports"
    kinds = {s["verdict"]["kind"] for s in last.stacks if s["verdict"]}
    assert "one-time" in kinds, kinds
    assert not any(s["verdict"] for s in last.stacks if s["unverifiable"]), "a verdict where frees cannot be seen"


def by_growth(rows):
    """What grows first, the fastest of it first; then what nothing is known of, then what does not."""
    ranks = [0 if verdict and verdict["kind"] == "growing" else 2 if verdict else 1
             for verdict in (row["verdict"] for row in rows)]
    slopes = [row["verdict"]["low_bytes_per_hour"] for row in rows[:ranks.count(0)]]
    return ranks == sorted(ranks) and slopes == sorted(slopes, reverse=True)


@case
def of_the_kernel_by_growth():
    """Pipes that a process makes and keeps, among all that the machine does."""
    pipes = []
    try:
        with Memtrace("kernel", "-v", "--format", "json", "--sort", "growth", "0.2", "1000") as memtrace:
            memtrace.attached()
            for _ in range(KERNEL_ROUNDS):
                pipes += [os.pipe() for _ in range(8)]
                memtrace.next_report()
            report = memtrace.last_report()
    finally:
        for pipe in pipes:
            os.close(pipe[0])
            os.close(pipe[1])
    mine = [stack for stack in report.stacks if stack["kind"] == "slab" and stack["live_blocks"] >= len(pipes) and
            any(frame["function"] in ("create_pipe_files", "alloc_pipe_info") for frame in stack["frames"]) and
            not stack["unverifiable"]]
    assert mine and all(stack["verdict"] and stack["verdict"]["kind"] == "growing" for stack in mine), mine
    assert by_growth(report.data["caches"]), [(row["name"], row["verdict"]) for row in report.data["caches"]]
    # Whether a cache as a whole grows is a matter of all that the machine does; its stacks are ordered in any case.
    for cache in {row["name"] for row in report.data["caches"]}:
        rows = [stack for stack in report.stacks if stack.get("cache") == cache and stack["possible_blocks"]]
        assert by_growth(rows), [(stack["verdict"], stack["live_bytes"]) for stack in rows]


main()
