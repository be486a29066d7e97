#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""memtrace leaks -p: the class of every block of programs that know it, and programs that go on as if nothing had been."""
from harness import *
from harness.leaks import BUILDS, NEVER_S, OPTIONS, PROGRAMS, check_attached, look_at


@case(times=[(program, build) for program in PROGRAMS for build in BUILDS])
def sites(program, build):
    with Fixture(f"leaks/{program}-{build}") as target:
        report = look_at(target)
        check_attached(report, target)
        # A program that held blocks in registers compares them with what it had put there.
        assert target.quit() == 0, "the look has changed the program"


@case
def child_that_has_ended():
    """Its memory is not its parent's."""
    with Fixture("leaks/forks-gcc-O2", "ends") as target:
        report = look_at(target)
        check_attached(report, target)
        assert target.quit() == 0


@case
def mappings_that_are_mostly_untouched():
    """A terabyte of which a few pages are there: only those are read. Before Linux 6.7 which ones takes a while."""
    with Fixture("leaks/huge-gcc-O2") as target:
        report = look_at(target, "--max-pause", "60000")
        check_attached(report, target)
        assert target.quit() == 0


def holders(report, function):
    """What the kernel holds blocks of a site for."""
    return {stack["held_by"][-1]["kept"] for stack in report.stacks
            if stack["held_by"] and report.top_function(stack) == function}


@case
def held_by_the_kernel():
    """The report says what for."""
    for program, function, kept in (("kernel_held", "site_epoll_data", "epoll"),
                                    ("kernel_held", "site_timer_value", "timer"),
                                    ("signal_stacks", "site_mains_stack", "signal-stack")):
        with Fixture(f"leaks/{program}-gcc-O2") as target:
            report = look_at(target)
            assert holders(report, function) == {kept}, (function, holders(report, function))
            assert target.quit() == 0


@case
def rings():
    """Of io_uring: what the process has mapped of them are roots."""
    with Fixture("leaks/rings-gcc-O2") as target:
        try:
            report = look_at(target)
        except AssertionError:
            if target.wait() == 77:
                raise Skip("this kernel has no io_uring, or keeps it from this process") from None
            raise
        check_attached(report, target)
        assert target.quit() == 0


@case
def looked_at_twice():
    """A series of reports: the second look says what the first said."""
    with Fixture("leaks/shapes-gcc-O2") as target, \
            Memtrace("leaks", "-v", *OPTIONS, "-p", str(target.pid), "0.2", "1000") as memtrace:
        memtrace.attached()
        target.go()
        for _ in range(2):
            report = memtrace.fresh_report()
            check_attached(report, target)
        memtrace.interrupt()
        assert target.quit() == 0


TCMALLOC_OWN = (0, 8)  # the library itself loses a block as it starts


@case(times=["tcmalloc_minimal", "tcmalloc"])
def from_before_under_tcmalloc(name):
    """Blocks that were lost before the attach, as large as the allocator made them: 1024 bytes, and 37 pages of 8 KiB."""
    with Fixture("checked", "lose=5,1000", "lose=3,300000", "keep=7,500", "wait", preload=name) as target:
        with Memtrace("leaks", "-v", *OPTIONS, "-p", str(target.pid), NEVER_S) as memtrace:
            memtrace.attached()
            report = memtrace.interrupt()[0]
        assert not report["processes"][0]["scan"]["unknown_heap_bytes"], report["processes"][0]["scan"]
        lost = [stack for stack in report.stacks if stack["leak"] == "definite"]
        assert len(lost) == 1 and lost[0]["before"], lost
        own_bytes = lost[0]["live_bytes"] - 5 * 1024 - 3 * 37 * 8192
        assert own_bytes in TCMALLOC_OWN and lost[0]["live_blocks"] == 8 + bool(own_bytes), lost
        held = [stack for stack in report.stacks if stack["leak"] == "reachable" and stack["before"]]
        assert sum(stack["live_blocks"] for stack in held) >= 7, held
        target.send("end")
        assert target.wait() == 0


main()
