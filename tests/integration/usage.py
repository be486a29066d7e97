#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong usage: one line on standard error, status 2, nothing else; and the two commands that help."""
import re

from harness import *

WRONG = [
    ["-p"], ["-p", ""], ["-p", "x"], ["-p", "0"], ["-p", "-5"], ["-p", "1x"], ["-p", "1,"], ["-p", ",1"],
    ["-p", "1,,2"], ["-p", "99999999999999999999"], ["-p", "1.5"], ["-p", " 1"],
    ["--pid="], ["--pid", "12a"],
    ["-p", "1", "0"], ["-p", "1", "5", "0"], ["-p", "1", "-1"], ["-p", "1", "5x"], ["-p", "1", "5", "3x"],
    ["-p", "1", "5", "3", "1"], ["-p", "1", "nan"], ["-p", "1", "inf"], ["-p", "1", ""], ["-p", "1", "5", "1.5"],
    ["-p", "1", "-o"], ["-p", "1", "-o", "x"], ["-p", "1", "-o", "-1"], ["-p", "1", "-o", "5s"],
    ["-p", "1", "-z", "10", "-Z", "9"], ["-p", "1", "-z", "1Q"], ["-p", "1", "-z", ""], ["-p", "1", "-Z", "-1"],
    ["-p", "1", "-z", "1KiBx"], ["-p", "1", "-z", "99999999999999999999"], ["-p", "1", "-z", "99999999999G"],
    ["-p", "1", "-T", "x"], ["-p", "1", "-T", "-1"], ["-p", "1", "-T", "1.5"],
    ["-p", "1", "--sort", "size"], ["-p", "1", "--sort", ""], ["-p", "1", "--format", "xml"],
    ["-p", "1", "--format"], ["-p", "1", "--stack-depth", "0"], ["-p", "1", "--stack-depth", "x"],
    ["-p", "1", "--max-memory", "0"], ["-p", "1", "--max-memory", "lots"],
    ["-p", "1", "--nonsense"], ["-p", "1", "-y"], ["--", ], ["-a"], ["nonsense"], ["-T", "5"],
    ["-p", "1", "--", "true"], ["5", "-p"], ["help", "nonsense"], ["doctor", "--nonsense"],
    ["-p", "1", "--top=5x"], ["-p", "1", "--quiet=yes"],
    ["kernel", "0"], ["kernel", "5", "0"], ["kernel", "5", "1", "1"], ["kernel", "nonsense"], ["kernel", "--", "true"],
    ["kernel", "--order", "32"], ["kernel", "--order", "-1"], ["kernel", "--order", "x"], ["kernel", "--order"],
    ["kernel", "--node", "x"], ["kernel", "--min-growth", "much"], ["kernel", "--min-growth", "-1"],
    ["kernel", "--cache", ""], ["kernel", "--cache"], ["kernel", "--cgroup", ""], ["kernel", "--by", "user"],
    ["kernel", "--by", ""], ["kernel", "-p", "0"], ["kernel", "-z", "5"], ["kernel", "-O", "/bin/true"],
    ["kernel", "--debuginfod"], ["-p", "1", "--cache", "dentry"], ["-p", "1", "--order", "0"],
    ["-p", "1", "--by", "process"], ["system", "--min-growth", "1M"],
]


@case
def wrong_usage():
    errors = []
    for arguments in WRONG:
        done = run_memtrace(*arguments)
        if done.status != 2 or len(done.err.lines) != 1 or done.out.lines:
            errors.append(f"memtrace {arguments}: status {done.status}, standard error {done.err.lines[:3]}, "
                          f"standard output {done.out.lines[:2]}")
        elif not done.err.lines[0].startswith("memtrace: "):
            errors.append(f"memtrace {arguments}: {done.err.lines[0]}")
    assert not errors, "\n".join(errors)


@case
def sizes_and_lists_that_are_right():
    """Taken, so that the complaint is about the process alone."""
    for arguments in (["-z", "1K", "-Z", "2M"], ["-z", "1KiB"], ["-Z", "3G"], ["-z", "5", "-Z", "5"], ["-o", "0"],
                      ["-T", "0"], ["--sort", "age"], ["--max-memory", "64MiB"], ["--stack-depth", "16"]):
        done = run_memtrace(*arguments, "-p", "4194300")
        assert done.status == 2 and len(done.err.lines) == 1 and "4194300" in done.err.text, (arguments, done.err.text)


@case
def bare():
    """A short help, status 2."""
    done = run_memtrace()
    assert done.status == 2, done.status
    text = done.out.text + done.err.text
    assert "-p" in text and "--" in text and len(text.splitlines()) < 25, text


@case(times=["help", "--help", "-h"])
def help_is_on_standard_output(argument):
    done = run_memtrace(argument)
    assert done.status == 0 and not done.err.lines and len(done.out.lines) > 5, (done.status, done.err.text)
    for option in ("-p",) if argument == "help" else ("--pid", "--older", "--min-size", "--max-size", "--top", "--obj", "--sort", "--format", "--output",
                   "--show-allocs", "--max-memory", "--stack-depth", "--verbose", "--quiet"):
        assert option in done.out.text, option


@case
def help_of_a_command():
    for command in ("doctor", "kernel", "system"):
        done = run_memtrace("help", command)
        assert done.status == 0 and command in done.out.text and not done.err.lines, done.err.text


@case
def version():
    done = run_memtrace("--version")
    assert done.status == 0 and re.fullmatch(r"memtrace \d+\.\d+(\.\d+)?\S*", done.out.lines[0]), done.out.lines
    assert len(done.out.lines) == 1 and not done.err.lines


@case
def hidden_options_stay_hidden():
    text = run_memtrace("--help").out.text
    for option in ("--live-table-slots", "--stack-table-rows", "--event-buffer", "--backend", "--rows"):
        assert option not in text, option


main()
