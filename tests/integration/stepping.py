#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""A program that steps itself by the trap flag: the kernel steps over probed instructions by the same flag."""
from harness import *

ROUNDS = 20


def steps(target, word):
    """Where the traps of one round found it."""
    start = len(target.out.lines)
    target.go(word)
    return [int(line.split()[1], 16) for line in target.out.lines[start:] if line.startswith("step ")]


def in_uprobes(pid, address):
    """In the page that the kernel maps for return probes."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if start <= address < end:
                return line.rstrip().endswith("[uprobes]")
    return False


def own_steps(got, alone, pid):
    """The steps without those through return probes. Where such a probe is a breakpoint, the trap at it stands
    for the one at the return address, which then does not come."""
    own, returning = [], False
    for address in got:
        if address not in alone and in_uprobes(pid, address):
            returning = True
            continue
        if returning and len(own) + 1 < len(alone) and address == alone[len(own) + 1] != alone[len(own)]:
            own.append(alone[len(own)])
        own.append(address)
        returning = False
    return own


@case(times=list(BACKENDS))
def every_trap_comes(backend):
    if kernel_version() < BACKENDS[backend]:
        raise Skip("{} is of Linux {}.{}".format(backend, *BACKENDS[backend]))
    with Fixture("stepping") as target:
        steps(target, "alone")
        alone = steps(target, "alone")
        assert len(alone) > 50, alone
        assert steps(target, "alone") == alone, "it does not go the same way each time"

        def step(target, _memtrace):
            for _ in range(ROUNDS):
                got = steps(target, "counted")
                own = own_steps(got, alone, target.pid)
                assert set(got) - set(alone), "no step at a return probe"
                assert own == alone, f"{[hex(a) for a in got]}, not {[hex(a) for a in alone]}"
        check_exact(trace(target, "--backend", backend, steps=step), target)
        assert steps(target, "alone") == alone, "not as before"
        target.send("quit")
        assert target.wait() == 0


main()
