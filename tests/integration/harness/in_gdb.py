# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside gdb: the chains of return addresses of every n-th allocation, as gdb's unwinder finds them. Those that
pass code in no file, made at run time, are counted and left out: no unwinder knows its frames.

`job` is the path of a JSON file: functions ({path of an object: {name: address in it}}), every, at_most,
arguments of the program, its input and output, and result, where the chains go to."""
import json
import re
import shlex

import gdb


def mappings():
    """(start, end, path, where its first byte is mapped) of each mapping of a file."""
    found, bases = [], {}
    with open(f"/proc/{gdb.selected_inferior().pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            match = re.match(r"(\w+)-(\w+) \S+ (\w+) \S+ \d+\s+(/.*)", line)
            if match:
                start, end, offset = (int(match[i], 16) for i in (1, 2, 3))
                if offset == 0:
                    bases[match[4]] = start
                found.append((start, end, match[4], bases.get(match[4], 0)))
    return found


def place(address, maps):
    """[object, address in it]"""
    for start, end, path, base in maps:
        if start <= address < end:
            return [path.rsplit("/", 1)[-1], address - base]
    return [None, address]


def chain():
    """The return addresses, innermost first; without the frames that only the debugger knows of."""
    places, names, maps = [], [], mappings()
    frame = gdb.newest_frame()
    while frame is not None and frame.is_valid():
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            places.append(place(frame.pc(), maps))
            names.append(frame.name())
        frame = frame.older()
    return {"places": places[1:], "names": names[1:]}


class Allocation(gdb.Breakpoint):
    hits, chains, left_out, all = 0, [], 0, []
    every, at_most = 1, 200

    def __init__(self, address):
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True

    def stop(self):
        Allocation.hits += 1
        if Allocation.hits % Allocation.every == 0:
            found = chain()
            if all(module for module, _ in found["places"]):
                Allocation.chains.append(found)
            else:
                Allocation.left_out += 1
        return len(Allocation.chains) == Allocation.at_most


def entry_point():
    return int(re.search(r"AT_ENTRY.*?(0x\w+)", gdb.execute("info auxv", to_string=True))[1], 16)


def run(job):
    for setting in ("pagination off", "confirm off", "debuginfod enabled off", "disable-randomization on",
                    "backtrace past-main on", "backtrace past-entry on", "backtrace limit unlimited",
                    "print finish off", "detach-on-fork on", "follow-fork-mode parent"):
        gdb.execute(f"set {setting}")
    for name in ("LINES", "COLUMNS"):
        gdb.execute(f"unset environment {name}")
    gdb.execute(f"starti {shlex.join(job['arguments'])} <{job['input']} >{job['output']}", to_string=True)
    gdb.execute(f"tbreak *{entry_point():#x}", to_string=True)
    gdb.execute("continue", to_string=True)
    bases = {path: base for _, _, path, base in mappings()}
    Allocation.every, Allocation.at_most = job["every"], job["at_most"]
    for path, functions in job["functions"].items():
        for address in sorted(set(functions.values())):
            Allocation.all.append(Allocation(bases[path] + address))
    gdb.execute("continue", to_string=True)
    if len(Allocation.chains) == Allocation.at_most:
        for allocation in Allocation.all:
            allocation.delete()
        gdb.execute("continue", to_string=True)
    with open(job["result"], "w", encoding="utf-8") as file:
        json.dump({"hits": Allocation.hits, "chains": Allocation.chains, "left_out": Allocation.left_out}, file)


with open(job, encoding="utf-8") as job_file:  # noqa: F821: set by the caller
    run(json.load(job_file))
