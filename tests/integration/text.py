#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""The text report, as people read it."""
import re

from harness import *

HEADING = re.compile(r"^\[\d\d:\d\d:\d\d\] Top 10 stacks with outstanding allocations:$")
STACK = re.compile(r"^    (\d+) bytes in (\d+) allocations from stack\b")
# A function with its offset, or what has no symbol: its address alone.
FRAME = re.compile(r"^        (\S.*(\+0x[0-9a-f]+| \(inlined\))|0x[0-9a-f]+) \[([^]]+)\]( \S+:\d+)?$")
END = re.compile(r"^        \[stack ends: .*\]$")


def text_of(*options, fixtures=("orders",)):
    targets = [Fixture(name) for name in fixtures]
    try:
        with Memtrace("-v", "-o", "0", *options, "-p", ",".join(str(t.pid) for t in targets), "3600") as memtrace:
            memtrace.attached()
            for target in targets:
                if target.name == "orders":
                    target.step()
                target.go()
            memtrace.signal(2)
            assert memtrace.wait() == 0
            return memtrace.out.lines, targets
    finally:
        for target in targets:
            target.end()


@case
def shape():
    lines, target = text_of()
    assert HEADING.match(lines[0]), lines[0]
    stacks = [STACK.match(line) for line in lines if STACK.match(line)]
    got = [(int(m[1]), int(m[2])) for m in stacks]
    assert got == [(200000, 2), (31000, 31), (1600, 100), (64, 1)], got  # "allocations" also for 1
    frames = [line for line in lines if line.startswith("        ") and not END.match(line)]
    assert all(FRAME.match(line) for line in frames), [f for f in frames if not FRAME.match(f)][:5]
    top = frames[0]
    assert re.match(r"^        site_most_bytes\+0x[0-9a-f]+ \[orders\] \S*orders\.c:\d+$", top), top


@case
def integrity_line():
    lines, _ = text_of()
    assert "nothing lost" in lines[-1], lines[-1]
    lines, _ = text_of(fixtures=["crowd"])
    assert "nothing lost" in lines[-1], lines[-1]


@case
def top_is_said_in_the_heading():
    lines, _ = text_of("-T", "2")
    assert "Top 2 stacks with outstanding allocations:" in lines[0], lines[0]
    assert len([line for line in lines if STACK.match(line)]) == 2


@case
def blocks():
    lines, target = text_of("-a")
    text = "\n".join(lines)
    assert len(re.findall(r"0x[0-9a-f]+\b.*\b100000\b", text)) >= 2, text[:600]


@case
def each_process_has_a_heading():
    lines, targets = text_of(fixtures=["orders", "realloc"])
    for target in targets:
        assert any(str(target.pid) in line and not line.startswith("    ") for line in lines), (target.pid, lines[:8])


@case
def no_colour_in_a_pipe():
    lines, _ = text_of()
    assert "\x1b" not in "\n".join(lines)


@case
def nothing_allocated():
    """Nothing allocated: a heading, the integrity line, no stack."""
    with Fixture("heap") as target, Memtrace("-v", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        memtrace.signal(2)
        assert memtrace.wait() == 0
        assert HEADING.match(memtrace.out.lines[0]) and "nothing lost" in memtrace.out.lines[-1], memtrace.out.lines
        assert not any(STACK.match(line) for line in memtrace.out.lines)


main()
