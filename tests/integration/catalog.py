#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the catalogue has a fixture that calls it (tests/fixtures/rows.tsv)."""
import subprocess

from harness import *

TABLE = ROOT / "tests" / "fixtures" / "rows.tsv"


def table():
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            row, fixture, source = line.split("\t")
            rows[row] = (fixture, source)
    return rows


def catalogue():
    done = run_memtrace("doctor", "--rows")
    assert done.status == 0 and done.out.lines, (done.status, done.err.text)
    return done.out.lines


@case
def every_row_has_a_fixture():
    rows, known = catalogue(), table()
    missing = [row for row in rows if row not in known]
    assert not missing, f"no fixture in {TABLE.name} for {', '.join(missing)}"


@case
def no_fixture_without_a_row():
    rows, known = catalogue(), table()
    extra = [row for row in known if row not in rows]
    assert not extra, f"in {TABLE.name}, but not in the catalogue: {', '.join(extra)}"


@case
def every_fixture_calls_its_function():
    """By its symbol, or, of a library opened at run time, by its name as a string."""
    errors = []
    for row, (fixture, source) in table().items():
        text = (ROOT / "tests" / "fixtures" / source).read_text(encoding="utf-8")
        symbols = subprocess.run(["nm", "-u", fixture_path(fixture)], capture_output=True, text=True,
                                 check=True).stdout
        called = {line.split()[-1].split("@")[0] for line in symbols.splitlines()}
        if row not in called and f'"{row}"' not in text and f"SYS_{row}" not in text:
            errors.append(f"{fixture} does not call {row}")
    assert not errors, "\n".join(errors)


main()
