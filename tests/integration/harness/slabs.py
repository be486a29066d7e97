# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel itself says of its memory, and what `memtrace kernel` reports, put side by side."""
import collections
import contextlib
import os
import pathlib
import re
import shutil
import tempfile

from .cases import Skip
from .memtrace import Memtrace
from .process import DEADLINE_S

NEVER_S = "3600"
SLABS = pathlib.Path("/sys/kernel/slab")

Slab = collections.namedtuple("Slab", "active total size")


def slabinfo():
    """name -> Slab, by /proc/slabinfo: what lies in slabs of CPUs counts as active there."""
    found = {}
    with open("/proc/slabinfo", encoding="utf-8") as file:
        for line in file:
            match = re.match(r"(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+\s+\d+ :", line)
            if match:
                found[match[1]] = Slab(*(int(match[i]) for i in (2, 3, 4)))
    return found


def grown(before, after):
    """name -> active objects more than before; of caches that grew."""
    return {name: slab.active - before.get(name, Slab(0, 0, 0)).active for name, slab in after.items()
            if slab.active > before.get(name, Slab(0, 0, 0)).active}


def names_of(name):
    """All names that a cache has, where the kernel says so."""
    try:
        real = os.path.realpath(SLABS / name)
        return {entry for entry in os.listdir(SLABS) if os.path.realpath(SLABS / entry) == real} - \
            {os.path.basename(real) if os.path.basename(real).startswith(":") else ""} | {name}
    except OSError:
        return {name}


@contextlib.contextmanager
def raised(**values):
    """Settings below /proc/sys (a__b is a/b) are at least so high within this block, and as before after it."""
    former = {}
    try:
        for name, value in values.items():
            path = pathlib.Path("/proc/sys", *name.split("__"))
            if not path.exists():
                continue
            old = path.read_text(encoding="utf-8").strip()
            if int(old) < value:
                path.write_text(str(value), encoding="utf-8")
                former[path] = old
        yield
    finally:
        for path, old in former.items():
            path.write_text(old, encoding="utf-8")


@contextlib.contextmanager
def scratch_in_memory():
    """A folder in a tmpfs: its files and names stay in the kernel's caches, whatever else goes on."""
    folder = tempfile.mkdtemp(prefix="memtrace-test-", dir="/dev/shm")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def cgroup(controller=None):
    """A cgroup of the test's own with that controller; None: of version 2, with any."""
    path = tempfile.mkdtemp(prefix="memtrace-test-", dir=_hierarchy(controller))
    try:
        yield path
    finally:
        os.rmdir(path)


def joined(folder):
    """What makes a child a member of the cgroup before it runs."""
    def join():
        pathlib.Path(folder, "cgroup.procs").write_text("0", encoding="utf-8")
    return join


def _hierarchy(controller):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        rows = [line.split() for line in mounts]
    for _, place, kind, options, *_ in rows:
        if kind == "cgroup" and controller and controller in options.split(","):
            return place
        if kind == "cgroup2" and not controller:
            return place
        if kind == "cgroup2" and controller in pathlib.Path(place, "cgroup.controllers").read_text(
                encoding="utf-8").split():
            pathlib.Path(place, "cgroup.subtree_control").write_text(f"+{controller}", encoding="utf-8")
            return place
    raise Skip(f"no cgroup hierarchy with {controller or 'version 2'} is mounted")


def cpus_by_node():
    """node -> its CPUs; of nodes that have both CPUs and memory"""
    found = {}
    for path in pathlib.Path("/sys/devices/system/node").glob("node[0-9]*"):
        cpus = set()
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", (path / "cpulist").read_text(encoding="utf-8")):
            cpus |= set(range(int(first), int(last or first) + 1))
        memory = re.search(r"MemTotal:\s+(\d+)", (path / "meminfo").read_text(encoding="utf-8"))
        if cpus and int(memory[1]):
            found[int(path.name.removeprefix("node"))] = cpus
    return found


def is_system_call(function, name):
    """Is it the kernel's function for this system call, by any of its names?"""
    return bool(function and re.fullmatch(rf"(__(x64|arm64|ia32|se|do)_)?sys_{name}", function))


class KernelReport:
    """A report of `memtrace kernel` with the questions that tests ask."""

    def __init__(self, report):
        self.report = report
        self.caches, self.stacks = report["caches"], report.stacks

    def cache(self, name):
        """The row of the cache that has this name, or None."""
        return next((c for c in self.caches if name == c["name"] or name in c["aliases"]), None)

    def of_cache(self, name):
        """The stacks of a cache, by any of its names."""
        row = self.cache(name)
        names = {name} | ({row["name"], *row["aliases"]} if row else set())
        return [s for s in self.stacks if s["kind"] == "slab" and s["cache"] in names]

    @staticmethod
    def passes(stack, wanted):
        """Does a frame's function satisfy `wanted`?"""
        return any(wanted(frame["function"]) for frame in stack["frames"])

    def summary(self, n=8):
        """For messages of what went wrong."""
        lines = [f"{c['name']}: {c['objects_before']} to {c['objects_after']}, {c['growth_objects']:+}, "
                 f"{c['explained_objects']} explained, capacity {c['capacity_objects']}" for c in self.caches[:n]]
        lines += [f"{s['kind']} {s.get('cache')}: {s['live_blocks']} live: "
                  + " < ".join(str(f["function"]) for f in s["frames"][:6]) for s in self.stacks[:n]]
        return "\n".join([*lines, f"lost: {self.report.lost}"])


class Watching(Memtrace):
    """`memtrace kernel` without an end, which has begun to count."""

    def __init__(self, *options, interval=NEVER_S):
        super().__init__("kernel", "-v", "--format", "json", "--top", "0", *options, interval)
        try:
            self.attached(DEADLINE_S)
        except AssertionError:
            self.end()
            raise

    def finish(self):
        """Ends it; its last report."""
        return KernelReport(self.interrupt()[-1])


def check_sums(kernel_report):
    """What must hold in every report of kernel memory."""
    errors = []
    for cache in kernel_report.caches:
        if cache["growth_objects"] != cache["objects_after"] - cache["objects_before"]:
            errors.append(f"{cache['name']}: growth is not after less before: {cache}")
        if cache["explained_objects"] > max(0, cache["growth_objects"]):
            errors.append(f"{cache['name']}: more is explained than it grew: {cache}")
    for stack in kernel_report.stacks:
        if stack["live_blocks"] != stack["alloc_count"] - stack["free_count"]:
            errors.append(f"live_blocks is not alloc_count - free_count: {stack['kind']} {stack.get('cache')}")
        if stack["nodes"] and sum(n["live_blocks"] for n in stack["nodes"]) != stack["live_blocks"]:
            errors.append(f"blocks by node do not add up: {stack['nodes']}, {stack['live_blocks']}")
    assert not errors, "\n".join(errors[:8])
