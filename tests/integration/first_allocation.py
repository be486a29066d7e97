#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""memtrace -- COMMAND: traced from its very first allocation, whatever the command is."""
from harness import *


@case(times=["heap", "realloc", "before", "nested", "threadend"])
def traced_from_the_first_allocation(name):
    """A block from before the attach does not exist here: `before` has no unknown frees."""
    with scratch() as folder:
        done, report = run_command([fixture_path(name)], output=f"{folder}/r", stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        target = CommandTruth(done)
        if name == "before":
            assert report.integrity["unknown_frees"] == 0, report.integrity
            assert report.site("site_before") == dict(live_bytes=0, live_blocks=0, alloc_bytes=64000, alloc_count=1000,
                                                      free_bytes=64000, free_count=1000), report.sites()
        check_sites(report, target)
        assert report.integrity["complete"], report.integrity
        assert report["processes"][0]["exit_status"] == 0


@case
def constructors():
    with scratch() as folder:
        done, report = run_command([fixture_path("constructors")], output=f"{folder}/r", stdin=b"go\nquit\n")
        target = CommandTruth(done)
        check_sites(report, target)
        # libstdc++ sets up its emergency pool in a constructor before all of ours.
        pool = [s for s in report.stacks if s["alloc_bytes"] == 72704]
        assert len(pool) == 1 and pool[0]["frames"], [report.top_function(s) for s in report.stacks]
        assert report.integrity["complete"], report.integrity


@case
def symbols_after_its_end():
    with scratch() as folder:
        _, report = run_command([fixture_path("heap")], output=f"{folder}/r", stdin=b"go\nquit\n")
        for stack in report.stacks_through("site_malloc"):
            assert stack["frames"][0]["file"].endswith("heap.c") and stack["frames"][0]["line"], stack["frames"][0]
        assert report.stacks_through("site_malloc")


@case(times=["main", "thread"])
def command_that_execs(thread):
    with scratch() as folder:
        done, report = run_command([fixture_path("exec"), thread], output=f"{folder}/r", stdin=b"go\ngo\nquit\n")
        assert done.status == 0, done.err.text
        target = CommandTruth(done)
        check_sites(report, target)
        assert report.site("site_before")["live_blocks"] == 0


@case
def shell_wrapper():
    """A script that execs the program is the usual case."""
    with scratch() as folder:
        done, report = run_command(["/bin/sh", "-c", f"exec {fixture_path('heap')}"], output=f"{folder}/r",
                                   stdin=b"go\nquit\n")
        assert done.status == 0
        check_sites(report, CommandTruth(done))


@case
def children_are_counted_not_traced():
    with scratch() as folder:
        done, report = run_command([fixture_path("fork"), "fork"], output=f"{folder}/r", stdin=b"go\nquit\n")
        assert done.status == 0
        check_sites(report, CommandTruth(done))
        assert report.integrity["untraced_children"] == 3, report.integrity


@case(times=["heap-static", "heap-musl", "heap-musl-static"])
def other_c_libraries(name):
    with scratch() as folder:
        done, report = run_command([fixture_path(name)], output=f"{folder}/r", stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        check_sites(report, CommandTruth(done))


@case(times=["jemalloc", "tcmalloc", "mimalloc"])
def preloaded(name):
    """LD_PRELOAD is for the command; memtrace itself runs with it too, and must not mind."""
    with scratch() as folder:
        command = ["/usr/bin/env", f"LD_PRELOAD={allocator_library(name)}", fixture_path("realloc")]
        done, report = run_command(command, output=f"{folder}/r", stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        check_sites(report, CommandTruth(done))


@case
def constructors_in_an_opened_library():
    with scratch() as folder:
        done, report = run_command([fixture_path("late"), fixture_path("liblate.so")], output=f"{folder}/r",
                                   stdin=b"go\nquit\n")
        assert done.status == 0
        check_sites(report, CommandTruth(done))


@case
def second_allocator_opened_at_run_time():
    """Under -- too: taken up before its first call."""
    with scratch() as folder:
        done, report = run_command([fixture_path("mallocx"), allocator_library("jemalloc"), "early"],
                                   output=f"{folder}/r", stdin=b"go\nquit\n",
                                   env={"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=16384"})
        assert done.status == 0, done.err.text
        if report.integrity["complete"]:
            check_sites(report, CommandTruth(done))
        else:
            assert report.lost.get("late_objects"), report.lost


main()
