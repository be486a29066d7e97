# SPDX-License-Identifier: GPL-2.0-or-later
"""A look into the target from outside."""
import os
import re
import time

from .process import DEADLINE_S

def wait_until(condition, what, timeout=DEADLINE_S, pause=0.002):
    """Polls for a state that nothing announces; returns the condition's value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {what}")
        time.sleep(pause)


def probed_bytes(pid):
    """Addresses in the target's text where a breakpoint stands that its file does not have."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            match = re.match(r"(\w+)-(\w+) r-xp (\w+) \S+ (\d+)\s+(/.*)", line)
            if not match or match[4] == "0":
                continue
            start, end, offset = (int(match[i], 16) for i in (1, 2, 3))
            try:
                with open(f"/proc/{pid}/root{match[5].strip()}", "rb") as file:
                    file.seek(offset)
                    original = file.read(end - start)
                memory.seek(start)
                now = memory.read(end - start)
            except OSError:
                continue
            if now[:len(original)] != original:
                found += [start + i for i, (a, b) in enumerate(zip(now, original)) if a != b]
    return found


def state(pid):
    """The letter of its state, None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def runs(pid, program):
    """It executes the program of this path."""
    try:
        return os.readlink(f"/proc/{pid}/exe") == program
    except OSError:
        return False


def children(pid):
    """PIDs of its children."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                found += [int(child) for child in file.read().split()]
    except FileNotFoundError:
        pass
    return found


def unharmed(target):
    """No breakpoint left, no tracer, and its own counter goes up."""
    wait_until(lambda: probed_bytes(target.pid) == [], "the target's text as in its file")
    target.send("account")
    before = target.report().integrity["operations"]

    def advanced():
        target.send("account")
        return target.report().integrity["operations"] > before + 10000
    wait_until(advanced, "the target goes on")
    assert state(target.pid) in "RS"
    assert target.quit() == 0
