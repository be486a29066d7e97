#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 300
"""memtrace record and memtrace report: what is shown of a recording is what the fixture says it did."""
import contextlib
import datetime
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

from harness import *
from harness.family import FAMILY, Family
from harness.recording import ask, await_snapshots, recording, refused, show, shown, snapshots, value, whole

FORMATS = ("text", "json", "csv", "folded", "pprof", "speedscope", "massif")
ROUNDS = 40
NOBODY = 65534


def interrupt(memtrace):
    memtrace.signal(signal.SIGINT)
    assert memtrace.wait() == 0, memtrace.err.text


def record_rounds(path, *options, rounds=ROUNDS, fixture="verdicts"):
    """A snapshot after each round of the fixture, and one when all is over; the fixture, which has ended."""
    with Fixture(fixture) as target, recording(target, path, "--interval", "0.05", *options) as memtrace:
        memtrace.attached()
        for _ in range(rounds):
            target.step()
            await_snapshots(path, snapshots(path) + 1)
        target.go("stop")
        interrupt(memtrace)
        assert target.quit() == 0
    return target


@case
def last_snapshot_is_the_truth():
    with scratch() as folder, Fixture("heap") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "3600") as memtrace:
            memtrace.attached()
            target.go()
            interrupt(memtrace)
            assert "recorded 1 snapshots" in memtrace.err.text, memtrace.err.text
        check_exact(shown(path), target)
        assert not os.path.exists(f"{path}-wal") and not os.path.exists(f"{path}-shm")
        whole(path)
        assert ask(path, "SELECT value FROM about WHERE key = 'symbols'") == [("resolved",)]


@case
def a_command_to_its_end():
    with scratch() as folder:
        path = f"{folder}/r"
        done = run_memtrace("record", "-w", path, "--interval", "0.05", "--", fixture_path("heap"), stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        check_sites(shown(path), CommandTruth(done), pid=value(path, "SELECT pid FROM process"))
        report = shown(path)
        assert report["processes"][0]["exit_status"] == 0 and report["command"] == "trace", report["processes"]


@case
def every_form():
    with scratch() as folder:
        path = f"{folder}/r"
        target = record_rounds(path, rounds=3)
        for form in FORMATS:
            assert show(path, "--format", form).child.returncode == 0
        text = show(path).out.text
        assert all(site in text for _, site in target.truth.sites), text
        # The same of the same.
        assert shown(path).data == shown(path).data
        show(path, "--format", "json", "--output", f"{folder}/report")
        assert pathlib.Path(f"{folder}/report").read_text(encoding="utf-8").startswith('{"schema"')


@case
def verdicts_and_views():
    expected = {"site_leak": "growing", "site_cache": "bounded", "site_churn": "churning", "site_once": "one-time"}
    with scratch() as folder:
        path = f"{folder}/r"
        target = record_rounds(path)
        report = shown(path)
        check_sites(report, target)
        kinds = {report.top_function(s): s["verdict"] and s["verdict"]["kind"] for s in report.stacks}
        assert expected.items() <= kinds.items(), kinds
        orders = {view: [report.top_function(s) for s in shown(path, "--view", view).stacks]
                  for view in ("live", "churn", "growth")}
        live, allocated = (sorted((s for _, s in target.truth.sites), key=lambda s: -report.site(s)[key])
                           for key in ("live_bytes", "alloc_bytes"))
        assert [s for s in orders["live"] if s in kinds and s.startswith("site_")] == live, (orders, live)
        assert [s for s in orders["churn"] if s.startswith("site_")] == allocated, (orders, allocated)
        assert orders["growth"][0] == "site_leak", orders
        count = [s["live_blocks"] for s in shown(path, "--sort", "count").stacks]
        assert count == sorted(count, reverse=True), count


@case
def rates_of_a_recording():
    """--view churn: what was allocated between a moment and the one before, a second."""
    with scratch() as folder:
        path = f"{folder}/r"
        record_rounds(path, rounds=4)
        rows = ask(path, "SELECT time_unix_ns, elapsed_ns, alloc_count, alloc_bytes FROM snapshot ORDER BY snapshot")
        before = (0, 0, 0, 0)
        for row in rows:
            ns = row[0] - rows[0][0]
            report = shown(path, "--view", "churn", "--at", f"+{ns // 10**9}.{ns % 10**9:09}")
            assert report["interval_ns"] == row[1] - before[1], (report["interval_ns"], row, before)
            for key, now, earlier in (("count", row[2], before[2]), ("bytes", row[3], before[3])):
                key = f"interval_alloc_{key}"
                for told in (report[key], sum(process[key] for process in report["processes"]),
                             sum(stack[key] for stack in report.stacks)):
                    assert told == now - earlier, (key, told, now, earlier)
            assert report["alloc_per_s"] == int((row[2] - before[2]) * 1e9 / report["interval_ns"] + 0.5), report.data
            assert report["churn"] is None and all(stack["churn"] is None for stack in report.stacks)
            before = row
        text = show(path, "--view", "churn").out.text
        assert "stacks by what they allocate:" in text and " allocations/s, " in text, text
        assert "since attaching" in text and "peak" not in text, text


@case
def every_moment():
    """The same sums in the row of the snapshot, in the view, and in the report of that moment."""
    with scratch() as folder:
        path = f"{folder}/r"
        record_rounds(path, rounds=8)
        rows = ask(path, "SELECT snapshot, time_unix_ns, live_bytes, alloc_count FROM snapshot ORDER BY snapshot")
        first_ns = rows[0][1]
        sums = dict(ask(path, "SELECT snapshot, sum(live_bytes) FROM stack_at GROUP BY snapshot"))
        for number, time_ns, live_bytes, alloc_count in rows:
            ns = time_ns - first_ns
            report = shown(path, "--at", f"+{ns // 10**9}.{ns % 10**9:09}")
            assert report["totals"]["live_bytes"] == live_bytes == (sums.get(number) or 0), (number, live_bytes, sums)
            assert report["totals"]["alloc_count"] == alloc_count, number
            exact = datetime.datetime.fromisoformat(report["time"]).timestamp()
            assert abs(exact - time_ns / 1e9) < 0.001, (report["time"], time_ns)
        peak = max(live_bytes for _, _, live_bytes, _ in rows)
        assert shown(path, "--peak")["totals"]["live_bytes"] == peak
        assert shown(path, "--last").data == shown(path).data
        zone = dict(os.environ, TZ="UTC")
        last = datetime.datetime.fromtimestamp(rows[-1][1] // 10**9, datetime.timezone.utc)
        for text in (f"{last:%Y-%m-%dT%H:%M:%S}", f"{last:%H:%M:%S}", f"{last:%Y-%m-%dT%H:%M:%S}Z"):
            assert shown(path, "--at", text, env=zone).data == shown(path).data, text
        refused(path, "--at", "before the first", arguments=["--at", "2001-01-01T00:00:00"])
        refused(path, "--at", "'noon'", arguments=["--at", "noon"])
        refused(path, "exclude each other", arguments=["--at", "+1", "--peak"])


@case
def read_while_it_is_written():
    with scratch() as folder, Fixture("verdicts") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "0.05") as memtrace:
            memtrace.attached()
            target.step()
            await_snapshots(path, 3)
            # A reader that goes on reading what it has begun with, however much is written meanwhile.
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
                reader.execute("BEGIN")
                count, = reader.execute("SELECT count(*) FROM snapshot").fetchone()
                for _ in range(5):
                    target.step()
                    await_snapshots(path, snapshots(path) + 2)
                    done = subprocess.run(["sqlite3", "-readonly", path, "SELECT max(snapshot) FROM snapshot"],
                                          capture_output=True, text=True, check=True)
                    assert int(done.stdout) > count, done
                    assert shown(path)["totals"]["live_blocks"] > 0
                assert reader.execute("SELECT count(*) FROM snapshot").fetchone() == (count,)
                target.go("stop")
                interrupt(memtrace)
                assert reader.execute("SELECT count(*) FROM snapshot").fetchone() == (count,)
            check_sites(shown(path), target)
            whole(path)
        assert target.quit() == 0


@contextlib.contextmanager
def moved_away(*, strip=False, link=False):
    """A program that was recorded without names, and is where it was no more: (the folder it was moved to, the
    recording, the fixture that ran)."""
    with scratch() as folder:
        os.mkdir(f"{folder}/bin")
        os.mkdir(f"{folder}/kept")
        program, path = f"{folder}/bin/app", f"{folder}/r"
        shutil.copy(fixture_path("verdicts"), program)
        if strip:
            subprocess.run(["objcopy", "--only-keep-debug", program, f"{folder}/kept/app.debug"], check=True)
            subprocess.run(["strip", program], check=True)
        if link:
            subprocess.run(["objcopy", f"--add-gnu-debuglink={folder}/kept/app.debug", program], check=True)
        target = record_rounds(path, "--no-symbols", rounds=2, fixture=program)
        assert ask(path, "SELECT value FROM about WHERE key = 'symbols'") == [("none",)]
        assert value(path, "SELECT count(*) FROM frame") == 0
        os.mkdir(f"{folder}/kept/deep")
        yield folder, program, path, target


def names(report):
    return {report.top_function(s) for s in report.stacks}


@case
def names_found_later():
    with moved_away() as (folder, program, path, target):
        check_sites(shown(path), target)
        report = shown(path)
        assert all(s["frames"][0]["file"].endswith("verdicts.c") for s in report.stacks
                   if report.top_function(s) == "site_leak"), report.stacks
        shutil.move(program, f"{folder}/kept/deep/other-name")
        assert not any(name and name.startswith("site_") for name in names(shown(path))), names(shown(path))
        assert shown(path)["totals"]["live_bytes"] == report["totals"]["live_bytes"]
        for where in (f"{folder}/kept", f"{folder}/kept/deep"):
            check_sites(shown(path, "--symbols-from", where), target)
        # Another program of that name is not taken for it.
        shutil.copy(fixture_path("heap"), program)
        assert not any(name and name.startswith("site_") for name in names(shown(path))), names(shown(path))
        refused(path, "nowhere", arguments=["--symbols-from", f"{folder}/nowhere"])


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    return notes.split("Build ID:")[1].split()[0]


@case(times=["beside", "alone", "by-build-id", "as-a-tree", "without-the-program"])
def names_from_debug_files(where):
    """Of a stripped program: its debug file in the same folder, or alone with the program where it was, or where debug
    files are kept, or with no program at all."""
    with moved_away(strip=True) as (folder, program, path, target):
        kept, number = f"{folder}/kept", build_id(program)
        assert "site_leak" not in names(shown(path))
        if where == "without-the-program":
            os.remove(program)
        elif where != "alone":
            shutil.move(program, f"{kept}/a-stripped-one")
        if where in ("by-build-id", "without-the-program"):
            os.makedirs(f"{kept}/.build-id/{number[:2]}")
            shutil.move(f"{kept}/app.debug", f"{kept}/.build-id/{number[:2]}/{number[2:]}.debug")
        if where == "as-a-tree":
            os.makedirs(f"{kept}/usr/lib/debug/.build-id/{number[:2]}")
            shutil.move(f"{kept}/app.debug", f"{kept}/usr/lib/debug/.build-id/{number[:2]}/{number[2:]}.debug")
        report = shown(path, "--symbols-from", kept)
        check_sites(report, target)
        assert any(f["file"] and f["file"].endswith("verdicts.c") for s in report.stacks for f in s["frames"])


@case
def names_of_its_own():
    """What --symbols-from finds nothing for keeps the names that the recording has."""
    with scratch() as folder:
        program, path = f"{folder}/app", f"{folder}/r"
        shutil.copy(fixture_path("verdicts"), program)
        target = record_rounds(path, rounds=2, fixture=program)
        check_sites(shown(path), target)
        os.remove(program)
        os.mkdir(f"{folder}/nothing")
        check_sites(shown(path, "--symbols-from", f"{folder}/nothing"), target)


@case
def children():
    with scratch() as folder:
        path = f"{folder}/r"
        done = run_memtrace("record", "-w", path, "-o", "0", "--follow-fork", "--interval", "0.1", "--", FAMILY, "fork",
                            "6", timeout=12 * DEADLINE_S)
        assert done.status == 0, done.err.text
        report = shown(path)
        Family(done.out.lines).check(report, 7)
        assert sorted(p["exit_status"] for p in report["processes"][1:]) == [i % 7 for i in range(6)]
        parents = {p["parent"] for p in report["processes"][1:]}
        assert parents == {report["processes"][0]["pid"]}, report["processes"]


@case
def an_exec():
    """What was before it keeps its names, though the code has gone."""
    with scratch() as folder, Fixture("exec", "main") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "0.05") as memtrace:
            memtrace.attached()
            await_snapshots(path, 2)
            target.step()
            # Nothing announces that memtrace is attached again: until it sees a block.
            for _ in range(100):
                target.step("probe")
                await_snapshots(path, snapshots(path) + 2)
                if value(path, "SELECT alloc_count FROM snapshot ORDER BY snapshot DESC LIMIT 1"):
                    break
            target.go()
            interrupt(memtrace)
        check_sites(shown(path), target)
        unnamed = value(path, "SELECT count(*) FROM stack WHERE stack IN (SELECT stack FROM address) AND stack NOT IN "
                        "(SELECT stack FROM frame)")
        assert unnamed == 0, unnamed
        assert target.quit() == 0


@case
def for_a_time():
    with scratch() as folder, Fixture("churn") as target:
        path = f"{folder}/r"
        with recording(target, path, "--interval", "0.3", "--duration", "0.5") as memtrace:
            memtrace.attached()
            target.go()
            assert memtrace.wait() == 0, memtrace.err.text
        *before, last = [ns for (ns,) in ask(path, "SELECT elapsed_ns FROM snapshot ORDER BY snapshot")]
        assert all(ns < 5 * 10**8 for ns in before) and 5 * 10**8 <= last < 10**10, (before, last)
        assert shown(path)["totals"]["alloc_count"] > 0
        unharmed(target)


def wrong(*arguments, says=()):
    done = run_memtrace("record", *arguments)
    assert done.status == 2 and len(done.err.lines) == 1, (done.status, done.err.text)
    for word in says:
        assert word in done.err.text, (word, done.err.text)


@case
def used_wrongly():
    with scratch() as folder:
        path, mine = f"{folder}/r", f"{folder}/mine"
        pathlib.Path(mine).write_text("mine", encoding="utf-8")
        me = str(os.getpid())
        wrong("-p", me, says=["-w FILE"])
        wrong("-w", path, says=["-p PID"])
        wrong("-w", mine, "-p", me, says=[mine, "exists"])
        wrong("-w", f"{folder}/none/r", "-p", me, says=[f"{folder}/none/r", "No such file"])
        wrong("-w", folder, "-p", me, says=[folder])
        wrong("-w", path, "-p", "4194301", says=["4194301"])
        wrong("-w", path, "--", f"{folder}/no-such-command", says=["no-such-command"])
        wrong("-w", path, "--rotate", "soon", "-p", me, says=["--rotate"])
        wrong("-w", path, "--rotate", "0", "-p", me, says=["--rotate"])
        wrong("-w", path, "--interval", "0", "-p", me, says=["--interval"])
        wrong("-w", path, "--top", "5", "-p", me, says=["--top"])
        assert sorted(os.listdir(folder)) == ["mine"], os.listdir(folder)
        assert pathlib.Path(mine).read_text(encoding="utf-8") == "mine"
        done = run_memtrace("report")
        assert done.status == 2 and "name a recording" in done.err.text, done.err.text
        done = run_memtrace("report", mine, mine)
        assert done.status == 2 and "memtrace diff" in done.err.text, done.err.text


def documented(language, begin, end):
    text = (ROOT / "docs" / "RECORDINGS.md").read_text(encoding="utf-8").split(begin)[1].split(end)[0]
    return re.findall(f"```{language}\n(.*?)```", text, re.S)


@case
def documented_questions():
    """What stands in docs/RECORDINGS.md can be asked, and has answers."""
    with scratch() as folder:
        path = f"{folder}/app.memtrace"
        target = record_rounds(path)
        questions = documented("sql", "## Questions", "### DuckDB")
        assert len(questions) >= 5, questions
        for question in questions:
            done = subprocess.run(["sqlite3", "-readonly", "-bail", path, question], capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0 and done.stdout and not done.stderr, (question, done)
            rows = ask(path, question)
            if "growth_bytes" in question or "'growing'" in question:
                assert "site_leak" in rows[0][-1], (question, rows)
        most = max(ask(path, questions[0]))
        largest = max((s for _, s in target.truth.sites), key=lambda s: target.truth.sites["heap", s]["live_bytes"])
        assert most[0] == target.truth.sites["heap", largest]["live_bytes"] and largest in most[2], most
        program, pandas = documented("python", "### Python", "## Versions")
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and len(done.stdout.splitlines()) == snapshots(path), done
        if importlib.util.find_spec("pandas"):
            done = subprocess.run([sys.executable, "-c", program + pandas], cwd=folder, capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0, done.stderr


@case
def every_column_is_documented():
    text = (ROOT / "docs" / "RECORDINGS.md").read_text(encoding="utf-8")
    with scratch() as folder:
        path = f"{folder}/r"
        record_rounds(path, rounds=1)
        for (table,) in ask(path, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"):
            assert re.search(rf"\b{table}\b", text), table
            for column in ask(path, f"PRAGMA table_info({table})"):
                assert re.search(rf"\b{column[1]}\b", text), (table, column[1])
        assert f"`PRAGMA user_version` is the version of the tables: {value(path, 'PRAGMA user_version')}." in text
        assert f"{value(path, 'PRAGMA application_id'):#x}" in text
        for key, _ in ask(path, "SELECT key, value FROM about"):
            assert f"`{key}`" in text, key


@case
def shown_without_privileges():
    """By whoever may read the file, also where nothing can be written beside it."""
    with scratch() as folder:
        path = f"{folder}/r"
        target = record_rounds(path, rounds=2)
        os.chmod(path, 0o444)
        os.chmod(folder, 0o555)
        check_sites(shown(path, user=NOBODY, group=NOBODY), target)
        os.chmod(path, 0o400)
        done = show(path, status=2, user=NOBODY, group=NOBODY)
        assert "Permission denied" in done.err.text and len(done.err.lines) == 1, done.err.text
        os.chmod(folder, 0o755)


main()
