# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel itself says of its memory, and the places and settings that tests of it need."""
import collections
import contextlib
import os
import pathlib
import re
import shutil
import tempfile
import threading

from .cases import Skip

BETWEEN_READINGS_S = 0.01
SHEAVES_OF_CPU, SHEAVES_OF_NODE = 3, 10  # at most
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


def kept_by_cpus(name):
    """Free objects that CPUs may keep of a cache, which slabinfo counts as active: of the slab that a CPU allocates from,
    of those that it has in reserve, and of sheaves (6.18), of which a node keeps some more."""
    def setting(what):
        try:
            return int((SLABS / name / what).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0
    reserve = 2 * setting("cpu_partial")  # the kernel reckons with slabs that are half full
    sheaves = setting("sheaf_capacity") * (SHEAVES_OF_CPU * os.cpu_count() + SHEAVES_OF_NODE * max(1, len(cpus_by_node())))
    return os.cpu_count() * (2 * setting("objs_per_slab") + reserve) + sheaves


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
    path = tempfile.mkdtemp(prefix="memtrace-test-", dir=hierarchy(controller))
    try:
        yield path
    finally:
        for child in [entry.path for entry in os.scandir(path) if entry.is_dir()] + [path]:
            os.rmdir(child)


def joined(folder):
    """What makes a child a member of the cgroup before it runs."""
    def join():
        pathlib.Path(folder, "cgroup.procs").write_text("0", encoding="utf-8")
    return join


def number_in_reports(folder):
    """The lower half of a cgroup's ID, which is its folder's number."""
    return os.stat(folder).st_ino & 0xffffffff


def hierarchy(controller):
    """Where the cgroups are mounted that have this controller; None: those of version 2."""
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


class Bounds:
    """The kernel's own account while memtrace makes each of its two: again and again, for what other programs give back
    stays for a grace period."""

    def __init__(self):
        self.first, self.second = [], []

    def beginning(self):
        """While memtrace starts."""
        return self._reading(self.first)

    def ending(self):
        """While it makes its last report."""
        return self._reading(self.second)

    @staticmethod
    @contextlib.contextmanager
    def _reading(readings):
        done = threading.Event()

        def read():
            while not done.wait(BETWEEN_READINGS_S):
                readings.append(slabinfo())
        readings.append(slabinfo())
        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            readings.append(slabinfo())

    def growth(self, names):
        """(least, most) that a cache of these names can have grown by; None when slabinfo has none of them."""
        name = next((name for name in sorted(names) if name in self.second[-1]), None)
        if name is None:
            return None
        kept = kept_by_cpus(name)
        first, second = ([reading.get(name, Slab(0, 0, 0)).active for reading in readings]
                         for readings in (self.first, self.second))
        return min(second) - max(first) - kept, max(second) - min(first) + kept
