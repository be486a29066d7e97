#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 400
# kernel log: failed to unregister, leaking uprobe
"""--follow-fork with -p: memtrace leaks and check look at a process, at its children that run, and at each as it ends."""
import signal
import time

from harness import *
from harness.family import FAMILY, Family

LONG_S = 6 * DEADLINE_S
STAYING = 5
OPTIONS = ("-v", "--format", "json", "--top", "0", "-o", "0", "--reachable", "--follow-fork")
KILLS = 20 if LONG else 8


def attach(*arguments):
    target = Process([FAMILY, "attach", *arguments])
    target.out.expect(lambda line: line == "ready", "the fixture")
    return target


def follow(target, *options, verb="leaks"):
    memtrace = Memtrace(verb, *OPTIONS, "-p", str(target.pid), *options)
    memtrace.attached()
    return memtrace


def check_children(target, report, pids=None):
    family = Family(target.out.lines)
    errors = family.leak_errors(report, target.pid, pids)
    assert not errors and report.integrity["complete"] and not report.integrity["untraced_children"], \
        "\n".join(errors[:10] + [str(report.integrity)])
    return family


def scan_of(report, pid):
    return next(row["scan"] for row in report["processes"] if row["pid"] == pid)


@case
def children_that_run():
    """All are looked at, one after the other; and each at its end, where what it has leaked is the same."""
    with attach(str(STAYING), "stay") as target, follow(target, "0.2", "1000") as memtrace:
        target.send("go")
        target.out.expect(lambda line: line == "ready", "the children")
        for _ in range(2):
            report = memtrace.fresh_report()
            family = check_children(target, report)
            assert len(family.sites) == STAYING
            for pid in (target.pid, *family.sites):
                scan = scan_of(report, pid)
                assert scan["stopped"] and scan["threads"] == 1 and scan["pause_ns"], scan
        target.send("stop")
        assert target.wait() == 0
        assert memtrace.wait(LONG_S) == 0, memtrace.err.text
        last = memtrace.reports()[-1]
        check_children(target, last)
        assert all(row["scan"] for row in last["processes"]), last["processes"]
        assert len(last["processes"]) == STAYING + 1


@case
def children_that_ended_before():
    """Each is looked at as it ends, and told of in every report from then on."""
    with Process([FAMILY, "wait"]) as target:
        target.out.expect(lambda line: line == "ready", "the fixture")
        with follow(target, "0.2", "1000") as memtrace:
            for _ in range(3):
                target.send("on")
                target.out.expect(lambda line: line == "ready", "the child's end")
            for _ in range(2):
                report = memtrace.fresh_report()
                assert len(check_children(target, report).sites) == 3
            last = memtrace.last_report()
            assert len(check_children(target, last).sites) == 3
        target.send("stop")
        assert target.wait() == 0


@case(times=[("many", "30"), ("vfork", "20"), ("spawn", "20"), ("threads", "12"), ("tree", "4")])
def looked_at_all_the_time(mode, n):
    """It stands still again and again, whatever it does: starts programs, waits for those that borrow its memory."""
    with attach(n, mode) as target, follow(target, "0.01", "1000000") as memtrace:
        target.send("go")
        assert target.wait(LONG_S) == 0
        assert memtrace.wait(LONG_S) == 0, memtrace.err.text
        reports = memtrace.reports()
        check_children(target, reports[-1])
        assert len(memtrace.err.lines) == 1, memtrace.err.lines


@case
def what_was_there_before():
    """Blocks of the process from before the attach are judged, and not those that a child inherited."""
    with attach("2", "stay") as target, follow(target, "3600") as memtrace:
        target.send("go")
        target.out.expect(lambda line: line == "ready", "the children")
        report, = memtrace.interrupt()
        before = {stack["pid"] for stack in report.stacks if stack["before"]}
        assert before <= {target.pid}, before
        target.send("stop")
        assert target.wait() == 0


@case
def checked():
    """A child that leaks fails the check, whether it has ended or not; nothing is left in doubt."""
    for words in (["wait"], ["attach", "2", "stay"]):
        with Process([FAMILY, *words]) as target, scratch() as folder:
            target.out.expect(lambda line: line == "ready", "the fixture")
            with Memtrace("check", "-v", "--follow-fork", "--format", "json", "--duration", "3600", "--output",
                          f"{folder}/r", "-p", str(target.pid)) as memtrace:
                memtrace.attached()
                target.send("on")
                target.out.expect(lambda line: line == "ready", "the children")
                memtrace.signal(signal.SIGINT)
                status = memtrace.wait(LONG_S)
            with open(f"{folder}/r", encoding="utf-8") as file:
                report, = parse_reports(file.read())
            assert status == 1, (status, memtrace.err.text)
            assert report["check"]["doubts"] in ([], ["interrupted"]), report["check"]
            target.send("stop")
            assert target.wait() == 0


@case
def killed():
    """With SIGKILL, at any moment: the process and its children go on, and nobody is their tracer."""
    with attach(str(STAYING), "stay") as target:
        target.send("go")
        target.out.expect(lambda line: line == "ready", "the children")
        family = [target.pid, *children(target.pid)]
        for i in range(KILLS):
            with Memtrace("leaks", "-q", "--follow-fork", "-p", str(target.pid), "0.01", "1000000") as memtrace:
                time.sleep(0.02 * i)  # the moment is the point, whatever memtrace does then
                memtrace.signal(signal.SIGKILL)
                memtrace.wait()
            for pid in family:
                wait_until(lambda pid=pid: state(pid) != "t", f"{pid} to go on")
        target.send("stop")
        assert target.wait() == 0


@case
def killed_while_it_forks():
    with Process([FAMILY, "wait"]) as target:
        target.out.expect(lambda line: line == "ready", "the fixture")
        for i in range(KILLS):
            with Memtrace("leaks", "-q", "--follow-fork", "-p", str(target.pid), "0.01", "1000000") as memtrace:
                target.send("on")
                time.sleep(0.02 * i)  # the moment is the point, whatever memtrace does then
                target.send("on")
                memtrace.signal(signal.SIGKILL)
                memtrace.wait()
            for _ in range(2):
                target.out.expect(lambda line: line == "ready", "the child's end")
        assert probed_bytes(target.pid) == []
        target.send("stop")
        assert target.wait() == 0


main()
