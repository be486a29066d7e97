#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 1200
"""Another kernel than this machine's, with two NUMA nodes, in an emulated machine: Debian's 6.1, the oldest that
has a suite of its own still. `make vm` does the same at length, on more kernels and machines."""
import platform
import re
import shutil
import subprocess

from harness import *

KERNEL = "6.1-nodes2"
TESTS = ["heap", "kernel_first", "nodes"]
# Emulated, and beside other tests, it may take ten times what it takes alone.
LIMIT_S = 800


def missing():
    """Why there can be no machine; None when there can."""
    if platform.machine() != "x86_64":
        return f"the emulated machine is x86_64, memtrace is built for {platform.machine()}"
    for program, package in (("qemu-system-x86_64", "qemu-system-x86"), ("busybox", "busybox-static"), ("cpio", "cpio")):
        if not shutil.which(program):
            return f"{package} is not installed"
    return None


@case
def memory_under_6_1_on_two_nodes():
    if missing():
        raise Skip(missing())
    run = subprocess.run([ROOT / "tests" / "vm" / "run", "--limit", str(LIMIT_S), "--tests", ",".join(TESTS), KERNEL],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    absent = re.search(rf"^skipped +{re.escape(KERNEL)}: (.*)", run.stdout, re.M)
    if absent:
        raise Skip(f"no kernel package: {absent[1]}")
    found = re.findall(rf"^{re.escape(KERNEL)}: (passed|failed|skipped) +integration/(\w+)", run.stdout, re.M)
    verdicts = {test: verdict for verdict, test in found}
    assert run.returncode == 0 and verdicts == dict.fromkeys(TESTS, "passed"), run.stdout


main()
