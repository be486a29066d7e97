#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the golden JSON reports against docs/report.schema.json, and the schema against wrong reports.

usage: report_schema.py [REPORT.json ...]    (default: tests/golden/{report,check}-*.json)
"""
import glob
import json
import os
import re
import sys

from harness.strict import DELETE, check_refusals, validator

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAIRED_KEYS = [("live_bytes", "live_blocks"), ("alloc_bytes", "alloc_count"), ("free_bytes", "free_count")]


def refuse_float(text):
    raise ValueError(f"integers stay integers, but there is {text}")


def unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def read_reports(path):
    with open(path, encoding="utf-8", errors="strict", newline="\n") as lines:
        return [json.loads(line, parse_float=refuse_float, object_pairs_hook=unique_keys) for line in lines]


def loss_keys():
    with open(os.path.join(TOP, "src/model/loss.h"), encoding="utf-8") as header:
        return re.findall(r'X\(LOSS_\w+, "(\w+)"', header.read())


def check_report(check, report):
    """What the contract says beyond the types."""
    check.validate(report)
    lost = report["integrity"]["lost"]
    assert list(lost) == loss_keys(), f"causes of loss: {list(lost)}"
    assert report["integrity"]["complete"] == (not any(lost.values()))
    for memory in filter(None, (process.get("memory") for process in report["processes"])):
        parts = sum(n for key, n in memory.items() if key.endswith("_bytes") and key != "rss_bytes")
        assert parts == memory["rss_bytes"], memory
    for pair in PAIRED_KEYS:
        for key in pair:
            assert report["totals"][key] == sum(kind[key] for kind in report["totals"]["kinds"].values()), key


# Paths into a report, and a value that must not stand there.
WRONG = [
    (["schema"], "memtrace-report/2"),
    (["time"], "03:00:41"),
    (["elapsed_ns"], 1.5),
    (["elapsed_ns"], -1),
    (["elapsed_ns"], "1"),
    (["integrity"], DELETE),
    (["integrity", "complete"], 1),
    (["integrity", "unknown_frees"], DELETE),
    (["integrity", "lost"], {}),
    (["processes", 0, "exit_status"], DELETE),
    (["processes", 0, "exe"], None),
    (["totals", "kinds"], DELETE),
    (["totals", "kinds", "brk"], DELETE),
    (["totals", "live_bytes"], 2**64),
    (["stacks", 0, "end"], "unknown"),
    (["stacks", 0, "kind"], "stack"),
    (["stacks", 0, "guessed"], DELETE),
    (["stacks", 0, "oldest_ns"], None),
    (["stacks", 0, "frames", 0, "address"], 4096),
    (["stacks", 0, "frames", 0, "address"], "0xABC"),
    (["stacks", 0, "frames", 0, "function"], DELETE),
    (["stacks", 0, "frames", 0, "line"], 0),
    (["stacks", 0, "blocks", 0, "node"], DELETE),
    (["stacks", 0, "verdict"], {"kind": "growing"}),
    (["processes", 0, "memory", "slack_bytes"], DELETE),
    (["processes", 0, "memory", "rss_bytes"], -4096),
]


WRONG_OF_KERNEL = [
    (["caches"], DELETE),
    (["zones", 0, "zone"], 2),
    (["traced_kinds"], ["heap"]),
    (["exact_counts"], DELETE),
    (["slab_page_bytes"], -1),
    (["counters", "nr_free_pages", "before_bytes"], DELETE),
    (["totals", "kinds", "percpu"], DELETE),
    (["caches", 0, "growth_objects"], 0.5),
    (["caches", 0, "unseen_frees"], DELETE),
    (["caches", 0, "nodes"], [{"node": 0}]),
    (["stacks", 0, "kind"], "heap"),
    (["stacks", 0, "slack_bytes"], DELETE),
    (["stacks", 0, "order"], 1),
]


def main():
    check = validator("report.schema.json")
    paths = sys.argv[1:] or sorted(path for kind in ("report", "check")
                                  for path in glob.glob(os.path.join(TOP, f"tests/golden/{kind}-*.json"))
                                  if not path.endswith(".html.json"))
    assert paths, "no reports to check"
    for path in paths:
        for report in read_reports(path):
            check_report(check, report)
    if len(sys.argv) == 1:
        for name, wrongs in (("everything", WRONG), ("kernel-everything", WRONG_OF_KERNEL)):
            report = read_reports(os.path.join(TOP, f"tests/golden/report-{name}.json"))[0]
            check_refusals(check, report, wrongs)
            # Keys may be added.
            report["added"] = report["stacks"][0]["added"] = 1
            check.validate(report)
    print(f"report_schema: {len(paths)} files passed")


main()
