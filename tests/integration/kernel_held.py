#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# apart: kernel
# timeout: 600
"""Kernel objects that a program holds, so and so many of each kind: the right caches are on top, with as many
objects, and the stacks lead to the system call that makes them. Where memtrace follows no events, the caches alone.

Which caches an object takes differs between kernels, and caches that are alike are merged. So the kernel itself is
asked first: what grows in /proc/slabinfo by once, twice… as many objects as the fixture makes."""
import collections
import contextlib
import os
import time

from harness import *
from harness.kernel_report import *
from harness.slabs import *

COUNT = 15000
AT_LEAST = 7500  # where a limit cannot be raised: RLIMIT_MSGQUEUE, without CAP_SYS_RESOURCE
# Near enough to a multiple of the count to be told from the noise of other programs; each CPU's own objects lie in it.
CALIBRATION = 0.1
CALIBRATIONS = 3
AT_HAND = 0.1  # of the count, that a CPU may have had before
GIVING_BACK_S = 5 * PATIENCE

Kind = collections.namedtuple("Kind", "name system_call cache functions", defaults=((),))

# cache: one that surely is among those that grow, by any of its names since 5.10.
KINDS = [
    Kind("eventfd", "eventfd2", ("filp",), ("do_eventfd",)),
    Kind("epoll", "epoll_create1", ("filp",), ("do_epoll_create",)),
    Kind("pipe", "pipe2", ("filp",), ("do_pipe2",)),
    Kind("socket", "socket", ("sock_inode_cache",), ("__sys_socket",)),
    Kind("watch", "inotify_add_watch", ("inotify_inode_mark",)),
    Kind("timer", "timer_create", ("posix_timers_cache",), ("do_timer_create",)),
    Kind("key", "add_key", ("key_jar",)),
    Kind("file", "openat", ("filp",), ("do_sys_openat2", "do_sys_open")),
    Kind("dentry", "mknodat", ("dentry",), ("do_mknodat", "filename_mknodat")),
    Kind("cgroup", "mkdir", ("kernfs_node_cache",), ("do_mkdirat", "filename_mkdirat")),
    Kind("queue", "msgget", (), ("ksys_msgget",)),
    Kind("mqueue", "mq_open", ("mqueue_inode_cache",), ("do_mq_open",)),
]


def kind_named(name):
    return next(kind for kind in KINDS if kind.name == name)


@contextlib.contextmanager
def holding(kind, count=COUNT, **options):
    """The fixture, ready to hold; limits are raised as long as it lives."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(raised(
            fs__inotify__max_user_watches=2 * count, kernel__keys__root_maxkeys=2 * count,
            kernel__keys__root_maxbytes=100 * count, kernel__msgmni=count + 100, fs__mqueue__queues_max=count + 100,
            fs__nr_open=2 * count + 100, fs__file__max=4 * count))
        folder = stack.enter_context(cgroup() if kind.name == "cgroup" else scratch_in_memory())
        yield stack.enter_context(Fixture("held_objects", kind.name, str(count), folder, **options))


def held_by(target, kind):
    return target.truth.sites[kind.name, kind.system_call]["live_blocks"]


def as_many(changes, n):
    """cache -> how many of its objects one of n takes; of caches that changed by a multiple of n"""
    times = {name: round(objects / n) for name, objects in changes.items()}
    return {name: k for name, k in times.items() if k and abs(changes[name] - k * n) <= CALIBRATION * n}


def growth_by(kind):
    """cache -> how many of its objects one of this kind takes, by the kernel's account; and the growth of all

    A cache that does not lose them again when they are given back has grown for another reason; the kernel takes its
    time over that."""
    with holding(kind) as target:
        before = slabinfo()
        target.go("hold")
        n = held_by(target, kind)
        held = slabinfo()
        target.quit()
    growth = grown(before, held)
    found = as_many(growth, n)
    end = time.monotonic() + GIVING_BACK_S
    while True:
        back = found.items() & as_many(grown(slabinfo(), held), n).items()
        if len(back) == len(found) or time.monotonic() > end:
            return dict(back), growth
        time.sleep(0.05)


def caches_of(kind):
    """cache -> how many of its objects one of this kind takes: twice in a row, for other programs make caches grow by as
    many now and then; asked again where they got in between"""
    wanted = [name for name in kind.cache if (SLABS / name).exists()]
    for _ in range(CALIBRATIONS):
        found, growth = growth_by(kind)
        found = dict(found.items() & growth_by(kind)[0].items())
        if found and all(names_of(name) & set(found) for name in wanted):
            return found
    raise AssertionError(f"{kind.name}: {wanted} did not grow with it: {growth}")


def leads_to(kind):
    return lambda function: is_system_call(function, kind.system_call) or function in kind.functions


def hold_once(kind, caches):
    """What is wrong with the report on objects of this kind."""
    bounds = Bounds()
    with holding(kind) as target:
        with bounds.beginning():
            memtrace = Watching("--by", "process", counts_will_do=True)
        with memtrace:
            target.go("hold")
            n = held_by(target, kind)
            assert n >= AT_LEAST, n
            with bounds.ending():
                report = memtrace.finish({target.pid})
        target.go("free")
        target.quit()
    check_sums(report)
    errors = top_errors(report, caches, bounds.first[0], bounds.second[-1], leads_to(kind))
    for cache, times in caches.items():
        errors += cache_errors(report, cache, times * n, leads_to(kind), bounds)
    return errors and [*errors, f"caches: {caches}", report.summary()]


@case(times=[kind.name for kind in KINDS])
def held(name):
    kind = kind_named(name)
    errors = hold_once(kind, caches_of(kind))
    assert not errors, "\n".join(errors)


@case
def given_back():
    """What was made and given back in the window is no growth."""
    kind = KINDS[0]
    with holding(kind) as target, Watching("--by", "process") as memtrace:
        target.go("hold")
        target.go("free")
        report = memtrace.finish({target.pid})
        check_sums(report)
        stacks = [stack for stack in report.stacks if report.passes(stack, leads_to(kind))]
        assert sum(stack["alloc_count"] for stack in stacks if stack.get("cache") == "filp") >= COUNT, report.summary()
        for stack in stacks:
            row = report.cache(stack.get("cache"))
            grew = max(0, row["growth_objects"]) if row else 0  # the allocator's own, with slabs that it keeps
            assert stack["unverifiable"] or stack["live_blocks"] <= PART * COUNT + grew, report.summary()
        target.quit()


@case
def of_one_process():
    """--pid: its objects alone, exactly as many as it holds."""
    kind = KINDS[0]
    with holding(kind) as target, holding(kind, COUNT // 3) as other:
        with Watching("--pid", str(target.pid)) as memtrace:
            target.go("hold")
            other.go("hold")
            report = memtrace.finish()
        for stack in report.of_cache("filp"):
            assert stack["pid"] in (0, target.pid), stack
        got = sum(s["live_blocks"] for s in report.of_cache("filp") if report.passes(s, leads_to(kind)))
        assert abs(got - COUNT) <= PART * COUNT, (got, report.summary())
        assert other.quit() == 0 and target.quit() == 0


@case
def of_one_cache():
    """--cache: no other cache is there, and the count is the same."""
    kind = KINDS[0]
    with holding(kind) as target:
        with Watching("--cache", "filp", "--by", "process") as memtrace:
            target.go("hold")
            report = memtrace.finish({target.pid})
        row = report.cache("filp")
        assert row and len(report.caches) == 1, report.summary()
        assert {s.get("cache") for s in report.stacks} <= {row["name"], *row["aliases"]}, report.summary()
        errors = cache_errors(report, "filp", COUNT, leads_to(kind))
        assert not errors, "\n".join([*errors, report.summary()])
        assert target.quit() == 0


@case
def of_one_cgroup():
    """--cgroup: what its members make the kernel allocate, and nobody else."""
    kind = KINDS[0]
    with cgroup() as folder:
        with holding(kind, preexec_fn=joined(folder)) as target, holding(kind, COUNT // 3) as other:
            with Watching("--cgroup", folder) as memtrace:
                target.go("hold")
                other.go("hold")
                report = memtrace.finish()
            got = sum(s["live_blocks"] for s in report.of_cache("filp") if report.passes(s, leads_to(kind)))
            assert abs(got - COUNT) <= PART * COUNT, (got, report.summary())
            assert other.quit() == 0 and target.quit() == 0


@case
def from_so_much_on():
    """--min-growth: caches that grew by less are not there."""
    kind = KINDS[0]
    with holding(kind) as target:
        with Watching("--min-growth", "1M") as memtrace:
            target.go("hold")
            report = memtrace.finish()
        assert report.cache("filp"), report.summary()
        assert all(row["growth_bytes"] >= 1 << 20 for row in report.caches), report.summary()
        assert target.quit() == 0


@case(times=["file", "queue"])
def on_a_node(name):
    """Objects lie on the node of the CPU that made them; --node leaves the others out.

    But for those that the CPU had at hand: since 6.18 what it frees it gives out again, wherever that lies."""
    kind = kind_named(name)
    nodes = cpus_by_node()
    if len(nodes) < 2:
        raise Skip("this machine has one NUMA node")
    cache = min(caches_of(kind))
    (here, cpus), (elsewhere, _) = sorted(nodes.items())[-1], sorted(nodes.items())[0]
    for node, wanted in ((None, COUNT), (here, COUNT), (elsewhere, 0)):
        options = [] if node is None else ["--node", str(node)]
        with holding(kind, preexec_fn=lambda: os.sched_setaffinity(0, cpus)) as target:
            with Watching("--by", "process", *options) as memtrace:
                target.go("hold")
                report = memtrace.finish({target.pid})
            stacks = [s for s in report.of_cache(cache) if report.passes(s, leads_to(kind))]
            if node is None:
                assert abs(sum(s["live_blocks"] for s in stacks) - COUNT) <= PART * COUNT, report.summary()
            else:
                assert abs(sum(s["live_blocks"] for s in stacks) - wanted) <= AT_HAND * COUNT, (node, report.summary())
            there = sum(n["live_blocks"] for s in stacks for n in s["nodes"] if n["node"] == here)
            assert abs(there - wanted) <= AT_HAND * COUNT, (node, [s["nodes"] for s in stacks])
            target.quit()


main()
