#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""What the resident memory is made of: the parts add up to it, and tell fragmentation from a heap that grows."""
import re

from harness import *

PAGE = 4096
BLOCKS, SMALL, SPARSE, MAPPED = 12000, 1000, 8 << 20, 1 << 20


def parts(memory):
    return {key: n for key, n in memory.items() if key.endswith("_bytes") and key != "rss_bytes"}


def resident(pid):
    """As the kernel sums it up."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Rss:"))


def memory_of(report, pid):
    memory = next(p["memory"] for p in report["processes"] if p["pid"] == pid)
    assert sum(parts(memory).values()) == memory["rss_bytes"], memory
    return memory


@case(times=["heap", "maps", "threads", "breaks", "operators"])
def adds_up(name):
    with Fixture(name) as target:
        seen = []

        def steps(fixture, _):
            fixture.go()
            seen.append(resident(fixture.pid))  # probes are pages of the process, and gone later
        memory = memory_of(trace(target, steps=steps), target.pid)
        assert memory["rss_bytes"] == seen[0], (memory, seen)
        assert memory["stack_bytes"] and memory["file_bytes"] and memory["data_bytes"], memory


def at_each_step():
    """fragments at its three steps: (live bytes, memory), and the last report."""
    steps = []
    with Fixture("fragments") as target, \
            Memtrace("-v", "--format", "json", "-o", "0", "-p", str(target.pid), "0.1") as memtrace:
        memtrace.attached()
        for step in (target.step, target.step, target.go):
            step()
            report = memtrace.fresh_report()
            steps.append((report["totals"]["live_bytes"], memory_of(report, target.pid)))
        check_sites(report, target)
        assert memory_of(report, target.pid)["rss_bytes"] == resident(target.pid)
        memtrace.interrupt()
    return steps


@case
def the_heap_does_not_grow_but_memory_does():
    (live, first), (live_half, second), (live_again, third) = at_each_step()
    freed = BLOCKS // 2 * SMALL
    assert live == live_again == BLOCKS * SMALL + SPARSE + MAPPED and live_half == live - freed, (live, live_half, live_again)
    # Of the holes nothing went back: what is not live any more is slack, all but what the allocator writes of its own.
    assert second["slack_bytes"] - first["slack_bytes"] == freed, (first, second)
    assert third["rss_bytes"] - first["rss_bytes"] > freed * 0.99, (first, third)
    assert third["live_bytes"] == first["live_bytes"], (first, third)
    assert third["slack_bytes"] - first["slack_bytes"] > freed * 0.99, (first, third)
    for part in ("mapping_bytes", "stack_bytes", "data_bytes", "before_bytes"):
        assert abs(third[part] - first[part]) <= 4 * PAGE, (part, first, third)


@case
def of_large_blocks_and_mappings_what_is_resident():
    _, first = at_each_step()[0]
    wanted = BLOCKS * SMALL + SPARSE // 8
    assert wanted <= first["live_bytes"] <= wanted + PAGE, first
    assert first["mapping_bytes"] == MAPPED // 2, first


@case
def from_before():
    with Fixture("fragments") as target:
        target.step()
        report = trace(target, steps=lambda fixture, _: fixture.step())
        memory = memory_of(report, target.pid)
        assert memory["before_bytes"] >= BLOCKS * SMALL + SPARSE // 8 + MAPPED // 2, memory
        assert memory["live_bytes"] == 0 and memory["slack_bytes"] <= 4 * PAGE, memory


@case
def none_of_what_has_ended():
    with scratch() as folder:
        _, report = run_command([fixture_path("heap")], output=f"{folder}/r", stdin=b"go\nquit\n")
        assert report["processes"][0]["memory"] is None, report["processes"]


@case
def text():
    with Fixture("heap") as target, Memtrace("-v", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        memtrace.signal(2)
        assert memtrace.wait() == 0, memtrace.err.text
        line = next(line for line in memtrace.out.lines if line.startswith("Memory: "))
    match = re.fullmatch(r"Memory: (\d+) bytes resident = (.*)", line)
    amounts = [int(re.search(r"\d+", part)[0]) for part in match[2].split(" + ")]
    assert sum(amounts) == int(match[1]), line


main()
