#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""memtrace leaks -- COMMAND: looked at when it exits, whatever way, from what its memory is then."""
from harness import *
from harness.leaks import BUILDS, ENDS, PROGRAMS, check_leaks, run_and_look

# Every program in two builds (at length in every one), builds and ways to end going round; and one program in all ways.
# What the builds differ in, registers and stacks, is what leaks_attached has in all of them.
ROUND = [(program, build, list(ENDS)[(i + j) % (len(ENDS) - 1)])
         for i, program in enumerate(PROGRAMS) for j, build in enumerate(BUILDS)
         if LONG or (j - 2 * i) % len(BUILDS) < 2]
ALL_WAYS = [(program, "gcc-O2", end) for program in (("roots", "shapes") if LONG else ("roots",)) for end in ENDS]


@case(times=sorted(set(ROUND + ALL_WAYS), key=lambda row: PROGRAMS.index(row[0])))
def looked_at_the_end(program, build, end):
    with scratch() as folder:
        status, report, truth = run_and_look(f"leaks/{program}-{build}", folder, end)
    check_leaks(report, truth, ENDS[end]["without"])
    assert status == ENDS[end]["status"], status


@case
def child_that_has_ended():
    with scratch() as folder:
        _, report, truth = run_and_look("leaks/forks-gcc-O2", folder, "exit", arguments=("ends",))
    check_leaks(report, truth)


@case
def mappings_that_are_mostly_untouched():
    with scratch() as folder:
        _, report, truth = run_and_look("leaks/huge-gcc-O2", folder, "_exit")
    check_leaks(report, truth)


@case
def program_that_another_became():
    """By exec, as a script's last command: the blocks of the second count."""
    with scratch() as folder:
        status, report, truth = run_and_look("leaks/shapes-gcc-O2", folder, "exit",
                                             wrapper=("/bin/sh", "-c", 'exec "$0" "$@"'))
    assert status == 0
    check_leaks(report, truth)


@case(times=[("exit", "exit 0", 0), ("status", "exit 7", 7), ("TERM", "kill -TERM $$", 143),
             ("SEGV", "kill -SEGV $$", 139)])
def nothing_leaked(name, script, status):
    """Debian's /bin/sh holds all that it has: no leak, and its own status."""
    with scratch() as folder:
        done, report = run_command(["/bin/sh", "-c", script], "--reachable", verb=("leaks",), output=f"{folder}/report")
    assert done.status == status, (name, done.status, done.err.text)
    leaked = [s for s in report.stacks if s["leak"] in ("definite", "indirect")]
    assert not leaked, leaked[:3]
    assert sum(s["live_blocks"] for s in report.stacks if s["leak"] == "reachable"), report["totals"]


main()
