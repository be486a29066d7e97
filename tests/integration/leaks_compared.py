#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""memtrace leaks beside LeakSanitizer and valgrind: a table of what each says of every site.

What either finds definitely lost, memtrace finds too. Where it does not, they err, and a row says how."""
import fnmatch
import shutil

from harness import *
from harness.leaks import LEAKED, PROGRAMS, account_of, by_lsan, by_valgrind, run_and_look, site_errors

# Tool, site, and why what it calls lost is not.
THEY_ERR = [
    ("LeakSanitizer", "site_mmap_*", "it takes no mapping of a program's own for a root"),
    ("LeakSanitizer", "site_thread_argument", "its own start of threads holds the argument elsewhere"),
    ("LeakSanitizer", "site_red_zone_*", "it reads stacks from the stack pointer on, without the red zone"),
    ("LeakSanitizer", "site_waits_on_mapping", "it knows the stacks of threads, not those of contexts"),
    ("LeakSanitizer", "site_runs_in_*", "it knows the stacks of threads, not those of contexts"),
    ("LeakSanitizer", "site_high_tag", "it masks no tags in the high bits"),
    ("LeakSanitizer", "site_all_tags", "it masks no tags in the high bits"),
    ("LeakSanitizer", "site_epoll_data", "it does not ask the kernel"),
    ("LeakSanitizer", "site_timer_value", "it does not ask the kernel"),
    ("LeakSanitizer", "site_behind_epoll_data", "it does not ask the kernel"),
    ("LeakSanitizer", "site_mains_stack", "it does not ask the kernel"),
    ("LeakSanitizer", "site_behind_mains_stack", "it does not ask the kernel"),
    ("LeakSanitizer", "site_threads_stack", "it does not ask the kernel"),
    ("valgrind", "site_read_only_later", "it reads no data that is write-protected"),
    ("valgrind", "site_mmap_read_only", "it reads no data that is write-protected"),
    ("valgrind", "site_xmm*", "it reads general registers, no vectors"),
    ("valgrind", "site_ymm*", "it reads general registers, no vectors"),
    ("valgrind", "site_left_by_thread", "it takes a change of stacks for a return"),
    ("valgrind", "site_high_tag", "it masks no tags in the high bits"),
    ("valgrind", "site_all_tags", "it masks no tags in the high bits"),
    ("valgrind", "site_epoll_data", "it does not ask the kernel"),
    ("valgrind", "site_timer_value", "it does not ask the kernel"),
    ("valgrind", "site_behind_epoll_data", "it does not ask the kernel"),
    ("valgrind", "site_mains_stack", "it does not ask the kernel"),
    ("valgrind", "site_behind_mains_stack", "it does not ask the kernel"),
    ("valgrind", "site_threads_stack", "it does not ask the kernel"),
]
TOOLS = ("memtrace", "LeakSanitizer", "valgrind")


def they_err(tool, site):
    return next((why for t, pattern, why in THEY_ERR if t == tool and fnmatch.fnmatchcase(site, pattern)), None)


def accounts(program):
    """(truth, account of each tool)"""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")
    with scratch() as folder:
        _, report, truth = run_and_look(f"leaks/{program}-gcc-O2", folder, "_exit")
    return truth, {"memtrace": account_of(report, truth)[0],
                   "LeakSanitizer": by_lsan(fixture_path(f"leaks/{program}-gcc-O2-lsan"), truth),
                   "valgrind": by_valgrind(fixture_path(f"leaks/{program}-gcc-O2"), truth)}


def print_table(truth, by_tool):
    """A site a row; LeakSanitizer says nothing of what it does not take for leaked."""
    rows = [("", "truth", *TOOLS, "differ")]
    for site, row in truth_rows(truth):
        words = [by_tool[tool].words(site) for tool in TOOLS]
        differ = [tool for tool in TOOLS if site_errors(site, row, by_tool[tool], tool == "LeakSanitizer")]
        rows.append((site, f"{row['live_blocks']} {row['class']}", *words, ", ".join(differ)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def truth_rows(truth):
    return sorted((function, row) for (_, function), row in truth.sites.items())


@case(times=PROGRAMS)
def what_they_find_is_found(program):
    truth, by_tool = accounts(program)
    print_table(truth, by_tool)
    errors = []
    for site, row in truth_rows(truth):
        mine = sum(by_tool["memtrace"].of(site, c)[0] for c in LEAKED)
        for tool in TOOLS[1:]:
            theirs = sum(by_tool[tool].of(site, c)[0] for c in LEAKED)
            if theirs <= mine:
                continue
            if not they_err(tool, site):
                errors.append(f"{site}: {tool} has {theirs} leaked, memtrace {mine}")
            elif row["class"] not in ("reachable", "possible"):
                errors.append(f"{site}: leaked by its own truth, so {tool} does not err")
    assert not errors, "\n".join(errors)


main()
