#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Stacks through libraries that are bound late, opened, closed, and replaced by others; and through code of none."""
from harness import *

COMPILERS = ("gcc", "clang")


def library(name, compiler):
    return fixture_path(f"stacks/lib{name}-{compiler}.so")


@case(times=COMPILERS)
def lazy_binding(compiler):
    """Allocations in the middle of it as well: a function's resolver may do what it likes."""
    with Fixture(f"stacks/lazy-{compiler}") as target:
        target.truth.modules = {f"lazy-{compiler}", f"liblazy-{compiler}.so"}
        report = trace(target)
        check_truth(target, FIXTURES)
        check_chains(report, target)


AS_IT_COMES = ("as it comes", ("no-mapping", "no-cfi"))
CLOSED = ("plugin_begins", "plugin_works", "plugin_ends", "first_begins", "first_inner", "second_begins",
          "second_inner", "twin_begins", "twin_inner", "enter")


def trace_plugin(target, pauses):
    """Each library gets to work once memtrace has had the time to see it."""
    with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "0.2") as memtrace:
        memtrace.attached()
        for _ in range(pauses):
            target.step()
            memtrace.fresh_report()
        target.go()
        return memtrace.last_report()


def names_of(report, name):
    """The modules of functions that begin so."""
    return {f["module"] for stack in report.stacks for f in stack["frames"] if (f["function"] or "").startswith(name)}


@case(times=COMPILERS)
def opened_and_closed(compiler):
    with Fixture(f"stacks/plugin-{compiler}", "once", library("plugin", compiler), "paused") as target:
        target.truth.modules = {f"plugin-{compiler}", f"libplugin-{compiler}.so"}
        report = trace_plugin(target, 1)
        check_truth(target, FIXTURES, unloaded=CLOSED)
        check_chains(report, target, learning=AS_IT_COMES)


@case(times=COMPILERS)
def constructor(compiler):
    """It allocates before dlopen has returned: its code has only just been mapped."""
    with Fixture(f"stacks/plugin-{compiler}", "once", library("plugin", compiler)) as target:
        target.truth.modules = {f"plugin-{compiler}", f"libplugin-{compiler}.so"}
        report = trace(target)
        check_truth(target, FIXTURES, unloaded=CLOSED)
        check_chains(report, target)


@case(times=COMPILERS)
def in_the_place_of_another(compiler):
    """Old stacks keep their names, and nothing is unwound by the tables of what was there before."""
    with Fixture(f"stacks/plugin-{compiler}", "swapped", library("first", compiler), library("second", compiler),
                 "paused") as target:
        target.truth.modules = {f"plugin-{compiler}", f"libfirst-{compiler}.so", f"libsecond-{compiler}.so"}
        report = trace_plugin(target, 6)
        check_truth(target, FIXTURES, unloaded=CLOSED)
        check_chains(report, target, learning=AS_IT_COMES)
        for name in ("first", "second"):
            assert names_of(report, f"{name}_inner") == {f"lib{name}-{compiler}.so"}, names_of(report, f"{name}_inner")


@case(times=COMPILERS)
def in_the_place_of_another_at_once(compiler):
    """Too fast to follow: stacks may be cut, and say so, but none is wrong and no allocation missing."""
    with Fixture(f"stacks/plugin-{compiler}", "swapped", library("first", compiler),
                 library("second", compiler)) as target:
        target.truth.modules = {f"plugin-{compiler}", f"libfirst-{compiler}.so", f"libsecond-{compiler}.so"}
        report = trace(target)
        check_truth(target, FIXTURES, unloaded=CLOSED)
        check_chains(report, target, learning=("", AS_IT_COMES[1]))
        for name in ("first", "second"):
            assert names_of(report, f"{name}_") <= {f"lib{name}-{compiler}.so"}, names_of(report, f"{name}_")


@case(times=COMPILERS)
def in_the_place_of_a_twin(compiler):
    """All addresses of the two agree, the sizes of their frames do not. What is one stack is left open."""
    with Fixture(f"stacks/plugin-{compiler}", "swapped", library("first", compiler), library("twin", compiler),
                 "paused") as target:
        report = trace_plugin(target, 6)
        wanted = distinct(target.truth.chains)
        assert len(wanted) == 4 and {chain.count for chain in wanted.values()} == {6}, wanted
        for chain in wanted.values():
            if chain.about == AS_IT_COMES[0]:
                continue
            rows = [s for s in report.stacks if addresses_of(s) == chain.addresses]
            assert sum(s["alloc_count"] for s in rows) == chain.count, (rows, chain.labels)
            assert {s["end"] for s in rows} == {"complete"}, rows
        assert not report.lost, report.lost


@case(times=COMPILERS)
def code_with_a_frame_pointer_only(compiler):
    """Generated code has no call frame information: the one step over it is a guess, the others are not."""
    with Fixture(f"stacks/jit-{compiler}", "pointer") as target:
        report = trace(target)
        chain, = distinct(target.truth.chains).values()
        stack, = report.stacks_through("behind")
        assert addresses_of(stack)[:len(chain.addresses)] == chain.addresses, (stack, chain.addresses)
        functions = [f["function"] for f in stack["frames"] if not f["inlined"]]
        assert functions[:6] == ["behind", "behind_further", None, "before", "before_further", "main"], functions
        assert functions[-1] == "_start" and stack["end"] == "complete" and stack["guessed"], stack


@case(times=COMPILERS)
def code_without_any(compiler):
    """Up to there all is known; what comes after is a guess or is left out."""
    with Fixture(f"stacks/jit-{compiler}", "none") as target:
        report = trace(target)
        chain, = distinct(target.truth.chains).values()
        stack, = report.stacks_through("behind")
        assert addresses_of(stack)[:len(chain.addresses)] == chain.addresses, (stack, chain.addresses)
        assert stack["guessed"] or stack["end"] == "no-cfi", stack


main()
