#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 400
# kernel log: failed to unregister, leaking uprobe
"""Recordings that end early, go on in other files, or are none: whole up to the last snapshot, or one clear line."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from harness import *
from harness.recording import ask, await_snapshots, recording, refused, show, shown, snapshots, value, whole

SEED = 20261126
NOBODY = 65534


@case
def killed():
    """At any moment, the target goes on and the file is whole; what was stored is in it."""
    chance = random.Random(SEED)
    with scratch() as folder, Fixture("churn") as target:
        target.go()
        for turn in range(4):
            path = f"{folder}/r{turn}"
            with recording(target, path, "--interval", "0.02") as memtrace:
                memtrace.attached()
                await_snapshots(path, 2)
                before = snapshots(path)
                time.sleep(chance.uniform(0, 0.2))  # the moment is the point, whatever memtrace does then
                memtrace.signal(signal.SIGKILL)
                assert memtrace.wait() == 137
            whole(path)
            report = shown(path)
            assert snapshots(path) >= before, (snapshots(path), before)
            assert report["totals"]["alloc_count"] == value(
                path, "SELECT alloc_count FROM snapshot ORDER BY snapshot DESC LIMIT 1")
            assert any(s["frames"] and s["frames"][0]["function"] for s in report.stacks), report.stacks[:3]
        unharmed(target)


@case
def read_where_nothing_can_be_written():
    """What a killed writer leaves, and its parts, by somebody who may read alone."""
    with scratch() as folder, Fixture("verdicts") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "0.02") as memtrace:
            memtrace.attached()
            target.step()
            await_snapshots(path, 5)
            memtrace.signal(signal.SIGKILL)
            memtrace.wait()
        subprocess.run(["sqlite3", "-readonly", path, "VACUUM INTO '" + folder + "/whole'"], check=True)
        subprocess.run(["sqlite3", f"{folder}/whole", "PRAGMA journal_mode = WAL"], check=True, capture_output=True)
        for name, source, endings, says in (("all", "r", ("", "-wal", "-shm"), ()),
                                            ("moved", "r", ("", "-wal"), ("-wal", "copy both")),
                                            ("finished", "whole", ("",), ())):
            place = f"{folder}/{name} 100%?#"
            os.mkdir(place)
            for ending in endings:
                shutil.copy(f"{folder}/{source}{ending}", f"{place}/r{ending}")
            before = sorted(os.listdir(place))
            os.chmod(place, 0o555)
            if says:
                refused(f"{place}/r", *says, user=NOBODY, group=NOBODY)
            else:
                assert shown(f"{place}/r", user=NOBODY, group=NOBODY)["totals"]["alloc_count"] > 0
            assert sorted(os.listdir(place)) == before, os.listdir(place)


@case
def killed_while_beginning():
    """There may be no file, or one that is no recording yet: that is said."""
    chance = random.Random(SEED)
    with scratch() as folder, Fixture("churn") as target:
        target.go()
        for turn in range(8 if LONG else 4):
            path = f"{folder}/r{turn}"
            with recording(target, path, "--interval", "0.02") as memtrace:
                time.sleep(chance.uniform(0, 0.05))
                memtrace.signal(signal.SIGKILL)
                assert memtrace.wait() == 137
            if snapshots(path) if os.path.exists(path) else 0:
                shown(path)
            else:
                refused(path, path)
        unharmed(target)


@contextlib.contextmanager
def small_disk(size):
    with scratch() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False,
                          capture_output=True).returncode:
            raise Skip("cannot mount a tmpfs")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@case(times=["400k", "900k"])
def full_disk(size):
    with small_disk(size) as folder, Fixture("churn") as target:
        path = f"{folder}/r"
        with Memtrace("record", "-w", path, "-o", "0", "--interval", "0.02", "-p", str(target.pid)) as memtrace:
            target.go()
            await_snapshots(path, 1)
            assert memtrace.wait(60 * PATIENCE) == 2, memtrace.err.text
            assert len(memtrace.err.lines) == 1, memtrace.err.lines
            assert path in memtrace.err.text and "No space left on device" in memtrace.err.text, memtrace.err.text
        # Where nothing can be written any more, and elsewhere.
        report = shown(path)
        assert report["totals"]["alloc_count"] > 0
        with scratch() as elsewhere:
            for name in os.listdir(folder):
                shutil.copy(f"{folder}/{name}", elsewhere)
            whole(f"{elsewhere}/r")
            assert shown(f"{elsewhere}/r").data["totals"] == report.data["totals"]
        unharmed(target)


@case
def no_room_to_begin():
    with small_disk("16k") as folder, Fixture("churn") as target:
        target.go()
        done = run_memtrace("record", "-w", f"{folder}/r", "-p", str(target.pid))
        assert done.status == 2 and len(done.err.lines) == 1 and "No space left" in done.err.text, done.err.text
        assert os.listdir(folder) == [], os.listdir(folder)
        unharmed(target)


def parts(path):
    folder = pathlib.Path(path).parent
    return sorted((p for p in map(str, folder.iterdir()) if not p.endswith(("-wal", "-shm"))),
                  key=lambda p: int(p[len(path) + 1:] or 0))


@case(times=["160K", "1s"])
def rotated(limit):
    """One recording after the other, each with all it needs; what is counted goes on."""
    with scratch() as folder, Fixture("verdicts") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "0.02", "--rotate", limit) as memtrace:
            memtrace.attached()
            for n in range(3):
                wait_until(lambda: target.step() or os.path.exists(f"{path}.{n + 1}"), f"part {n + 1}", 60 * PATIENCE)
            target.go("stop")
            memtrace.signal(signal.SIGINT)
            assert memtrace.wait() == 0, memtrace.err.text
            assert "the files behind it" in memtrace.err.text, memtrace.err.text
        files = parts(path)
        assert files[0] == path and len(files) >= 4, files
        elapsed_ns, count = 0, 0
        for last in files:
            whole(last)
            assert not os.path.exists(f"{last}-wal")
            report = shown(last)
            first_ns, last_ns = ask(last, "SELECT min(elapsed_ns), max(elapsed_ns) FROM snapshot")[0]
            assert elapsed_ns < first_ns, (last, elapsed_ns, first_ns)
            assert report["totals"]["alloc_count"] >= count, last
            assert ask(last, "SELECT value FROM about WHERE key = 'symbols'") == [("resolved",)]
            if limit == "1s":
                assert last_ns - first_ns < 5 * 10**9 * PATIENCE, (last, first_ns, last_ns)
            else:
                assert os.path.getsize(last) < 600 * 1024, (last, os.path.getsize(last))
            elapsed_ns, count = last_ns, report["totals"]["alloc_count"]
        check_sites(shown(files[-1]), target)
        assert target.quit() == 0


@case
def next_part_is_there():
    """Somebody's file is never written over: it ends there, and what was recorded stays."""
    with scratch() as folder, Fixture("churn") as target:
        target.go()
        path = f"{folder}/r"
        pathlib.Path(f"{path}.1").write_text("mine", encoding="utf-8")
        with Memtrace("record", "-w", path, "--interval", "0.05", "--rotate", "1s", "-p", str(target.pid)) as memtrace:
            assert memtrace.wait() == 2, memtrace.err.text
            assert len(memtrace.err.lines) == 1 and f"{path}.1" in memtrace.err.text, memtrace.err.text
        assert pathlib.Path(f"{path}.1").read_text(encoding="utf-8") == "mine"
        whole(path)
        shown(path)
        unharmed(target)


def small_recording(folder, *options):
    """A recording of a process with a few stacks, with names."""
    path = f"{folder}/r"
    with Fixture("verdicts") as target, recording(target, path, "--interval", "0.05", *options) as memtrace:
        memtrace.attached()
        for _ in range(4):
            target.step()
            await_snapshots(path, snapshots(path) + 1)
        memtrace.signal(signal.SIGINT)
        assert memtrace.wait() == 0, memtrace.err.text
    return path


@case
def no_recordings():
    with scratch() as folder:
        for name, content in (("text", b"not a database, but long enough to have a header\n" * 20), ("empty", b""),
                              ("zeros", bytes(8192)), ("header", b"SQLite format 3\0"),
                              ("half", b"SQLite format 3\0" + bytes(100))):
            pathlib.Path(f"{folder}/{name}").write_bytes(content)
            refused(f"{folder}/{name}", f"{folder}/{name}")
        with contextlib.closing(sqlite3.connect(f"{folder}/other")) as database:
            database.execute("CREATE TABLE mine (x)")
        refused(f"{folder}/other", "no recording of memtrace")
        refused(folder, folder)
        refused(f"{folder}/none", "No such file")
        os.mkfifo(f"{folder}/fifo")
        refused(f"{folder}/fifo", f"{folder}/fifo")
        refused("/dev/null", "/dev/null")
        # Names that would do harm.
        refused(f"{folder}/a\nb\033[31m", r"a\x0ab\x1b[31m")


@case
def of_another_version():
    with scratch() as folder:
        path = small_recording(folder)
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA user_version = 99")
        refused(path, "version 99", "newer memtrace")


@case
def damaged():
    """Bytes written over, and ends cut off: a report or one line, and never more than a moment."""
    chance = random.Random(SEED)
    verdicts = {0: 0, 2: 0}
    with scratch() as folder:
        good = pathlib.Path(small_recording(folder)).read_bytes()
        path = f"{folder}/damaged"
        for turn in range(120 if LONG else 40):
            data = bytearray(good)
            if turn % 4 == 0:
                del data[chance.randrange(len(data)):]
            else:
                for _ in range(chance.choice((1, 10, 200))):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            if turn % 4 == 3:  # a page of another place
                page, other = (chance.randrange(len(good) // 4096) * 4096 for _ in range(2))
                data[page:page + 4096] = good[other:other + 4096]
            pathlib.Path(path).write_bytes(data)
            done = run_memtrace("report", "--format", "json", "--top", "0", path, timeout=30 * PATIENCE)
            assert done.status in (0, 2), (turn, done.status, done.err.text)
            if done.status:
                assert len(done.err.lines) == 1 and done.err.lines[0].startswith(f"memtrace: {path}: "), done.err.text
            else:
                done.reports()
            verdicts[done.status] += 1
    assert verdicts[0] and verdicts[2], verdicts


@case
def names_of_the_file_cannot_do_harm():
    """Control characters of whatever text it has are shown, not sent."""
    with scratch() as folder:
        path = small_recording(folder)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE location SET function = ?, file = ?, module = ?",
                             ("\033]0;owned\a<script>", "a\nb", "\033[31m" * 10000))
            database.execute("UPDATE process_state SET comm = ?", ("\033[2J",))
            database.execute("UPDATE process_state SET exe = ?", ("/\033[2J",))
            database.execute("UPDATE about SET value = ?", ("\033[2J",))
            database.execute("UPDATE about SET value = 'resolved' WHERE key = 'symbols'")
        for form in ("text", "csv", "folded", "speedscope", "massif", "json"):
            done = show(path, "--format", form)
            assert not any(ord(c) < 32 and c not in "\n\t" for c in (done.out.text + done.err.text).replace("\r\n", "\n")), form


main()
