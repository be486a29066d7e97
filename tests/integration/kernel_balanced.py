#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# apart: kernel
# timeout: 600
"""Load that makes and gives back at full speed: no cache is said to have grown by more than the kernel's own account
has it grow, and no stack is blamed.

memtrace reads the kernel's account twice, and things go on in between. What it can have seen is bounded by reading
/proc/slabinfo before and after each of its readings: it begins to count between the start of the program and its
"attached", and reads again between the signal and its end. Objects that lie ready in a CPU's slabs count as in use in
slabinfo and need not do so for memtrace; how many there may be, memtrace says (capacity_objects)."""
import contextlib
import os

from harness import *
from harness.kernel_report import *
from harness.slabs import *

SECONDS = 20 if LONG else 4
ROUNDS = 100000

# load, the cache that each of its rounds takes objects from, and functions that its stacks pass
LOADS = [
    ("socketpair", ("sys_socketpair",)),
    ("epoll", ("sys_epoll_create1", "do_epoll_create")),
    ("unlink", ("sys_openat", "do_sys_openat2")),
    ("fork", ("sys_clone", "sys_fork", "kernel_clone")),
]

# What the round under way on each CPU holds (a process has some hundred objects), and what of ended processes the kernel
# keeps for new ones or until a grace period is over.
IN_FLIGHT = 250

def of_load(functions):
    return lambda function: any(is_system_call(function, f.removeprefix("sys_")) or function == f for f in functions)


def watch(load, by, owners, *options):
    """(report, bounds) of a run of memtrace around load(), which is done by these: numbers of processes, or of cgroups."""
    bounds = Bounds()
    with bounds.beginning():
        memtrace = Watching("--by", by, *options, counts_will_do=True)
    with memtrace:
        load()
        with bounds.ending():
            report = memtrace.finish(owners)
    check_sums(report)
    return report, bounds


def check_blameless(report, functions, rounds, bounds):
    """No stack of the load has more than a little of what it made, nor explains growth that is not there."""
    assert any(report.passes(stack, of_load(functions)) for stack in report.stacks) or not follows_events(), report.summary()
    for stack in report.stacks:
        if stack["unverifiable"] or not report.passes(stack, of_load(functions)):
            continue
        row = report.cache(stack["cache"]) if stack["kind"] == "slab" else None
        _, most = row and bounds.growth({row["name"], *row["aliases"]}) or (0, 0)
        grew = max(0, most) + (row["capacity_objects"] if row else 0)
        assert stack["live_blocks"] <= PART * rounds + grew + IN_FLIGHT, \
            (stack["kind"], stack.get("cache"), stack["live_blocks"], rounds, report.summary())


@contextlib.contextmanager
def loads(kind, **options):
    """One on each CPU."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Fixture("balanced", kind, str(cpu), **options))
               for cpu in sorted(os.sched_getaffinity(0))]


@contextlib.contextmanager
def loads_of_owners(kind):
    """The loads, and whose they are: processes, or a cgroup where each has children."""
    if kind == "fork":
        with cgroup() as folder, loads(kind, preexec_fn=joined(folder)) as targets:
            yield targets, "cgroup", {number_in_reports(folder)}
    else:
        with loads(kind) as targets:
            yield targets, "process", {target.pid for target in targets}


def together(targets, word, timeout):
    """All do it at once; the rounds that they made."""
    for target in targets:
        target.send(word)
    for target in targets:
        target.report(timeout)
    return sum(row["alloc_count"] for target in targets for row in target.truth.sites.values())


@case(times=LOADS)
def at_full_speed(kind, functions):
    rounds = 0
    with loads_of_owners(kind) as (targets, by, owners):
        def load():
            nonlocal rounds
            rounds = together(targets, f"seconds {SECONDS}", SECONDS + DEADLINE_S)
        report, bounds = watch(load, by, owners)
        check_bounds(report, bounds)
        check_blameless(report, functions, rounds, bounds)
        assert [target.quit() for target in targets] == [0] * len(targets)


@case(times=[(), ("--cache", "filp")])
def epolls(*options):
    """What fools a tool that counts events alone: their memory goes by kfree_rcu and the bulk calls."""
    kind, functions = LOADS[1]
    with Fixture("balanced", kind, str(min(os.sched_getaffinity(0)))) as target:
        report, bounds = watch(lambda: target.go(f"rounds {ROUNDS}", 10 * DEADLINE_S), "process", {target.pid},
                               *options)
        check_bounds(report, bounds)
        check_blameless(report, functions, ROUNDS, bounds)
        made = [stack["alloc_count"] for stack in report.of_cache("filp") if report.passes(stack, of_load(functions))]
        # They were seen, and not blamed.
        lost = report.lost_allocations
        assert sum(made) >= ROUNDS - lost or not follows_events(), (made, lost, report.summary())
        assert target.quit() == 0


@case
def a_series():
    """The same from report to report, while the load goes on."""
    kind, functions = LOADS[1]
    with loads(kind) as targets:
        owners = {target.pid for target in targets}
        with Watching("--by", "process", interval="1", counts_will_do=True) as memtrace:
            for target in targets:
                target.send(f"seconds {SECONDS}")
            reports = [KernelReport(memtrace.next_report(), owners) for _ in range(3)]
            rounds = sum(row["alloc_count"] for target in targets
                         for row in target.report(SECONDS + DEADLINE_S).sites.values())
            memtrace.interrupt()
        assert rounds > 0
        for report in reports:
            check_caches(report)
            for stack in report.stacks:
                row = report.cache(stack.get("cache"))
                grew = max(0, row["growth_objects"]) if row else 0
                if report.passes(stack, of_load(functions)) and not stack["unverifiable"]:
                    assert stack["live_blocks"] <= PART * rounds + grew + IN_FLIGHT, (stack, report.summary())
        assert [target.quit() for target in targets] == [0] * len(targets)


main()
