# SPDX-License-Identifier: GPL-2.0-or-later
"""What `memtrace kernel` reports, held against what the kernel says and what a fixture has done."""
import re

from .cases import Skip
from .kernel import kernel_version
from .memtrace import NEVER_S, Memtrace
from .process import DEADLINE_S
from .slabs import Slab, names_of

# Part of a cache's objects that may be missing or too many.
PART = 0.01


def is_system_call(function, name):
    """Is it the kernel's function for this system call, by any of its names?"""
    return bool(function and re.fullmatch(rf"(__(x64|arm64|ia32|se|do)_)?sys_{name}", function))


COUNTED = {"blocks": ("live_blocks", "alloc_count", "free_count"), "bytes": ("live_bytes", "alloc_bytes", "free_bytes")}


class KernelReport:
    """A report of `memtrace kernel` with the questions that tests ask.

    owners: of a report --by process or cgroup, those whose stacks are meant, by their numbers; what others do meanwhile
    is told apart."""

    def __init__(self, report, owners=None):
        self.report, self.owners = report, owners
        self.caches, self.stacks = report["caches"], report.stacks

    def cache(self, name):
        """The row of the cache that has this name, or None."""
        return next((c for c in self.caches if name == c["name"] or name in c["aliases"]), None)

    def of_cache(self, name):
        """The stacks of a cache, by any of its names."""
        row = self.cache(name)
        names = {name} | ({row["name"], *row["aliases"]} if row else set())
        return [s for s in self.stacks if s["kind"] == "slab" and s.get("cache") in names]

    @property
    def lost_allocations(self):
        """At most so many allocations stand in no stack."""
        return sum(n for cause, n in self.report.lost.items() if cause != "missed_frees")

    def foreign(self, stack):
        """Is it another owner's?"""
        return self.owners is not None and stack.get("cgroup_id", stack["pid"]) not in self.owners

    def passes(self, stack, wanted):
        """Is it of the owners meant, and does a frame's function satisfy `wanted`?"""
        return not self.foreign(stack) and any(wanted(frame["function"]) for frame in stack["frames"])

    def foreign_blocks(self, cache):
        """Objects of a cache that other owners hold."""
        return sum(stack["live_blocks"] for stack in self.of_cache(cache) if self.foreign(stack))

    def summary(self, n=8):
        """For messages of what went wrong."""
        lines = [f"{c['name']}: {c['objects_before']} to {c['objects_after']}, {c['growth_objects']:+}, "
                 f"{c['explained_objects']} explained, capacity {c['capacity_objects']}" for c in self.caches[:n]]
        lines += [f"{s['kind']} {s.get('cache')}: {s['live_blocks']} live: "
                  + " < ".join(str(f["function"]) for f in s["frames"][:6]) for s in self.stacks[:n]]
        return "\n".join([*lines, f"lost: {self.report.lost}"])


def follows_events():
    """Does memtrace follow the kernel's memory here, beside counting?"""
    return kernel_version() >= (5, 17)


class Watching(Memtrace):
    """`memtrace kernel` without an end, which has begun to count. counts_will_do: without stacks, too."""

    def __init__(self, *options, interval=NEVER_S, counts_will_do=False):
        if not follows_events() and not counts_will_do:
            raise Skip("no loops in BPF (bpf_loop, Linux 5.17): memtrace has the kernel's counts alone")
        super().__init__("kernel", "-v", "--format", "json", "--top", "0", "-o", "0", *options, interval)
        try:
            self.attached(3 * DEADLINE_S)  # many programs are to be verified
        except AssertionError:
            self.end()
            raise

    def finish(self, owners=None):
        """Ends it; its last report."""
        return KernelReport(self.last_report(), owners)


def check_caches(kernel_report):
    """What must hold in every report of kernel memory."""
    errors = []
    for cache in kernel_report.caches:
        if cache["growth_objects"] != cache["objects_after"] - cache["objects_before"]:
            errors.append(f"{cache['name']}: growth is not after less before: {cache}")
        if cache["explained_objects"] > max(0, cache["growth_objects"]):
            errors.append(f"{cache['name']}: more is explained than it grew: {cache}")
    for stack in kernel_report.stacks:
        if stack["nodes"] and not stack["unplaced_bytes"] and \
                sum(n["live_blocks"] for n in stack["nodes"]) != stack["live_blocks"]:
            errors.append(f"blocks by node do not add up: {stack['nodes']}, {stack['live_blocks']}")
    assert not errors, "\n".join(errors[:8])


def check_sums(kernel_report):
    """And what must hold in the last one: nothing is traced any more when it is made."""
    check_caches(kernel_report)
    errors = []
    for stack in kernel_report.stacks:
        for unit, keys in COUNTED.items():
            live, allocated, freed = (stack[key] for key in keys)
            if live != allocated - freed:
                errors.append(f"{stack['kind']} {stack.get('cache')}: {live} {unit} live is not {allocated} - {freed}")
    assert not errors, "\n".join([*errors[:8], f"lost: {kernel_report.report.lost}"])


def cache_errors(report, name, wanted, ours, bounds=None):
    """What is wrong with a cache that has to have grown by `wanted` objects, from stacks that pass `ours`.

    bounds: the kernel's own account, which others may have made another."""
    row = report.cache(name)
    if row is None:
        return [f"{name} is not among the caches that grew"]
    errors = []
    stacks = report.of_cache(name)
    net = sum(s["live_blocks"] for s in stacks if report.passes(s, ours))
    others = sum(s["live_blocks"] for s in stacks) - net
    if follows_events() and abs(net - wanted) > PART * wanted:
        errors.append(f"{name}: the stacks wanted have {net} objects, not {wanted}")
    slack = PART * wanted + row["capacity_objects"] + abs(others)
    least, most = bounds and bounds.growth({name}) or (wanted, wanted)
    if not min(wanted, least) - slack <= row["growth_objects"] <= max(wanted, most) + slack:
        errors.append(f"{name} grew by {row['growth_objects']}, not by {wanted}, with at most {slack:.0f} of others; "
                      f"by slabinfo by {least} to {most}")
    grown = min(wanted, max(0, row["growth_objects"]))  # less, where others gave objects of the cache back
    if follows_events() and not row["unverifiable"] and row["explained_objects"] < grown - slack:
        errors.append(f"{name}: {row['explained_objects']} objects are explained, of {grown}")
    return errors


def top_errors(report, caches, before, after, ours):
    """Nothing if the first cache is one of these, or those above have grown by as much by the kernel's own account, or
    from stacks that pass `ours` or are of other owners."""
    names = set().union(*(names_of(name) for name in caches))
    for row in report.caches:
        if {row["name"], *row["aliases"]} & names:
            return []
        if sum(stack["live_blocks"] for stack in report.of_cache(row["name"])
               if report.foreign(stack) or report.passes(stack, ours)) >= 0.9 * row["growth_objects"]:
            continue
        slab = after.get(row["name"])
        former = before.get(row["name"], Slab(0, 0, 0))
        if not slab or (slab.total - former.total) * slab.size < row["growth_bytes"] / 2:
            return [f"{row['name']} is above {sorted(caches)}"]
    return [f"none of {sorted(caches)} is there"]


def check_bounds(report, bounds):
    errors = []
    for row in report.caches:
        _, most = bounds.growth({row["name"], *row["aliases"]}) or (None, None)
        grown = row["growth_objects"] - report.foreign_blocks(row["name"])
        if most is not None and grown > max(0, most) + row["capacity_objects"]:
            errors.append(f"{row['name']} is said to have grown by {row['growth_objects']}; by slabinfo {most}, "
                          f"and {row['capacity_objects']} that CPUs keep")
    assert not errors, "\n".join([*errors, report.summary()])
