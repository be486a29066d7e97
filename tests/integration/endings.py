#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""How a run ends in order: the target's end, or memtrace's."""
import os
import signal

from harness import *


@case(times=[("quit", 0), ("KILL", 137), ("TERM", 143), ("ABRT", 134)])
def target_dies(how, status):
    """The last report, with symbols although the process is gone; status 0."""
    with Fixture("heap") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        if how == "quit":
            target.quit()
        else:
            target.signal(getattr(signal, "SIG" + how))
            target.wait()
        assert memtrace.wait() == 0, memtrace.err.text
        reports = memtrace.reports()
        assert len(reports) == 1
        check_sites(reports[0], target)
        process = reports[0]["processes"][0]
        assert process["exit_status"] in (status, None), process
        frame = reports[0].stacks_through("site_malloc")[0]["frames"][0]
        assert frame["file"].endswith("heap.c") and frame["line"] > 0, frame


@case
def one_of_two_targets_dies():
    """The other is traced on."""
    with Fixture("heap") as dying, Fixture("realloc") as living, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", f"{dying.pid},{living.pid}",
                     "3600") as memtrace:
        memtrace.attached()
        dying.go()
        dying.quit()
        living.go()
        report = memtrace.last_report()
        check_sites(report, living, living.pid)
        check_sites(report, dying, dying.pid)


@case
def program_deleted_while_traced():
    with scratch() as folder:
        copy = os.path.join(folder, "copy")
        with open(fixture_path("heap"), "rb") as source, open(copy, "wb") as destination:
            destination.write(source.read())
        os.chmod(copy, 0o755)
        with Fixture(copy) as target:
            def steps(target, _):
                os.unlink(copy)
                target.go()
            report = trace(target, steps=steps)
        check_exact(report, target)
        assert report.stacks[0]["frames"][0]["line"] > 0, report.stacks[0]["frames"][0]


@case(times=["INT", "TERM"])
def interrupted(name):
    """The last report, probes off, status 0, the target none the worse."""
    with Fixture("churn") as target, \
            Memtrace("-v", "--format", "json", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        assert probed_bytes(target.pid), "no breakpoint in the target: not attached?"
        assert len(memtrace.interrupt(getattr(signal, "SIG" + name))) == 1
        unharmed(target)


@case
def target_stopped_by_its_user():
    """A target in job control's stop is traced all the same and stays stopped."""
    with Fixture("heap") as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.signal(signal.SIGSTOP)
        wait_until(lambda: state(target.pid) == "T", "the stop")
        target.signal(signal.SIGCONT)
        target.go()
        check_exact(memtrace.last_report(), target)


main()
