#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""Debian's programs: memtrace counts what valgrind counts, call for call and byte for byte.

valgrind adds four variables to the environment; memtrace's run has the same four, with
values of the same length. valgrind is kept from freeing libc's own memory at the end
(--run-libc-freeres=no), which no untraced run does either."""
import os
import re
import shutil
import subprocess

from harness import *

VALGRIND = ["valgrind", "--run-libc-freeres=no", "--run-cxx-freeres=no"]
SUMMARY = re.compile(r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes allocated")
SQL = ("create table t(a integer primary key, b text);"
       "with recursive n(i) as (select 1 union all select i+1 from n where i<500) insert into t select i, "
       "'row '||i from n; create index i on t(b); select count(*), max(b) from t where b like 'row 4%'; drop table t;")

COMMANDS = {
    "sort": ["sort", "-r", "/etc/services"],
    "sed": ["sed", "-n", "s/tcp/TCP/p", "/etc/services"],
    "gawk": ["gawk", "{n[$2]++; s=s substr($1,1,2)} END {for (k in n) print k, n[k], length(s)}", "/etc/services"],
    "sqlite3": ["sqlite3", ":memory:", SQL],
    "git": ["git", "log", "-20", "--stat", "--no-ext-diff"],
}


def stand_in(folder, path):
    """An empty library under a path of the same length as the one that valgrind preloads."""
    name = os.path.join(folder, str(len(os.listdir(folder))).ljust(len(path) - len(folder) - 1, "_"))
    assert len(name) == len(path), (name, path)
    subprocess.run(["gcc", "-shared", "-o", name, "-x", "c", "/dev/null"], check=True)
    return name


def valgrind_environment(environment):
    """The variables that valgrind adds, as its client sees them."""
    text = subprocess.run(["valgrind", "-q", "/usr/bin/env", "-0"], env=environment, capture_output=True, text=True,
                          check=True).stdout
    seen = dict(entry.split("=", 1) for entry in text.split("\0") if entry)
    return {name: value for name, value in seen.items() if environment.get(name) != value}


@case(times=list(COMMANDS))
def same_as_valgrind(name):
    for tool in ("valgrind", COMMANDS[name][0]):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")
    # Nothing of the tester's own settings, and no thread count or memory size that could differ.
    base = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PAGER": "cat", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*"}
    command = COMMANDS[name]
    added = valgrind_environment(base)
    checked = subprocess.run([*VALGRIND, *command], env=base, capture_output=True, text=True, cwd=ROOT, check=True)
    allocs, frees, size = (int(n.replace(",", "")) for n in SUMMARY.search(checked.stderr).groups())

    with scratch() as folder:
        environment = dict(base, **added)
        environment["LD_PRELOAD"] = ":".join(stand_in(folder, path) for path in added["LD_PRELOAD"].split(":"))
        done = run_memtrace("--format", "json", "--top", "0", "-o", "0", "--output", f"{folder}/r", "--", *command,
                            env=environment, cwd=str(ROOT))
        assert done.status == 0, done.err.text
        with open(f"{folder}/r", encoding="utf-8") as file:
            report = parse_reports(file.read())[0]
    assert done.out.text == checked.stdout, "the command printed something else"
    heap = report.kind("heap")
    got = (heap["alloc_count"], heap["free_count"], heap["alloc_bytes"])
    assert got == (allocs, frees, size), f"memtrace {got}, valgrind {(allocs, frees, size)}"
    assert report.integrity["complete"] and report.integrity["unknown_frees"] == 0, report.integrity
    check_invariants(report)


main()
