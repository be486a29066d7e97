#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds golden and real reports of `memtrace system` against docs/system.schema.json, and the schema against wrong
ones."""
import copy
import json

import jsonschema

from harness import *

SCHEMA = ROOT / "docs" / "system.schema.json"
# Paths into a report, and a value that must not stand there (DELETE: the key must not be missing).
DELETE = object()
WRONG = [
    (["schema"], "memtrace-system/2"),
    (["time"], "03:00:41"),
    (["read_ns"], -1),
    (["read_ns"], 1.5),
    (["interval_ns"], DELETE),
    (["memory", "bytes", "MemTotal"], "1 kB"),
    (["memory", "counts"], DELETE),
    (["uses", "percpu"], DELETE),
    (["unexplained_bytes"], None),
    (["counters", "pgfault"], -1),
    (["counter_changes", "pgfault"], 0.5),
    (["nodes", 0, "node"], "0"),
    (["nodes", 0, "distances"], DELETE),
    (["nodes", 0, "numa", "numa_hit"], None),
    (["zones", 0, "min_pages"], DELETE),
    (["zones", 0, "fragmentation", 0], 1001),
    (["zones", 0, "free_blocks", 0], None),
    (["slab", "caches", 0, "aliases"], DELETE),
    (["slab", "caches", 0, "bytes"], 0.5),
    (["slab", "caches", 0, "growth_bytes"], "1"),
    (["huge_pages", 0, "node"], DELETE),
    (["pressure", "memory", "some", "avg10_hundredths"], 12.5),
    (["settings", "vm.swappiness"], 0.5),
    (["processes", "by_rss"], DELETE),
    (["processes", "by_rss", 0, "rss_bytes"], None),
    (["vmalloc", "callers"], DELETE),
    (["findings"], None),
    (["next"], DELETE),
    (["missing"], DELETE),
]


def validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def check_valid(report):
    wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
             for error in validator().iter_errors(report)]
    assert not wrong, "\n".join(wrong[:10])


def refuse_float(text):
    raise AssertionError(f"integers stay integers, but there is {text}")


def read(text):
    return [json.loads(line, parse_float=refuse_float) for line in text.splitlines()]


@case
def golden():
    paths = sorted((ROOT / "tests" / "golden").glob("system-*.json"))
    assert len(paths) >= 6, paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") == 1 and text.isascii(), path
        check_valid(read(text)[0])


@case(times=[(), ("--top", "0"), ("0.1", "2")])
def real(*options):
    done = run_memtrace("system", "--format", "json", *options)
    assert done.status == 0, done.err.text
    reports = read(done.out.text)
    assert len(reports) == (2 if "0.1" in options else 1), len(reports)
    for report in reports:
        check_valid(report)


@case
def it_is_strict():
    check = validator()
    report = read((ROOT / "tests" / "golden" / "system-growth.json").read_text(encoding="utf-8"))[0]
    check_valid(report)
    for path, value in WRONG:
        wrong = copy.deepcopy(report)
        place = wrong
        for key in path[:-1]:
            place = place[key]
        if value is DELETE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        assert not check.is_valid(wrong), f"the schema takes {path} = {value}"
    # Keys may be added, by memtrace and by the kernel.
    report["added"] = report["counters"]["nr_added"] = report["zones"][0]["added"] = 1
    check_valid(report)


main()
