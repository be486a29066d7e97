#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""python3 with its own allocator and with glibc's: exactly the objects that a script keeps."""
import os

from harness import *

KEPT = 10000
SCRIPT = f"""
import sys
print("ready", flush=True)
sys.stdin.readline()
large = [bytes(1000) for _ in range({KEPT})]
small = [bytes(300) for _ in range({KEPT})]
print("end", flush=True)
sys.stdin.readline()
del large
print("end", flush=True)
sys.stdin.readline()
"""
HEADER = 33  # of a bytes object, its closing NUL with it


class Python(Process):
    def __init__(self, **environment):
        super().__init__(["/usr/bin/python3", "-I", "-c", SCRIPT] if not environment else
                         ["/usr/bin/python3", "-c", SCRIPT], env=dict(os.environ, **environment))
        self.out.expect(lambda line: line == "ready", "'ready' of python3")

    def step(self):
        self.send("go")
        self.out.expect(lambda line: line == "end", "'end' of python3")


def live_of_size(python, size, steps):
    """Live blocks of exactly this size after some steps of the script."""
    with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-z", str(size), "-Z", str(size), "-p",
                  str(python.pid), "3600") as memtrace:
        memtrace.attached()
        for _ in range(steps):
            python.step()
        report = memtrace.last_report()
    assert report.integrity["complete"], report.integrity
    return report


@case(times=[(allocator, steps) for allocator in ("pymalloc", "malloc") for steps in (1, 2)])
def objects_beyond_the_small(allocator, steps):
    """Over 512 bytes both allocators ask malloc, object by object."""
    with Python(PYTHONMALLOC=allocator) as python:
        heap = live_of_size(python, 1000 + HEADER, steps).kind("heap")
        assert heap["alloc_count"] == KEPT and heap["live_blocks"] == (KEPT if steps == 1 else 0), heap


@case
def small_objects_by_malloc():
    with Python(PYTHONMALLOC="malloc") as python:
        heap = live_of_size(python, 300 + HEADER, 1).kind("heap")
        assert heap["live_blocks"] == KEPT, heap


@case
def small_objects_by_arenas():
    """Its own allocator maps arenas: a mapping, no heap."""
    with Python(PYTHONMALLOC="pymalloc") as python:
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(python.pid), "3600") as memtrace:
            memtrace.attached()
            python.step()
            report = memtrace.last_report()
    mapped = report.kind("mmap")["live_bytes"]
    assert KEPT * 300 < mapped < KEPT * 300 * 2 and mapped % (256 << 10) == 0, report["totals"]
    assert report.kind("heap")["live_bytes"] > KEPT * (1000 + HEADER)
    assert report.integrity["complete"], report.integrity


main()
