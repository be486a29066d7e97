#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks through signal handlers, at any instruction of what they interrupt, and through coroutines."""
from harness import *

COMPILERS = ("gcc", "clang")
LINKED = [(c, variant) for c in COMPILERS for variant in ("", "-static", "-static-pie")]


def trace_twice(target):
    """The fixture does all twice: in between memtrace may get ready for what it has learned is interrupted."""
    with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "0.3") as memtrace:
        memtrace.attached()
        target.step()
        memtrace.fresh_report()
        target.go()
        return memtrace.last_report()


@case(times=LINKED)
def handlers(compiler, variant):
    """Where a signal interrupts, any instruction may be asked for; the first time it may be too early to know."""
    with Fixture(f"stacks/signals-{compiler}{variant}") as target:
        report = trace_twice(target)
        check_truth(target, FIXTURES)
        check_chains(report, target, learning=("before it is known", ("no-cfi",)))
        assert target.quit() == 0


@case(times=["musl", "musl-static"])
def trampoline_without_call_frame_information(linked):
    """musl's: it is known by its code."""
    with Fixture(f"stacks/trampoline-{linked}") as target:
        report = trace_twice(target)
        check_truth(target, FIXTURES)
        check_chains(report, target, others=("ld-musl-x86_64.so.1",), learning=("before it is known", ("no-cfi",)))
        assert target.quit() == 0


@case
def trampoline_of_go():
    """Its call frame information is that of a function. Go's own unwinder has the callers of what was interrupted."""
    with Fixture("gosignal") as target:
        report = trace(target)
        assert target.quit() == 0
    stack, = (s for s in report.stacks_through("main.siteRaise") if s["kind"] == "mmap")
    chain, = {tuple(row["chain"]) for row in target.truth.chains}
    frames = [(f["function"], f["address"]) for f in stack["frames"] if not f["inlined"]]
    addresses = [address for _, address in frames]
    raising = [name for name, _ in frames].index("main.siteRaise")
    assert frames[0][0].startswith("main.onSignal") and addresses[1:3] == list(chain[:2]), (frames, chain)
    assert addresses[raising + 1:] == list(chain[2:]), (frames, chain)
    assert stack["end"] == "complete" and not stack["guessed"], stack
    assert stack["alloc_count"] == len(target.truth.chains) == 5, stack["alloc_count"]


@case(times=COMPILERS)
def interrupted_in_a_realigned_frame(compiler):
    """GCC finds the frame through %r10 there; the values of all registers lie in the signal's frame."""
    with Fixture(f"stacks/signals-{compiler}", "realigned") as target:
        report = trace_twice(target)
        check_truth(target, FIXTURES)
        check_chains(report, target, learning=("before it is known", ("no-cfi",)))
        assert target.quit() == 0


@case(times=LINKED)
def coroutines(compiler, variant):
    """Such a stack ends where makecontext began it."""
    with Fixture(f"stacks/coroutine-{compiler}{variant}") as target:
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)
        assert target.quit() == 0


main()
