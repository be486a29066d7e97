# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel module that leaks as it is told to (tests/vm/module/leaky.c), in a virtual machine."""
import json
import os
import pathlib
import subprocess

from .cases import Skip

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
