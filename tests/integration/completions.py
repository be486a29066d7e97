#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bash, zsh and fish complete commands, the options of each command, and their values, as memtrace itself has them."""
import functools
import os
import re

from harness import *
from harness.shells import SHELLS

VALUES = "sort", "format", "kinds", "by", "view"


@functools.cache
def commands():
    listed = run_memtrace("help").out.text.partition("Commands:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z]+) ", listed, re.M)
    assert names[0] == "trace" and len(names) > 5, names
    return names


# Where it takes the names of all forms and then says that it does not write one.
WRITTEN = {"system": ["text", "json"], "diff": ["text", "json", "html", "folded", "csv"]}


@functools.cache
def options(command):
    return re.findall(r"^ +(?:-[a-zA-Z], )?--([a-z-]+)", run_memtrace("help", command).out.text, re.M)


@functools.cache
def values(command, option):
    """What memtrace says that it takes."""
    arguments = () if command == "trace" else (command,)
    text = run_memtrace(*arguments, f"--{option}", "nonsense").err.text
    found = re.search(r"is (?:none|no list) of (.*)", text)
    assert found, text
    return WRITTEN[command] if option == "format" and command in WRITTEN else found[1].split(", ")


def line_of(command, rest):
    return " ".join(["memtrace", *([] if command == "trace" else [command]), rest])


def all_lines():
    """line -> words, all that there are."""
    names = [name for name in commands() if name != "trace"]
    yield "memtrace ", names
    yield "memtrace help ", names
    yield "memtrace le", ["leaks"]
    for command in commands():
        taken = options(command)
        yield line_of(command, "--"), [f"--{option}" for option in taken]
        for option in sorted(set(taken) & set(VALUES)):
            words = values(command, option)
            yield line_of(command, f"--{option} "), words
            yield line_of(command, f"--{option}={words[0][0]}"), [word for word in words if word[0] == words[0][0]]


FILES = [f"memtrace {start} tests/integration/compl" for start in
         ("report", "diff a", "check --baseline", "record -w", "-O", "-- env")]
PROCESSES = ["memtrace -p ", "memtrace leaks -p 4194300,"]
EXPECTED = dict(all_lines())


@case(times=list(SHELLS))
def completed(shell):
    answers = iter(SHELLS[shell]([*EXPECTED, *FILES, *PROCESSES]))
    wrong = []
    for (line, words), answer in zip(EXPECTED.items(), answers):
        got = {word.removesuffix("=") if word.startswith("--") else word for word in answer} - {"--"}
        if got != set(words):
            wrong.append(f"{line!r}: not offered {sorted(set(words) - got)}, wrongly {sorted(got - set(words))}")
    for line, answer in zip(FILES, answers):
        if not any(word.endswith("completions.py") for word in answer):
            wrong.append(f"{line!r}: {answer}")
    for line, answer in zip(PROCESSES, answers):
        if str(os.getpid()) not in {word.removeprefix("4194300,") for word in answer}:
            wrong.append(f"{line!r}: {answer}")
    assert not wrong, "\n".join(wrong)


main()
