#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""On a machine with more than one NUMA node: where the memory is, in both forms of the report."""
import glob
import re

from harness import *


def first_cpus():
    """[(CPU, node)] of two nodes."""
    found = []
    for path in sorted(glob.glob("/sys/devices/system/node/node[0-9]*/cpulist")):
        with open(path, encoding="utf-8") as file:
            cpus = re.match(r"\d+", file.read())
        if cpus:
            found.append((cpus[0], re.search(r"node(\d+)/", path)[1]))
    if len(found) < 2:
        raise Skip("this machine has one NUMA node")
    return found[:2]


def by_node(rows):
    return {row["node"]: (row["live_bytes"], row["live_blocks"]) for row in rows}


def expected(target, *functions):
    """(bytes, blocks) that the fixture holds from these functions."""
    rows = [row for (_, function), row in target.truth.sites.items() if function in functions]
    return sum(row["live_bytes"] for row in rows), sum(row["live_blocks"] for row in rows)


@case
def where_the_pages_are():
    (cpu_a, a), (cpu_b, b) = first_cpus()
    on_b = ["site_on_b", "site_bound", "site_untouched"]
    with Fixture("nodes", cpu_a, a, cpu_b, b) as target:
        report = trace(target, "--show-allocs")
        check_exact(report, target)
        assert by_node(report["nodes"]) == {int(a): expected(target, "site_on_a"), int(b): expected(target, *on_b)}, \
            report["nodes"]
        for stack in report.stacks:
            function = report.top_function(stack)
            node, other = (int(b), int(a)) if function in on_b else (int(a), int(b))
            assert by_node(stack["nodes"]) == {node: expected(target, function), other: (0, 0)}, (function, stack)
            assert {block["node"] for block in stack["blocks"]} == {node}, (function, stack["blocks"])


@case
def in_the_text():
    """Each stack's line ends with its bytes per node, and so does that of the totals."""
    (cpu_a, a), (cpu_b, b) = first_cpus()
    with Fixture("nodes", cpu_a, a, cpu_b, b) as target:
        with Memtrace("-v", "-o", "0", "--top", "0", "-p", str(target.pid), "3600") as memtrace:
            memtrace.attached()
            target.go()
            memtrace.interrupt()
        bytes_a, _ = expected(target, "site_on_a")
        bytes_b, _ = expected(target, "site_on_b")
        lines = [line.strip() for line in memtrace.out.lines]
    assert f"{bytes_a} bytes in 5 allocations from stack (node {a}: {bytes_a}, node {b}: 0)" in lines, lines
    assert f"{bytes_b} bytes in 10 allocations from stack (node {a}: 0, node {b}: {bytes_b})" in lines, lines
    assert [line for line in lines if line.startswith("Total:") and line.endswith(")") and "node" in line], lines


main()
