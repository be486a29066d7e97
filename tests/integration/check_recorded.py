#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""memtrace check on a recording: growth between its snapshots, what is live at its end, and what it cannot tell."""
import json
import signal
import sqlite3

from harness import *

STEPS = 16
# What grows in every round by the fixture's own word (integration/growth.py holds each to its verdict).
GROWING = {"site_leak", "site_slow"}


def snapshots(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as recording:
        count, = recording.execute("SELECT count(*) FROM snapshot").fetchone()
    recording.close()
    return count


def record(path):
    """A recording of the fixture, with a snapshot or more for each of its steps."""
    with Fixture("verdicts") as target, \
            Memtrace("record", "-v", "-w", path, "--interval", "0.05", "-o", "0", "-p", str(target.pid)) as memtrace:
        memtrace.attached()
        for _ in range(STEPS):
            target.step()
            # The one after the next is surely begun after the step.
            wanted = snapshots(path) + 2
            wait_until(lambda: snapshots(path) >= wanted, "a snapshot after the step")
        target.go("stop")
        memtrace.signal(signal.SIGINT)
        assert memtrace.wait() == 0, memtrace.err.text
        target.quit()


def check(path, *options, status):
    done = run_memtrace("check", "--format", "json", "--top", "0", *options, path)
    assert done.status == status, (options, done.status, done.out.text[-2000:], done.err.text)
    return json.loads(done.out.text) if done.out.text else None


def judged(report):
    """{function: kind} of what is judged."""
    return {stack["frames"][0]["function"]: stack["judged_as"] for stack in report["stacks"] if stack["frames"]}


@case
def growth_and_what_is_live():
    with scratch() as folder:
        path = f"{folder}/r.memtrace"
        record(path)
        report = check(path, "--rounds", "4", status=1)
        assert set(judged(report)) == GROWING and set(judged(report).values()) == {"growing"}, judged(report)
        check(path, "--rounds", "4", "--max-growth", "1G/s", status=0)
        check(path, "--rounds", "4", "--max-growth", "1K/d", status=1)
        check(path, "--rounds", "4", "--max-growth", "1K/d", "--error-exitcode", "23", status=23)
        report = check(path, "--kinds", "outstanding", "--max-stack-bytes", "100M", status=0)
        live = {stack["frames"][0]["function"]: stack["live_bytes"] for stack in report["stacks"] if stack["frames"]}
        shown = json.loads(run_memtrace("report", "--format", "json", "--top", "0", path).out.text)
        assert live == {stack["frames"][0]["function"]: stack["live_bytes"] for stack in shown["stacks"]
                        if stack["frames"] and stack["live_bytes"]}, live
        check(path, "--max-leak-bytes", "1", status=1)
        # A baseline made of a recording holds for the recording.
        check(path, "--kinds", "outstanding", "--baseline", f"{folder}/b.json", "--update-baseline", status=0)
        check(path, "--kinds", "outstanding", "--baseline", f"{folder}/b.json", status=0)
        # The sites that grow are known; a file that says so suppresses them.
        with open(f"{folder}/s.txt", "w", encoding="utf-8") as file:
            file.write("".join(f"leak:{site}\n" for site in sorted(GROWING)))
        check(path, "--rounds", "4", "--suppressions", f"{folder}/s.txt", status=0)


@case
def what_it_cannot_tell():
    with scratch() as folder:
        path = f"{folder}/r.memtrace"
        record(path)
        for options, words in ((("--kinds", "definite"), "does not tell what can be reached"),
                               (("--rounds", "1000"), "too few to see growth"),
                               (("--duration", "5"), "--duration has no meaning"),
                               (("--warmup", "1", "--kinds", "outstanding"), "--warmup is for growth alone"),
                               (("-p", "1"), "one thing at a time")):
            done = run_memtrace("check", *options, path)
            assert done.status == 2 and words in done.err.text and done.err.text.count("\n") == 1, done.err.text
        done = run_memtrace("check", "/bin/sh")
        assert done.status == 2 and "a command to check stands behind --" in done.err.text, done.err.text


@case
def no_verdict_after_a_loss():
    with scratch() as folder:
        path = f"{folder}/r.memtrace"
        record(path)
        with sqlite3.connect(path) as recording:
            recording.execute("INSERT INTO loss SELECT max(snapshot), 'events_lost', 3 FROM snapshot")
        recording.close()
        check(path, "--kinds", "outstanding", "--max-leak-bytes", "1G", status=3)
        check(path, "--kinds", "outstanding", "--max-leak-bytes", "1", status=1)


main()
