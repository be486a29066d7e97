#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""memtrace doctor: what this kernel allows; and every probe of a process, with its instruction."""
import re

from harness import *


@case
def machine():
    done = run_memtrace("doctor")
    assert done.status == 0, done.err.text
    for backend in ("session", "multi", "perf"):
        assert backend in done.out.text.lower(), done.out.text
    assert f"backend: {best_backend()}" in done.out.lines, done.out.text


@case
def probes_of_a_process():
    """Address, function, instruction, and whether the kernel emulates it."""
    with Fixture("heap") as target:
        done = run_memtrace("doctor", "-p", str(target.pid))
        assert done.status == 0, done.err.text
        for function in ("malloc", "calloc", "realloc", "free", "posix_memalign"):
            lines = [line for line in done.out.lines if re.search(rf"\b{function}\b", line)]
            assert lines and any("0x" in line for line in lines), (function, done.out.lines)
        malloc = next(line for line in done.out.lines if re.search(r"\bmalloc\b", line) and "0x" in line)
        assert "push" in malloc and "emulated" in malloc, malloc
        free = next(line for line in done.out.lines if re.search(r"\bfree\b", line) and "0x" in line)
        assert re.search(r"\b(je|push)\b", free), free
        assert probed_bytes(target.pid) == [], "doctor leaves no probe"


@case
def no_such_process():
    done = run_memtrace("doctor", "-p", "4194301")
    assert done.status == 2 and len(done.err.lines) == 1, done.err.lines


main()
