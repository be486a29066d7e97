#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""A recording of many stacks stays small, and is shown at once: hours of what `tests/bench/run recordings` has a week of."""
import json
import os
import resource
import subprocess

from harness import *
from harness.recording import shown, value, whole

HOURS = 24 if LONG else 4
STACKS = 10_000
MIB = 1 << 20
WEEK_MIB_MAX = 500
# Times as long as sqlite3 takes to count the rows: it was 3 to 6, of few hours 11, for as many stacks are read.
REFERENCE_MAX = 15 if LONG else 40
TURNS = 7


def children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seconds(*command):
    """Of a CPU."""
    before = children_s()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return children_s() - before


@case
def some_hours():
    with scratch() as folder:
        path = f"{folder}/hours"
        made = json.loads(subprocess.run([BUILD / "tests/bench/recorded", path, str(HOURS * 60), "60", str(STACKS), "30",
                                          "5"], check=True, capture_output=True, text=True).stdout)
        assert made["bytes"] == os.path.getsize(path) < WEEK_MIB_MAX * MIB / 7, made  # no more than a day may have
        whole(path)
        assert value(path, "SELECT count(*) FROM snapshot WHERE whole = snapshot") == HOURS
        times = [(seconds(MEMTRACE, "report", path), seconds("sqlite3", path, "SELECT count(*) FROM stack_state"))
                 for _ in range(TURNS)]
        report, reference = (min(column) for column in zip(*times))
        print(f"    {made['bytes'] / MIB:.1f} MiB; report {report:.3f} s, sqlite3 {reference:.3f} s")
        assert report < REFERENCE_MAX * reference, times
        # The sums of the last moment, put together from an hour's changes.
        totals = shown(path)["totals"]
        assert totals["live_bytes"] == value(path, "SELECT live_bytes FROM snapshot ORDER BY snapshot DESC LIMIT 1")
        assert len(shown(path).stacks) == STACKS


main()
