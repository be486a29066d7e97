#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# apart: kernel
# timeout: 300
"""What a kernel module leaks: every kind of memory from every context in which it can be had, each found with the
module's function in the stack, and as much as the module says."""
import os

from harness import *
from harness.leaky import USUAL, Leaky, check_sites_of, found
from harness.kernel_report import *
from harness.slabs import *

OBJECT_BYTES, MERGED_BYTES = 232, 192  # of leaky_object, leaky_merged
HOLDS = [("kmalloc", 192, 20000), ("cache", 0, 20000), ("merged", 0, 20000), ("page", 0, 4000), ("percpu", 64, 300),
         ("vmalloc", 20000, 400)]
CONTEXTS = ["process", "workqueue", "softirq", "hardirq"]
ALL = [(kind, context, size, count) for kind, size, count in HOLDS for context in CONTEXTS
       if kind != "vmalloc" or context in ("process", "workqueue")]

@case
def the_module_counts_right():
    """By the kernel's own account, before it is believed."""
    with Leaky() as module:
        before = slabinfo()["leaky_object"]
        for context in CONTEXTS:
            module.leak("cache", context, 0, 5000)
        truth = module.truth()
        assert {row["live_blocks"] for row in truth.values()} == {5000} and len(truth) == len(CONTEXTS), truth
        assert all(row["live_bytes"] == 5000 * OBJECT_BYTES and row["failed"] == 0 for row in truth.values()), truth
        full = slabinfo()["leaky_object"]
        assert abs(full.active - before.active - 20000) <= PART * 20000, (before, full)
        module.free("cache", "bulk")
        freed = module.truth()["cache", "softirq"]
        assert (freed["live_blocks"], freed["free_count"]) == (0, 5000), freed
        assert slabinfo()["leaky_object"].active <= full.active - 18000, (full, slabinfo()["leaky_object"])
    assert "leaky_object" not in slabinfo()


@case
def the_module_is_in_every_context():
    """All kinds from all contexts are to be had, and are gone with the module."""
    with Leaky() as module:
        for kind, context, size, count in ALL:
            module.leak(kind, context, size, count)
        truth = module.truth()
        assert set(truth) == {(kind, context) for kind, context, _, _ in ALL}, truth
        # Per-CPU memory in atomic contexts comes from a reserve that a worker fills up, which may be late.
        short = {site: row for site, row in truth.items()
                 if not row["alloc_count"] or (site[0] != "percpu" and row["alloc_count"] < row["failed"])}
        assert not short, short
        for kind in ("kmalloc", "cache", "merged"):
            assert all(truth[kind, context]["live_blocks"] == 20000 for context in CONTEXTS), truth


def has_events(kind):
    return kind != "vmalloc" or kernel_version() >= (6, 2)


@case(times=ALL)
def leak(kind, context, size, count):
    if not has_events(kind):
        raise Skip("no events of vmalloc's areas (alloc_vmap_area, Linux 6.2)")
    with Leaky() as module, Watching() as memtrace:
        module.leak(kind, context, size, count)
        report = memtrace.finish()
        row = module.truth()[kind, context]
        assert row["alloc_count"] >= count / 2, row  # in interrupts, not all is to be had
        check_sums(report)
        check_sites_of(report, module, (*USUAL, "live_bytes") if kind not in ("percpu", "vmalloc") else USUAL)
        if kind in ("kmalloc", "cache", "merged"):
            cache = report.cache(row.get("cache") or found(report, row)[0][0]["cache"])
            slack = PART * count + cache["capacity_objects"]
            assert abs(cache["growth_objects"] - row["live_blocks"]) <= slack or kind != "cache", report.summary()
            assert cache["growth_objects"] >= row["live_blocks"] - slack, report.summary()


@case(times=[0, 1, 2, 3, 5])
def pages_of_order(order):
    with Leaky() as module, Watching("--order", str(order)) as memtrace:
        module.leak("page", "process", order, 200)
        module.leak("page", "process", order + 1, 50)  # narrowed out
        report = memtrace.finish()
        stacks, sums = found(report, module.truth()["page", "process"])
        assert sums["live_blocks"] == 200, (sums, report.summary())
        assert sums["live_bytes"] == 200 * (os.sysconf("SC_PAGE_SIZE") << order), sums
        assert all(stack["order"] == order for stack in stacks if "order" in stack), stacks


@case
def all_at_once_at_known_rates():
    """Each context and kind has its rate; the interrupts come while processes allocate."""
    with Leaky() as module, Watching() as memtrace:
        for kind, context, size, _ in ALL:
            if has_events(kind):
                module.leak(kind, context, size, 200, 1000)
        report = memtrace.finish()
        check_sums(report)
        check_sites_of(report, module)


@case(times=[("kmalloc", "plain"), ("kmalloc", "bulk"), ("cache", "plain"), ("cache", "bulk"), ("page", "plain"),
             ("percpu", "plain"), ("vmalloc", "plain")])
def given_back(kind, how):
    """What was freed is no growth: not by any stack, unless it is said that its frees cannot be seen."""
    size, count = next((size, count) for name, size, count in HOLDS if name == kind)
    with Leaky() as module, Watching() as memtrace:
        module.leak(kind, "process", size, count)
        module.free(kind, how)
        report = memtrace.finish()
        row = module.truth()[kind, "process"]
        assert (row["live_blocks"], row["free_count"]) == (0, row["alloc_count"]), row
        stacks, _ = found(report, row)
        for stack in stacks:
            assert stack["unverifiable"] or abs(stack["live_blocks"]) <= PART * count, (stack, report.summary())
        if kind == "cache":
            cache = report.cache("leaky_object")
            assert cache is None or cache["growth_objects"] <= cache["capacity_objects"], report.summary()


@case
def given_back_after_a_grace_period():
    """kfree_rcu frees by batches, without an event: no stack is blamed for what is no longer there."""
    with Leaky() as module:
        before = slabinfo()
        with Watching() as memtrace:
            module.leak("kmalloc", "process", 192, 20000)
            cache = max(grown(before, slabinfo()).items(), key=lambda item: item[1])[0]
            full = slabinfo()[cache].active
            module.free("kmalloc", "rcu")
            wait_until(lambda: slabinfo()[cache].active < full - 15000, "the objects are gone")
            report = memtrace.finish()
        stacks, _ = found(report, module.truth()["kmalloc", "process"])
        for stack in stacks:
            assert stack["unverifiable"] or stack["live_blocks"] <= PART * 20000, (stack, report.summary())
        row = report.cache(cache)
        assert row is None or row["growth_objects"] <= 5000 + row["capacity_objects"], report.summary()
        assert row is None or row["explained_objects"] <= max(0, row["growth_objects"]), report.summary()


@case
def kept_before():
    """What was there before memtrace looked is not growth; freeing it is not either."""
    with Leaky() as module:
        module.leak("cache", "process", 0, 20000)
        with Watching() as memtrace:
            module.free("cache")
            report = memtrace.finish()
        stacks, _ = found(report, module.truth()["cache", "process"])
        assert all(stack["live_blocks"] == 0 for stack in stacks), stacks
        cache = report.cache("leaky_object")
        assert cache is None or cache["growth_objects"] <= 0, report.summary()


main()
