#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
# kernel log: failed to unregister, leaking uprobe
"""memtrace leaks killed with SIGKILL at any moment of its look leaves the target running, and no breakpoint in it."""
import os
import signal
import time

from harness import *

LOOKS = 25 if LONG else 12  # of each kind
LATEST_S = 0.5  # after the start of memtrace, by when its look is over


def stands_still(pid):
    return any(state(int(thread)) == "t" for thread in os.listdir(f"/proc/{pid}/task"))


def look(target, moment):
    with Memtrace("leaks", "-q", "-p", str(target.pid), "0.01") as memtrace:
        moment(memtrace)
        memtrace.signal(signal.SIGKILL)
        memtrace.wait()
    wait_until(lambda: not stands_still(target.pid), "the target to go on")


@case
def killed_while_the_target_stands_still():
    """As soon as it is seen to do so, or some time later: after a look that was over before, it has ended by itself."""
    with Fixture("churn") as target:
        target.go()
        caught = 0
        for i in range(LOOKS):
            def moment(memtrace, after_s=i * 0.0125 / LOOKS):
                nonlocal caught
                end = time.monotonic() + DEADLINE_S
                while not stands_still(target.pid):
                    if memtrace.child.poll() is not None:
                        return
                    assert time.monotonic() < end, "it was never stopped"
                    time.sleep(0.0005)  # nothing announces it, and memtrace is to have the CPU
                time.sleep(after_s)  # the moment is the point, whatever memtrace does then
                caught += stands_still(target.pid)
            look(target, moment)
        assert caught, "no look was caught"
        unharmed(target)


@case
def killed_at_any_moment():
    with Fixture("churn") as target:
        target.go()
        for i in range(LOOKS):
            look(target, lambda memtrace, after_s=LATEST_S * i / LOOKS: time.sleep(after_s))
        unharmed(target)


main()
