#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of kernel reports finds what it should: a wrong report must not pass."""
import copy

from harness import *
from harness.kernel_report import *
from harness.leaky import site_errors
from harness.slabs import *

N = 15000
CACHE = {"name": "made_up", "aliases": [], "objects_before": 100, "objects_after": 15100, "growth_objects": N,
         "growth_bytes": N * 232, "explained_objects": N, "alloc_count": N, "free_count": 0, "nodes": [],
         "unverifiable": False, "capacity_objects": 100}
FRAMES = [{"function": "alloc_empty_file", "module": "[kernel]"}, {"function": "__x64_sys_eventfd2", "module": "[kernel]"}]
STACK = {"pid": 0, "kind": "slab", "cache": "made_up", "live_blocks": N, "live_bytes": N * 232, "alloc_count": N,
         "free_count": 0, "alloc_bytes": N * 232, "free_bytes": 0, "nodes": [{"node": 0, "live_blocks": N}],
         "unplaced_bytes": 0, "unverifiable": False, "frames": FRAMES}
SITE = {"function": "leaky_cache_softirq", "kind": "slab", "cache": "leaky_object", "live_blocks": 400,
        "live_bytes": 400 * 232, "alloc_count": 400, "free_count": 0}


class Stand:
    lost = {}

    def __init__(self, caches, stacks):
        self.data = {"caches": caches}
        self.stacks = stacks

    def __getitem__(self, key):
        return self.data[key]


def report(change=lambda caches, stacks: None):
    caches, stacks = copy.deepcopy([CACHE]), copy.deepcopy([STACK])
    change(caches, stacks)
    return KernelReport(Stand(caches, stacks))


def eventfds(function):
    return is_system_call(function, "eventfd2")


def must_fail(check, *arguments):
    try:
        errors = check(*arguments)
    except AssertionError:
        return
    assert errors, "the comparison has let it pass"


@case
def right_report_passes():
    assert cache_errors(report(), "made_up", N, eventfds) == []
    check_sums(report())


@case(times=[{"growth_objects": 14500, "objects_after": 14600}, {"growth_objects": 15500}, {"explained_objects": 14000},
             {"name": "other"}])
def wrong_cache(change):
    must_fail(cache_errors, report(lambda caches, stacks: caches[0].update(change)), "made_up", N, eventfds)


@case(times=[{"live_blocks": 14800}, {"live_blocks": 15200}, {"cache": "dentry"}, {"kind": "page"}, {"frames": FRAMES[:1]}])
def wrong_stack(change):
    must_fail(cache_errors, report(lambda caches, stacks: stacks[0].update(change)), "made_up", N, eventfds)


@case(times=[{"growth_objects": 15001}, {"explained_objects": 15001}])
def wrong_sums_of_a_cache(change):
    must_fail(check_sums, report(lambda caches, stacks: caches[0].update(change)))


@case(times=[{"live_blocks": 14800}, {"nodes": [{"node": 0, "live_blocks": 1}]}])
def wrong_sums_of_a_stack(change):
    must_fail(check_sums, report(lambda caches, stacks: stacks[0].update(change)))


def nobody(function):
    return False


@case
def another_cache_on_top():
    def above(caches, stacks):
        caches.insert(0, dict(CACHE, name="strange"))
    assert top_errors(report(), ["made_up"], {}, {}, nobody) == []
    must_fail(top_errors, report(above), ["made_up"], {}, {}, nobody)
    assert top_errors(report(above), ["made_up"], {}, {"strange": Slab(N, N, 232)}, nobody) == []


@case
def beyond_the_kernels_account():
    def bounds(before, after):
        made = Bounds()
        made.first, made.second = [{"made_up": Slab(n, n, 232)} for n in before], [{"made_up": Slab(n, n, 232)} for n in after]
        return made
    check_bounds(report(), bounds((90, 110), (15080, 14000)))
    must_fail(check_bounds, report(), bounds((200, 210), (14000, 15080)))


@case
def a_site_of_the_module():
    def changed(**changes):
        def change(caches, stacks):
            caches[0].update(name="leaky_object")
            stacks[0].update(dict(SITE, frames=[{"function": SITE["function"], "module": "[leaky]"}]))
            stacks[0].update(changes)
        return report(change)
    assert site_errors(changed(), SITE) == []
    for changes in ({"live_blocks": 390}, {"free_count": 10}, {"cache": "kmalloc-256"}, {"kind": "page"},
                    {"frames": [{"function": SITE["function"], "module": "[kernel]"}]}, {"frames": []}):
        must_fail(site_errors, changed(**changes), SITE)


main()
