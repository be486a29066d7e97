#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# kernel log: failed to unregister, leaking uprobe
"""memtrace killed with SIGKILL at any moment leaves no breakpoint, and its target unharmed.

A process killed in the middle of attaching cannot undo it: uprobe_register() and the
unregistering behind it both stop at a pending SIGKILL, and the kernel says that it leaks
its uprobe. What counts is that no breakpoint stays in the target."""
import os
import signal
import time

from harness import *


@case
def killed_while_tracing():
    with Fixture("churn") as target, Memtrace("-v", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
        memtrace.attached()
        target.go()
        memtrace.signal(signal.SIGKILL)
        assert memtrace.wait() == 137
        unharmed(target)


@case
def killed_while_reporting():
    with Fixture("churn") as target, Memtrace("--format", "json", "-a", "-o", "0", "-p", str(target.pid),
                                              "0.05") as memtrace:
        target.go()
        memtrace.out.expect(lambda line: line.startswith("{"), "a report")
        memtrace.signal(signal.SIGKILL)
        assert memtrace.wait() == 137
        unharmed(target)


@case
def killed_while_attaching():
    """At several moments: when the first breakpoint shows, and by the clock before and after it."""
    with Fixture("churn") as target:
        target.go()
        for delay_ms in (1, 5, 10, 20, 40, 60, 80, 120, 160, 240):
            with Memtrace("-p", str(target.pid), "3600") as memtrace:
                time.sleep(delay_ms / 1000)  # the moment is the point, whatever memtrace does then
                memtrace.signal(signal.SIGKILL)
                memtrace.wait()
        for _ in range(3):
            with Memtrace("-p", str(target.pid), "3600") as memtrace:
                wait_until(lambda: probed_bytes(target.pid), "a breakpoint in the target")
                memtrace.signal(signal.SIGKILL)
                memtrace.wait()
        unharmed(target)


def kill_with_a_command(moment, wrapper=()):
    """Kills memtrace at a moment after it started a command; the command must do its work all the same."""
    with scratch() as folder, open(os.devnull, "r+b") as nothing:
        marker = os.path.join(folder, "done")
        with Memtrace("--", "/bin/sh", "-c", f"sleep 0.3; : >{marker}", stdin=nothing, stdout=nothing, stderr=nothing,
                      wrapper=wrapper) as outer:
            memtrace = wait_until(lambda: [c for c in children(outer.pid) if runs(c, MEMTRACE)],
                                  "memtrace")[0] if wrapper else outer.pid
            command = wait_until(lambda: children(memtrace), "the command")[0]
            # Before it runs a program it is memtrace's own child, which waits to be let go.
            wait_until(lambda: not runs(command, MEMTRACE), "the command's program")
            moment(command)
            os.kill(memtrace, signal.SIGKILL)
            outer.child.wait(DEADLINE_S)
        try:
            wait_until(lambda: os.path.exists(marker) or not os.path.exists(f"/proc/{command}"), "its end")
        except AssertionError:
            wrong = f"the command is in state {state(command)}"
            os.kill(command, signal.SIGKILL)
            raise AssertionError(wrong) from None
        assert os.path.exists(marker), "the command is gone without having done its work"


@case(times=[2, 5, 10, 15, 20, 50, 120])
def killed_with_a_command(delay_ms):
    """It goes on: not stopped, not killed, whatever the moment."""
    kill_with_a_command(lambda command: time.sleep(delay_ms / 1000))


main()
