# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbolizer against llvm-symbolizer on random addresses of an ELF file.

Every address must give the same functions, files and lines, with all that is inlined there. Where it
does not, the difference must be of one of the classes below, each of which is checked, not assumed.
"""
import collections
import pathlib
import random
import re
import subprocess

TOOL = pathlib.Path(__file__).resolve().parents[2] / "build/tests/symbols/addresses"
N_ADDRESSES = 1000

Level = collections.namedtuple("Level", "function file line")


def run(command, text):
    return subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=True,
                          timeout=120).stdout


def text_section(path):
    """(address, size) of .text."""
    for line in run(["readelf", "-SW", path], "").splitlines():
        found = re.match(r"\s*\[\s*\d+\] \.text\s+\w+\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", line)
        if found:
            return int(found[1], 16), int(found[2], 16)
    raise RuntimeError(f"{path}: no .text")


def symbols(path):
    """address -> names of functions that begin there."""
    names = collections.defaultdict(set)
    for line in run(["nm", path], "").splitlines():
        found = re.match(r"([0-9a-f]+) [tTwWiu] (.*)", line)
        if found:
            names[int(found[1], 16)].add(found[2])
    return names


def random_addresses(path, n=N_ADDRESSES, seed=1):
    start, size = text_section(path)
    return sorted(random.Random(seed).sample(range(start, start + size), n))


def ours(path, addresses):
    answers, levels = [], []
    for line in run([TOOL, path], "".join(f"{a:x}\n" for a in addresses)).splitlines():
        if line:
            function, file, number = line.split("\t")
            levels.append(Level(function, file, int(number)))
        else:
            answers.append(levels)
            levels = []
    return answers


def theirs(path, addresses):
    """Names as they stand in the file, made ours by the same demangler."""
    command = ["llvm-symbolizer", "--no-demangle", "--inlines", "--functions=linkage", f"--obj={path}"]
    answers, levels, lines = [], [], run(command, "".join(f"{a:#x}\n" for a in addresses)).splitlines()
    at = 0
    while at < len(lines):
        if not lines[at]:
            answers.append(levels)
            levels = []
            at += 1
            continue
        place = re.fullmatch(r"(.*):(\d+):(\d+)", lines[at + 1])
        levels.append(Level(lines[at], place[1], int(place[2])))
        at += 2
    if levels:
        answers.append(levels)
    names = sorted({level.function for levels in answers for level in levels})
    shown = dict(zip(names, run([TOOL, "--demangle"], "".join(f"{name}\n" for name in names)).splitlines()))
    return [[level._replace(function=shown[level.function]) for level in levels] for levels in answers], shown


class Explanation:
    """Why one answer may differ from the other. Each class is a fact about the file that is looked up there."""

    def __init__(self, path):
        self.at = collections.defaultdict(set)  # start -> names as shown
        self.unsized = set()
        rows = []
        for line in run(["readelf", "-sW", path], "").splitlines():
            fields = line.split()
            if len(fields) == 8 and fields[0][:-1].isdigit() and fields[6] != "UND":
                rows.append((int(fields[1], 16), fields[7].split("@")[0], fields[3] == "NOTYPE" and fields[2] == "0"))
        shown = run([TOOL, "--demangle"], "".join(f"{name}\n" for _, name, _ in rows)).splitlines()
        for (start, _, unsized), name in zip(rows, shown):
            self.at[start].add(name)
            if unsized:
                self.unsized.add(name)

    def of(self, mine, other):
        if len(mine) != len(other) or mine[:-1] != other[:-1]:
            return None
        if mine[-1]._replace(function="") == other[-1]._replace(function=""):
            a, b = mine[-1].function, other[-1].function
            if any(a in names and b in names for names in self.at.values()):
                return "another name of the same function"
            if b in self.unsized and a not in self.unsized:
                return "a label without a size inside a function is not a function"
        if mine[-1].function == other[-1].function and mine[-1][1:] == ("??", 0) and not other[-1].line:
            return "a file by its symbol (STT_FILE) where there is no line: not shown"
        return None


def same_file(mine, other):
    """Below the compilation directory ours are relative to it, theirs always absolute."""
    return mine == other or (not mine.startswith("/") and other.endswith("/" + mine))


def compare(path, debug_path=None, n=N_ADDRESSES):
    """(differences that no class explains, number of differences by class, addresses with inlined calls)"""
    addresses = random_addresses(path, n)
    answers = ours(path, addresses)
    oracle, _ = theirs(debug_path or path, addresses)
    explanation = Explanation(debug_path or path)
    wrong, explained = [], collections.Counter()
    if not len(answers) == len(oracle) == n:
        raise RuntimeError(f"{path}: {len(answers)} and {len(oracle)} answers for {n} addresses")
    for address, mine, other in zip(addresses, answers, oracle):
        other = [b._replace(file=a.file) if same_file(a.file, b.file) else b for a, b in zip(mine, other)] + \
            other[len(mine):]
        if mine == other:
            continue
        reason = explanation.of(mine, other)
        if reason:
            explained[reason] += 1
        else:
            wrong.append(f"{address:#x}\n  ours   {mine}\n  theirs {other}")
    return wrong, explained, sum(len(levels) > 1 for levels in answers)


def check(path, debug_path=None, n=N_ADDRESSES):
    wrong, explained, inlined = compare(path, debug_path, n)
    print(f"{path}: {n} addresses, {inlined} with inlined calls; "
          f"{n - len(wrong) - sum(explained.values())} equal, {len(wrong)} wrong")
    for reason, count in explained.items():
        print(f"  {count:4} {reason}")
    assert not wrong, "\n".join(wrong[:20])
