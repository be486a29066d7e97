#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Unwind tables: one for a file, whatever processes map it; gone when the last of them is."""
import json
import os
import signal
import subprocess

from harness import *


def tables(memtrace):
    """How many tables that memtrace has made."""
    for entry in os.listdir(f"/proc/{memtrace.pid}/fdinfo"):
        with open(f"/proc/{memtrace.pid}/fdinfo/{entry}", encoding="utf-8") as lines:
            fields = dict(line.split(None, 1) for line in lines if len(line.split(None, 1)) == 2)
        if "map_id:" not in fields:
            continue
        number = fields["map_id:"].strip()
        shown = json.loads(subprocess.run(["bpftool", "-j", "map", "show", "id", number], capture_output=True,
                                          check=True).stdout)
        if shown.get("name") == "unwind_objects":
            rows = json.loads(subprocess.run(["bpftool", "-j", "map", "dump", "id", number], capture_output=True,
                                             check=True).stdout)
            return sum(any(int(byte, 16) for byte in row["value"]) for row in rows)
    raise AssertionError("memtrace has no such map")


@case()
def shared_and_evicted():
    with Fixture("heap") as one, Fixture("heap") as two, Fixture("threads") as other:
        with Memtrace("-v", "-p", str(one.pid), "3600") as memtrace:
            memtrace.attached()
            alone = tables(memtrace)
        with Memtrace("-v", "-p", f"{one.pid},{two.pid}", "3600") as memtrace:
            memtrace.attached()
            assert tables(memtrace) == alone, f"{tables(memtrace)} tables of two processes, {alone} of one"
        with Memtrace("-v", "-p", f"{one.pid},{two.pid},{other.pid}", "3600") as memtrace:
            memtrace.attached()
            assert tables(memtrace) == alone + 1, f"{tables(memtrace)} tables with another program, {alone} without"
            for gone in one, two:
                gone.signal(signal.SIGKILL)
                gone.wait()
            wait_until(lambda: tables(memtrace) == alone, "the table of the program that is gone to go")


main()
