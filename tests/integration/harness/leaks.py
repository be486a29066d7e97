# SPDX-License-Identifier: GPL-2.0-or-later
"""Leak classes: what memtrace, LeakSanitizer and valgrind say of each site, held against the truth of its program."""
import os
import re
import subprocess

from .fixture import CommandTruth, Fixture
from .memtrace import NEVER_S, Memtrace, run_command
from .paths import fixture_path

PROGRAMS = ("roots", "registers", "contexts", "shapes", "kernel_held", "signal_stacks", "forks", "containers")
BUILDS = ("gcc-O0", "gcc-O2", "clang-O0", "clang-O2", "gcc-O2-static")
CLASSES = ("definite", "indirect", "possible", "reachable")
LEAKED = ("definite", "indirect")
OPTIONS = ("--format", "json", "--top", "0", "-o", "0", "--reachable")

# What the ways to end a program take from what a class may rest on (fixtures/leaks/leaks.h).
ENDS = {
    "return": {"without": ("frame", "thread"), "status": 0},
    "exit": {"without": (), "status": 0},
    "_exit": {"without": (), "status": 0},
    "abort": {"without": (), "status": 134},
    "segv": {"without": (), "status": 139},
    "kill": {"without": (), "status": 143},
    "thread": {"without": (), "status": 0},
    "leader": {"without": ("frame", "own"), "status": 0},
}


class Account(dict):
    """function -> class -> [blocks, bytes]"""

    def add(self, function, leak_class, blocks, size):
        entry = self.setdefault(function, {}).setdefault(leak_class, [0, 0])
        entry[0] += blocks
        entry[1] += size

    def of(self, function, leak_class):
        return self.get(function, {}).get(leak_class, [0, 0])

    def words(self, function):
        return ", ".join(f"{self.of(function, c)[0]} {c}" for c in CLASSES if self.of(function, c)[0]) or "-"


def sites(truth):
    """function -> its row"""
    return {function: row for (_, function), row in truth.sites.items()}


def _owner(functions, known):
    """The site that a stack belongs to: the innermost, or one that is only passed; None when it is no site's."""
    for depth, function in enumerate(functions):
        if function in known and (depth == 0 or known[function]["through"]):
            return function
    return None


def account_of(report, truth):
    """(of the sites, of the others by their innermost function) by a report of memtrace."""
    known, own, others = sites(truth), Account(), Account()
    for stack in report.stacks:
        if stack["kind"] != "heap" or not stack["live_blocks"]:
            continue
        functions = [frame["function"] for frame in stack["frames"]]
        owner = _owner(functions, known)
        name = owner or " < ".join(str(f) for f in functions[:4])
        (own if owner else others).add(name, stack["leak"], stack["live_blocks"], stack["live_bytes"])
    return own, others


def site_errors(function, row, account, leaks_alone=False):
    """What is wrong with the classes of a site. `leaks_alone`: of other blocks the tool says nothing."""
    found = {c: account.of(function, c) for c in CLASSES}
    leaked = [sum(found[c][i] for c in LEAKED) for i in (0, 1)]
    wanted = [row["live_blocks"], row["live_bytes"]]
    total = [sum(found[c][i] for c in CLASSES) for i in (0, 1)]
    allowed = LEAKED if row["class"] == "leaked" else tuple(row["class"].split("|"))
    errors = []
    if not set(allowed) & set(LEAKED) and leaked[0]:
        errors.append(f"{function}: {leaked[0]} blocks are called leaked and are {row['class']}")
    wrong = {c: found[c] for c in CLASSES if c not in allowed and found[c][0]}
    if wrong:
        errors.append(f"{function}: {account.words(function)}, not {row['class']}")
    if leaks_alone:  # and it makes blocks of no bytes larger
        total[1] = wanted[1]
    if total != wanted and not (leaks_alone and not total[0] and set(allowed) - set(LEAKED)):
        errors.append(f"{function}: {total[0]} blocks of {total[1]} bytes, not {wanted[0]} of {wanted[1]}")
    if row["class"] == "leaked" and found["definite"][0] != row["heads"]:
        errors.append(f"{function}: {found['definite'][0]} definite, not {row['heads']}")
    return errors


def leak_errors(report, truth, without=(), lower_bound=False):
    """Errors of a report. `without`: what the classes of sites no longer rest on, so that theirs are open.
    `lower_bound`: what is leaked may have been taken for held, but not the other way round."""
    own, others = account_of(report, truth)
    errors = []
    if not all(process["scan"] for process in report["processes"]):
        return ["memory was not looked at"]
    for function, row in sites(truth).items():
        is_leaked = row["class"] == "leaked" or set(row["class"].split("|")) & set(LEAKED)
        if row["held"] in without or (is_leaked and lower_bound):
            row = dict(row, **{"class": "|".join(CLASSES)})
        errors += site_errors(function, row, own)
    for function, classes in others.items():
        errors += [f"leaked beside the sites: {classes[c]} {c} of {function}" for c in LEAKED if c in classes]
    if not report.integrity["complete"]:
        errors.append(f"lost: {report.lost}")
    return errors


def check_leaks(report, truth, without=(), lower_bound=False):
    assert truth.sites, "the program has no sites"
    errors = leak_errors(report, truth, without, lower_bound)
    assert not errors, "\n".join([f"{len(errors)} errors:", *errors[:12]])


def check_attached(report, target):
    """Of a fixture that was attached to. What lies in freed memory may count, unless memtrace says that it knows all of
    the heap; where addresses are small, glibc's own words in freed blocks look like pointers, too."""
    scan = report["processes"][0]["scan"]
    if scan["heap_bytes"] and not scan["unknown_heap_bytes"]:
        check_leaks(report, target.truth)
    else:
        check_leaks(report, target.truth, ("start",), lower_bound="static" in target.name)


def look_at(target, *options):
    """Attaches to a fixture that is ready, lets it work, and has it looked at: the report."""
    with Memtrace("leaks", "-v", *OPTIONS, *options, "-p", str(target.pid), NEVER_S) as memtrace:
        memtrace.attached()
        target.go()
        reports = memtrace.interrupt()
    assert len(reports) == 1, f"{len(reports)} reports instead of the last one alone"
    return reports[0]


def run_and_look(program, folder, end, *options, arguments=(), wrapper=()):
    """`memtrace leaks -- PROGRAM`, ended as the word says: (status, report, truth)."""
    command = [*wrapper, fixture_path(program), *arguments]
    done, report = run_command(command, "-o", "0", "--reachable", *options, verb=("leaks",),
                               output=f"{folder}/report", stdin=f"go\n{end}\n".encode())
    return done.status, report, CommandTruth(done).truth


LSAN_RECORD = re.compile(r"^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:")
LSAN_FRAME = re.compile(r"^\s+#\d+ 0x[0-9a-f]+ in (\S+)")
VALGRIND_RECORD = re.compile(r"^==\d+== ([\d,]+)(?: \(([\d,]+) direct, [\d,]+ indirect\))? bytes in ([\d,]+) blocks? "
                             r"(?:is|are) (definitely lost|indirectly lost|possibly lost|still reachable)")
VALGRIND_FRAME = re.compile(r"^==\d+==\s+(?:at|by) 0x[0-9A-F]+: (\S+)")
VALGRIND_CLASSES = {"definitely lost": "definite", "indirectly lost": "indirect", "possibly lost": "possible",
                    "still reachable": "reachable"}


def _account_of_text(text, record_of, frame, truth):
    """An account of records with their frames below them."""
    known, account, record, functions = sites(truth), Account(), None, []

    def close():
        owner = next((f for f in functions if f in known), None)
        if record and owner:
            account.add(owner, *record)
    for line in text.splitlines():
        started = record_of(line)
        if started:
            close()
            record, functions = started, []
        elif record and frame.match(line):
            functions.append(frame.match(line)[1].split("(")[0])
    close()
    return account


def _lsan_record(line):
    match = LSAN_RECORD.match(line)
    return match and ("definite" if match[1] == "Direct" else "indirect", int(match[3]), int(match[2]))


def _valgrind_record(line):
    match = VALGRIND_RECORD.match(line)
    if not match:
        return None
    size = match[2] or match[1]
    return VALGRIND_CLASSES[match[4]], int(match[3].replace(",", "")), int(size.replace(",", ""))


def _said(command, environment=None):
    """What is said of a program that has itself looked at."""
    with Fixture(command[-1], wrapper=command[:-1], env=environment) as target:
        target.go(timeout=120)
        assert target.quit() == 0, target.err.text
    return target.err.text


def by_lsan(program, truth):
    """The account that LeakSanitizer gives of a program that is linked with it."""
    said = _said([program], {"LSAN_OPTIONS": "leak_check_at_exit=0:fast_unwind_on_malloc=0"})
    return _account_of_text(said, _lsan_record, LSAN_FRAME, truth)


def by_valgrind(program, truth):
    """valgrind puts its own operators in the place of a program's: the truth is that of another run."""
    said = _said(["valgrind", "--leak-check=no", "--show-leak-kinds=all", "--leak-resolution=high", "--num-callers=40",
                  program])
    return _account_of_text(said, _valgrind_record, VALGRIND_FRAME, truth)
