# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings: made of a fixture, asked with Python's own SQLite, and shown by memtrace report."""
import contextlib
import sqlite3

from .memtrace import Memtrace, run_memtrace
from .target import wait_until


def ask(path, sql, *values):
    """The rows; the file is not written to."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql, values).fetchall()


def value(path, sql, *values):
    return ask(path, sql, *values)[0][0]


def snapshots(path):
    """How many it has; 0 where it has no tables yet."""
    try:
        return value(path, "SELECT count(*) FROM snapshot")
    except sqlite3.OperationalError:
        return 0


def await_snapshots(path, n):
    wait_until(lambda: snapshots(path) >= n, f"{n} snapshots in {path}")


def whole(path):
    """What SQLite itself says of the file."""
    assert value(path, "PRAGMA integrity_check") == "ok"


def recording(target, path, *options):
    """A memtrace record of the target; enter it."""
    return Memtrace("record", "-v", "-w", path, "-o", "0", *options, "-p", str(target.pid))


def show(path, *options, status=0, **popen):
    """memtrace report; the process."""
    done = run_memtrace("report", *options, path, **popen)
    assert done.status == status, (done.status, done.err.text)
    return done


def shown(path, *options, **popen):
    """The report as it was read."""
    report, = show(path, "--format", "json", "--top", "0", *options, **popen).reports()
    return report


def refused(path, *words, arguments=(), status=2, **popen):
    """memtrace report says one line that has the words."""
    done = show(path, *arguments, status=status, **popen)
    assert len(done.err.lines) == 1 and done.err.lines[0].startswith("memtrace: "), done.err.lines
    assert not done.out.lines, done.out.lines
    for word in words:
        assert word in done.err.text, (word, done.err.text)
    return done
