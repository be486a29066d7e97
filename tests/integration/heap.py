#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""The malloc family is counted exactly, call by call, under glibc."""
from harness import *


@case(times=["heap", "realloc", "failing", "before", "nested"])
def exact(name):
    with Fixture(name) as target:
        check_exact(trace(target), target)
        assert target.quit() == 0


@case
def every_call_site_has_its_place_and_line():
    with Fixture("heap") as target:
        report = trace(target)
    for stack in report.stacks:
        frame = stack["frames"][0]
        assert frame["module"] == "heap" and frame["file"].endswith("heap.c") and frame["line"] > 0, frame
        assert frame["offset"] > 0 and frame["address"].startswith("0x") and not frame["inlined"], frame
        assert [f["function"] for f in stack["frames"][1:2]] == ["main"], stack["frames"]
    line = {s["frames"][0]["function"]: s["frames"][0]["line"] for s in report.stacks}
    with open(ROOT / "tests/fixtures/heap.c", encoding="utf-8") as source:
        text = source.read().splitlines()
    assert "return malloc(size)" in text[line["site_malloc"] - 1], line
    assert "posix_memalign(" in text[line["site_posix_memalign"] - 1], line


main()
