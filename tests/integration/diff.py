#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""memtrace diff: recordings of two builds of a program, and moments of one recording."""
import csv
import io
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess

from harness import *
from harness.browser import shared_browser

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#define SITE __attribute__((noinline, noclone))
%(more)s
static void *volatile kept;
SITE void more(int n) { while (n--) kept = malloc(100); }
SITE void less(int n) { while (n--) kept = malloc(70); }
SITE void same(int n) { while (n--) kept = malloc(50); }
SITE void %(only)s(int n) { while (n--) kept = malloc(30); }
SITE void freed(void) { kept = malloc(1000); free(kept); }
int main(void)
{
	char line[16];

	more(%(n_more)d);
	less(%(n_less)d);
	same(4);
	%(only)s(3);
	freed();
	puts("half");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	more(2);
	return 0;
}
"""
BUILDS = ({"more": "", "only": "before", "n_more": 5, "n_less": 9},
          {"more": "/* other\n * lines\n */\nint another(int n) { return n * 7; }", "only": "after", "n_more": 12, "n_less": 2})
MORE_LATER = 2


def record(folder, build):
    """A recording of a build from its start to its end: its path."""
    source, program, path = (f"{folder}/app{build}.{kind}" for kind in ("c", "out", "memtrace"))
    with open(source, "w", encoding="utf-8") as file:
        file.write(PROGRAM % BUILDS[build])
    # The same name in both, as rebuilt programs have.
    subprocess.run(["gcc", "-g", "-O1", "-o", program, source], check=True)
    shutil.copy(program, f"{folder}/app")
    with Memtrace("record", "-w", path, "--interval", "0.1", "-o", "0", "--", f"{folder}/app") as memtrace:
        memtrace.out.expect(lambda line: line == "half", "the first half")
        wait_for_snapshot(path)
        memtrace.send("go")
        assert memtrace.wait() == 0, memtrace.err.text
    return path


def wait_for_snapshot(path):
    """Until a snapshot has all of the first half, as whoever reads the recording meanwhile sees it."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as recording:
        def counted():
            return recording.execute("SELECT free_count FROM snapshot ORDER BY snapshot DESC LIMIT 1").fetchone()
        wait_until(lambda: (counted() or (0,))[0] > 0, "a snapshot of the first half")
    recording.close()


def diff(*arguments, status=0):
    done = run_memtrace("diff", *arguments)
    assert done.status == status, (done.status, done.err.text)
    return done


def diff_json(*arguments):
    report = json.loads(diff("--format", "json", *arguments).out.text)
    try:
        import jsonschema
    except ImportError:
        return report
    jsonschema.validate(report, json.loads((ROOT / "docs" / "diff.schema.json").read_text(encoding="utf-8")))
    return report


def changes(report):
    """{function: (change, bytes, blocks)}, of the program's own functions."""
    return {row["frames"][0]["function"]: (row["change"], row["change_bytes"], row["change_blocks"])
            for row in report["stacks"] if row["frames"][0]["module"] == "app"}


@case
def two_builds():
    with scratch() as folder:
        old, new = record(folder, 0), record(folder, 1)
        report = diff_json(old, new, "-T", "0")
        expected = {"more": ("more", 700, 7), "less": ("less", -490, -7), "before": ("gone", -90, -3),
                    "after": ("new", 90, 3)}
        assert changes(report) == expected, changes(report)
        assert [abs(row["change_bytes"]) for row in report["stacks"]] == \
            sorted((abs(row["change_bytes"]) for row in report["stacks"]), reverse=True)
        assert report["new"]["integrity"]["complete"] and report["new"]["totals"]["live_blocks"] >= 12 + MORE_LATER
        text = diff(old, new).out.text
        assert "    +700 bytes in +7 allocations (now 1400 in 14) from stack\n        more" in text, text
        assert "    gone: -90 bytes in -3 allocations from stack\n        before" in text, text
        assert "    new: +90 bytes in +3 allocations from stack\n        after" in text, text
        by_count = diff_json("--sort", "count", "-T", "2", old, new)
        assert {row["frames"][0]["function"] for row in by_count["stacks"]} == {"more", "less"}, by_count["stacks"]
        assert not diff_json("-T", "0", old, old)["stacks"]
        assert "nothing has changed" in diff(old, old).out.text


@case
def forms():
    """What is read from the other forms is what the JSON says; unchanged stacks are in those that show parts of all."""
    with scratch() as folder:
        old, new = record(folder, 0), record(folder, 1)
        expected = changes(diff_json(old, new, "-T", "0"))
        table = list(csv.DictReader(io.StringIO(diff("--format", "csv", old, new).out.text, newline="")))
        assert {row["frames"].split(" ")[0]: (row["change"], int(row["change_bytes"]), int(row["change_blocks"]))
                for row in table if " [app]" in row["frames"].split(";")[0]} == expected, table
        lines = [re.fullmatch(r"(\S.*) (\d+) (\d+)", line) for line in diff("--format", "folded", old, new).out.text.splitlines()]
        assert all(lines), lines
        folded = {line[1].split(";")[-1]: int(line[3]) - int(line[2]) for line in lines}
        assert {name: folded.get(name) for name in expected} == {name: change[1] for name, change in expected.items()}, folded
        assert folded["same"] == 0 and "freed" not in folded, folded
        done = diff("--format", "folded", "-T", "1", old, new)
        assert done.out.text.endswith(";more 700 1400\n") and len(done.out.text.splitlines()) == 1, done.out.text


@case
def page():
    """The page is opened on the comparison."""
    with scratch() as folder, shared_browser() as shown:
        old, new = record(folder, 0), record(folder, 1)
        expected = changes(diff_json(old, new, "-T", "0"))
        done = diff("--format", "html", "--output", f"{folder}/page.html", old, new)
        assert not done.out.text
        shown.open(pathlib.Path(folder) / "page.html")
        shown.painted()
        assert "more than before" in shown.one(".legend[aria-label='Colours of change']").text
        assert shown.one("h1").text == f"{old} \u2192 {new}", shown.one("h1").text
        assert not shown.all(".timeline") and shown.one("footer").text.count("nothing lost") == 2
        rows = {name.split(" ")[0]: (change, size) for name, change, size in
                zip(*(shown.texts(f".rows tbody tr[data-stack] td.{key}") for key in ("stack", "change", "change-live")))}
        in_page = {name: (change, int(re.sub(r"[^\d-]", "", size.replace("\u2212", "-")))) for name, (change, size) in rows.items()
                   if name in expected}
        assert in_page == {name: change[:2] for name, change in expected.items()}, rows
        assert rows["same"][0] == "same"
        sizes = list(in_page.values())
        assert sizes == sorted(sizes, key=lambda row: -row[1]), sizes
        complaints = shown.complaints()
        assert not complaints, complaints


@case
def moments_of_one():
    with scratch() as folder:
        path = record(folder, 0)
        with sqlite3.connect(path) as recording:
            half, = recording.execute("SELECT time_unix_ns FROM snapshot WHERE free_count > 0 ORDER BY snapshot").fetchone()
        recording.close()
        moment = f"{path}@@{half // 10 ** 9}.{half % 10 ** 9:09d}"
        assert changes(diff_json(moment, path, "-T", "0")) == {"more": ("more", 200, 2)}
        assert changes(diff_json(path, moment, "-T", "0")) == {"more": ("less", -200, -2)}
        # A file whose own name has an @ is that file.
        shutil.copy(path, f"{folder}/at@+1")
        assert not diff_json(f"{folder}/at@+1", path, "-T", "0")["stacks"]


@case
def what_cannot_be():
    with scratch() as folder:
        path = record(folder, 0)
        for arguments, words in (((path,), "two recordings are compared"), ((path, path, path), "unexpected argument"),
                                 ((path, f"{folder}/none"), "none: cannot be read"),
                                 ((path, f"{path}@noon"), "needs a time"),
                                 ((path, f"{path}@1999-01-01T00:00:00"), "before the first"),
                                 (("--format", "massif", path, path), "no comparison in the form")):
            done = diff(*arguments, status=2)
            assert words in done.err.text and done.err.text.count("\n") == 1, (arguments, done.err.text)
            assert not done.out.text, done.out.text


main()
