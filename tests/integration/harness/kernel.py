# SPDX-License-Identifier: GPL-2.0-or-later
"""What the running kernel should be able to do, by its version."""
import os
import re

OLDEST = (5, 15)  # that memtrace traces on
BACKENDS = {"session": (6, 13), "multi": (6, 6), "perf": OLDEST}  # the best first


def kernel_version():
    """(major, minor)"""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def best_backend():
    return next((name for name, since in BACKENDS.items() if kernel_version() >= since), "none")
