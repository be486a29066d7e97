#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison finds what it should: a wrong report must not pass."""
import copy

from harness import *

USAGE = {"live_bytes": 30, "live_blocks": 3, "alloc_bytes": 50, "alloc_count": 5, "free_bytes": 20, "free_count": 2}
NOTHING = dict.fromkeys(USAGE, 0)
FRAME = {"address": "0x401000", "module": "app", "build_id": None, "function": "site", "offset": 16, "file": None,
         "line": None, "inlined": False}
PLACED = {"nodes": [{"node": 0, "live_bytes": 30, "live_blocks": 3, "cpu_live_bytes": 30}], "not_resident_bytes": None,
          "unplaced_bytes": 0, "remote_bytes": 0}
GOOD = {
    "schema": "memtrace-report/1", "command": "trace", "time": "2026-01-01T00:00:00Z", "elapsed_ns": 5,
    "processes": [{"pid": 7, "comm": "app", "exe": "/app", "exit_status": None,
                   "live_bytes": 30, "live_blocks": 3, **PLACED}],
    "totals": {**USAGE, "kinds": {"heap": dict(USAGE), "mmap": dict(NOTHING), "brk": dict(NOTHING)}},
    **PLACED,
    "integrity": {"complete": True, "lost": {"live_table_full": 0}, "abandoned_calls": 0, "unknown_frees": 0,
                  "incomplete_stacks": 0, "untraced_children": 0},
    "stacks": [{"pid": 7, "kind": "heap", **USAGE, "oldest_ns": 1, **PLACED, "end": "complete", "guessed": False,
                "frames": [FRAME]}],
}


class Stand:
    """A fixture that has already told its truth."""
    pid = 7

    def __init__(self, **integrity):
        self.truth = Truth()
        self.truth.sites["heap", "site"] = dict(USAGE)
        self.truth.integrity = integrity


def changed(change):
    data = copy.deepcopy(GOOD)
    change(data)
    report = Report.__new__(Report)  # without the schema: the comparison alone
    report.data = data
    return report


def second_stack(data, **differences):
    stack = copy.deepcopy(data["stacks"][0])
    stack.update(differences)
    data["stacks"].append(stack)


@case
def right_report_passes():
    check_exact(changed(lambda r: None), Stand())


@case
def open_keys_are_not_compared():
    target = Stand()
    del target.truth.sites["heap", "site"]["alloc_count"]
    check_exact(changed(lambda r: None), target)


@case
def wrong_reports_fail():
    wrong = {
        "a key of the site": lambda r: r["stacks"][0].update(live_bytes=31),
        "a total": lambda r: r["totals"].update(alloc_count=6),
        "a kind": lambda r: r["totals"]["kinds"]["heap"].update(free_count=1),
        "another function": lambda r: r["stacks"][0]["frames"][0].update(function="other"),
        "another process": lambda r: r["stacks"][0].update(pid=8),
        "another kind": lambda r: r["stacks"][0].update(kind="mmap"),
        "no stack": lambda r: r["stacks"].clear(),
        "one too many": lambda r: second_stack(r, kind="mmap"),
        "something lost": lambda r: r["integrity"]["lost"].update(live_table_full=1),
        "incomplete without a loss": lambda r: r["integrity"].update(complete=False),
        "an abandoned call": lambda r: r["integrity"].update(abandoned_calls=1),
        "an unknown free": lambda r: r["integrity"].update(unknown_frees=1),
        "unknown frees not known": lambda r: r["integrity"].update(unknown_frees=None),
        "a child": lambda r: r["integrity"].update(untraced_children=1),
        "a node": lambda r: r["nodes"][0].update(live_bytes=29),
    }
    passed = []
    for what, change in wrong.items():
        try:
            check_exact(changed(change), Stand())
            passed.append(what)
        except AssertionError:
            pass
    assert not passed, f"not found: {passed}"


@case
def wanted_integrity_is_wanted():
    try:
        check_exact(changed(lambda r: None), Stand(abandoned_calls=3))
    except AssertionError:
        return
    raise AssertionError("three abandoned calls were not missed")


main()
