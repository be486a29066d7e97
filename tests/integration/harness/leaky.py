# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel module that leaks as it is told to (tests/vm/module/leaky.c), in a virtual machine."""
import json
import os
import pathlib
import subprocess

from .cases import Skip
from .kernel_report import PART

USUAL = ("live_blocks", "alloc_count", "free_count")
ORDERS = pathlib.Path("/proc/leaky")


class Leaky:
    """The module, loaded within this block; what it still holds goes with it.

    The machine's init says where it is. It is loaded nowhere else: a module is no guest on a machine in use."""

    def __init__(self):
        self.path = os.environ.get("MEMTRACE_MODULE")
        if not os.path.exists("/proc/modules"):
            raise Skip("this kernel has no loadable modules (CONFIG_MODULES)")
        if not self.path:
            raise Skip("loadable modules: none was built for this kernel (tests/vm/module), or this is no virtual machine "
                       "of the tests")

    def __enter__(self):
        subprocess.run(["insmod", self.path], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["rmmod", "leaky"], check=True)

    @staticmethod
    def order(*words):
        """Carried out when this returns."""
        ORDERS.write_text(" ".join(map(str, words)), encoding="utf-8")

    def leak(self, kind, context, size, count, rate=0):
        self.order("leak", kind, context, size, count, rate)

    def free(self, kind="all", how="plain"):
        self.order("free", kind, how)

    @staticmethod
    def truth():
        """(kind, context) -> what the site has done, by the module's own account"""
        rows = [json.loads(line) for line in ORDERS.read_text(encoding="utf-8").splitlines()]
        return {(row["function"].split("_")[1], row["context"]): row for row in rows}


def found(report, row):
    """The sums over the stacks that pass the site; not of what slab takes for itself meanwhile (a sheaf, since 6.18)."""
    stacks = [s for s in report.stacks if s["kind"] == row["kind"]
              and report.passes(s, lambda function: function == row["function"])
              and not report.passes(s, lambda function: function.startswith("kmem_cache_alloc"))]
    return stacks, {key: sum(s[key] for s in stacks) for key in (*USUAL, "live_bytes")}


def site_errors(report, row, keys=USUAL):
    """Errors of one site of the module."""
    stacks, sums = found(report, row)
    if not stacks:
        return [f"{row['function']}: no stack passes it"]
    errors = [f"{row['function']}: {key} {sums[key]}, not {row[key]}" for key in keys
              if abs(sums[key] - row[key]) > PART * max(row[key], row["alloc_count"])]
    for stack in stacks:
        frame = next(f for f in stack["frames"] if f["function"] == row["function"])
        if frame["module"] not in ("leaky", "[leaky]"):
            errors.append(f"{row['function']} is said to be of {frame['module']}")
        if "cache" in row:
            cache = report.cache(row["cache"])
            if not cache or stack["cache"] not in (cache["name"], *cache["aliases"]):
                errors.append(f"{row['function']} is said to take from {stack['cache']}")
    return errors


def check_sites_of(report, module, keys=USUAL):
    errors = [error for row in module.truth().values() for error in site_errors(report, row, keys)]
    assert not errors, "\n".join([*errors[:12], report.summary()])
