#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# apart: kernel
# timeout: 600
"""Kernel memory traced where it hurts: under pressure, with storms of events on all CPUs, with too little room of its
own, and traced by another memtrace. Reports come, what is lost is counted, and the kernel has nothing to say of it
(tests/run reads its log)."""
import contextlib
import os
import pathlib

from harness import *
from harness.kernel_report import *
from harness.slabs import *

SECONDS = 20 if LONG else 4
HELD = 15000
LIMIT_BYTES = 64 << 20
ROUNDS = 20000
ROWS, CHILDREN, TURNS = 512, 50, 15
STORMS = ["socketpair", "epoll", "unlink", "fork"]


def cpus():
    return sorted(os.sched_getaffinity(0))


def limited(folder):
    """The cgroup has so little memory that its processes are always short of it."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        path = pathlib.Path(folder, name)
        if path.exists():
            path.write_text(str(LIMIT_BYTES), encoding="utf-8")
            return
    raise Skip("the memory controller of cgroups has no limit here")


@contextlib.contextmanager
def storm(kinds, folder=None):
    """A load of each of these kinds on each CPU, ready to start."""
    with contextlib.ExitStack() as stack:
        options = {"preexec_fn": joined(folder)} if folder else {}
        yield [stack.enter_context(Fixture("balanced", kind, str(cpu), **options)) for kind in kinds for cpu in cpus()]


def start(targets, word):
    for target in targets:
        target.send(word)


def rounds_of(targets, timeout):
    """(kind, system call) -> rounds, once all have come to their end"""
    rounds = {}
    for target in targets:
        for site, row in target.report(timeout).sites.items():
            rounds[site] = rounds.get(site, 0) + row["alloc_count"]
    return rounds


def check_usable(report, check=check_sums):
    """A whole report whose losses are all in one place."""
    check(report)
    integrity = report.report.integrity
    assert integrity["complete"] == (not report.report.lost), integrity


@case
def storms():
    """Every epoll of a storm is counted, or counted as lost."""
    with storm(STORMS) as targets:
        with Watching("--pid", ",".join(str(target.pid) for target in targets)) as memtrace:
            start(targets, f"seconds {SECONDS}")
            rounds = rounds_of(targets, SECONDS + 10 * DEADLINE_S)
            report = memtrace.finish()
        check_usable(report)
        seen = sum(stack["alloc_count"] for stack in report.of_cache("filp") if report.passes(
            stack, lambda function: is_system_call(function, "epoll_create1") or function == "do_epoll_create"))
        lost = report.lost_allocations
        made = rounds["epoll", "epoll_create1"]
        assert made - lost <= seen <= made, (made, seen, lost, report.summary())
        assert [target.quit() for target in targets] == [0] * len(targets)


@case
def under_pressure():
    """Processes that are always short of memory, reclaim that goes on and on: reports come, and the machine goes on."""
    with cgroup("memory") as folder:
        limited(folder)
        with storm(["pressure", "unlink"], folder) as targets:
            with Watching(interval="1", counts_will_do=True) as memtrace:
                start(targets, f"seconds {SECONDS}")
                for _ in range(2):
                    check_usable(KernelReport(memtrace.next_report()), check_caches)
                rounds = rounds_of(targets, SECONDS + 10 * DEADLINE_S)
                report = memtrace.finish()
            check_usable(report)
            assert all(rounds.values()), rounds
            assert [target.quit() for target in targets] == [0] * len(targets)


@case
def memtrace_itself():
    """One memtrace traces what another makes the kernel allocate: its tables are among it, and both come to their end."""
    with Watching() as outer:
        with Watching() as inner:
            with Fixture("held_objects", "eventfd", "1000") as target:
                target.go("hold")
                check_usable(inner.finish())
                target.quit()
        report = outer.finish()
    check_usable(report)
    tables = [stack for stack in report.stacks if report.passes(stack, lambda function: is_system_call(function, "bpf")
                                                                or function == "__sys_bpf")]
    assert sum(stack["alloc_count"] for stack in tables) > 100, report.summary()
    assert {"percpu", "vmalloc"} & {stack["kind"] for stack in tables}, {stack["kind"] for stack in tables}


@case
def another_memtrace():
    """--pid of a memtrace that makes reports: what it makes the kernel allocate, and nobody else's."""
    with Watching(interval="1") as inner, Watching("--pid", str(inner.pid)) as outer:
        for _ in range(2):
            check_usable(KernelReport(inner.fresh_report()), check_caches)
        report = outer.finish()
        check_usable(report)
        assert {stack["pid"] for stack in report.stacks} <= {0, inner.pid}, report.summary()
        assert report.stacks, "it has allocated nothing"
        inner.interrupt()


@case
def too_little_room():
    """Tables that are too small for what happens lose blocks or stacks, say how many, and count no total wrong."""
    with raised(fs__nr_open=3 * HELD), Fixture("held_objects", "eventfd", str(HELD)) as target:
        with Watching("--pid", str(target.pid), "--live-table-slots", "4096", "--stack-table-rows", "64") as memtrace:
            target.go("hold")
            report = memtrace.finish({0, target.pid})
        check_usable(report)
        held = target.truth.sites["eventfd", "eventfd2"]["live_blocks"]
        got = sum(stack["live_blocks"] for stack in report.of_cache("filp") if report.passes(
            stack, lambda function: is_system_call(function, "eventfd2") or function == "do_eventfd"))
        assert held > 2 * got and report.report.lost["live_table_full"] >= held - got, (held, got, report.summary())
        assert target.quit() == 0


@case
def endless_stacks():
    """Each process has stacks of its own: their rows come back when nothing of theirs is left, and no sum is lost."""
    with cgroup() as folder, Fixture("balanced", "fork", str(cpus()[0]), preexec_fn=joined(folder)) as target:
        with Watching("--cgroup", folder, "--by", "process", "--stack-table-rows", str(ROWS), interval="0.2") as memtrace:
            for _ in range(TURNS):
                target.go(f"rounds {CHILDREN}")
                report = KernelReport(memtrace.fresh_report())
                assert not {"stack_table_full", "stacks_misremembered"} & report.report.lost.keys(), report.report.lost
            report = memtrace.finish()
        check_sums(report)
        assert not {"stack_table_full", "stacks_misremembered"} & report.report.lost.keys(), report.report.lost
        without = sum(stack["alloc_count"] for stack in report.stacks if not stack["frames"])
        assert without and len(report.stacks) < ROWS, (without, len(report.stacks), report.summary())
        assert target.quit() == 0


@case
def room_comes_back():
    """After a burst that needs more rows than there are, what comes later has a stack."""
    with cgroup() as folder, Fixture("balanced", "fork", str(cpus()[0]), preexec_fn=joined(folder)) as target:
        with Watching("--cgroup", folder, "--by", "process", "--stack-table-rows", "128", interval="0.2") as memtrace:
            target.go(f"rounds {4 * CHILDREN}")
            memtrace.fresh_report()
            before = memtrace.fresh_report().lost.get("stack_table_full", 0)
            target.go("rounds 5")
            after = memtrace.fresh_report().lost.get("stack_table_full", 0)
            report = memtrace.finish()
        assert after == before, (before, after, report.summary())
        assert target.quit() == 0


@case
def killed():
    """SIGKILL in the midst of a storm: no program stays behind (tests/run looks), and the next one works."""
    with storm(["epoll"]) as targets:
        start(targets, f"seconds {SECONDS}")
        with Watching(counts_will_do=True) as memtrace:
            memtrace.child.kill()
            memtrace.child.wait(DEADLINE_S)
        with Watching(counts_will_do=True) as memtrace:
            rounds_of(targets, SECONDS + 10 * DEADLINE_S)
            check_usable(memtrace.finish())
        assert [target.quit() for target in targets] == [0] * len(targets)


main()
