#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""Programs of the distribution: what gdb unwinds at an allocation is a stack of memtrace's, frame by frame.

The same command runs twice: traced, and under gdb, which takes the chain of return addresses at every n-th
allocation; those with frames of code made at run time (node's) are left out, and counted. Addresses are compared within their objects: these need not be mapped to the same places."""
import collections
import json
import os
import pathlib
import re
import subprocess
import threading

from harness import *
from harness.stock import Redis, Work, need

EVENTS = 200
DEPTH, ALLOCATOR_FRAMES = 127, 3
FUNCTIONS = ("malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign")
IN_GDB = pathlib.Path(__file__).parent / "harness" / "in_gdb.py"
ALLOCATOR = re.compile(r"(__libc_|__GI_|__GI___libc_)?(malloc|calloc|realloc|reallocarray|memalign|aligned_alloc|"
                       r"posix_memalign|__posix_memalign)$|operator new|je_")


def allocator_functions(library):
    """{the library's path: {function: its address in it}}"""
    path = os.path.realpath(SYSTEM_LIBRARIES / library)
    text = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    rows = (re.match(r"(\w+) [TWi] (\w+)(@|$)", line) for line in text.splitlines())
    return {path: {row[2]: int(row[1], 16) for row in rows if row and row[2] in FUNCTIONS}}


def clean(environment):
    return ["env", "-i", *(f"{key}={value}" for key, value in environment.items())]


def gdb_command(argv, folder, library, every, environment, standard_input="/dev/null", at_most=EVENTS):
    """The command of gdb, and the file that its chains come into."""
    result = os.path.join(folder, "chains")
    job = {"functions": allocator_functions(library), "every": max(1, every), "at_most": at_most,
           "arguments": argv[1:], "input": str(standard_input), "output": "/dev/null", "result": result}
    path = os.path.join(folder, "job")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    return [*clean(environment), need("gdb"), "-nx", "-batch", "-ex", f"python job = {path!r}", "-x", str(IN_GDB),
            argv[0]], result


def chains_of(result, done):
    assert os.path.exists(result), f"gdb: {done}"
    with open(result, encoding="utf-8") as file:
        data = json.load(file)
    chains = []
    for row in data["chains"]:
        inside = 0
        while inside < len(row["names"]) and row["names"][inside] and ALLOCATOR.match(row["names"][inside]):
            inside += 1
        chains.append((tuple(map(tuple, row["places"][inside:])), row["names"][inside:]))
    return data["hits"], chains, data["left_out"]


def placed_stacks(report, chains):
    """{stack as (object, address in it)…: its row}. Where an object was mapped in the traced process is the one place,
    of all that start a page, where most of gdb's addresses in it are return addresses of the report."""
    reported, wanted = collections.defaultdict(set), collections.defaultdict(set)
    for stack in report.stacks:
        for frame in stack["frames"]:
            reported[frame["module"]].add(int(frame["address"], 16))
    for places, _ in chains:
        for module, offset in places:
            wanted[module].add(offset)
    bases = {}
    for module, offsets in wanted.items():
        shifts = collections.Counter(address - offset for address in reported[module] for offset in offsets
                                     if (address - offset) % 4096 == 0)
        bases[module] = max(shifts, key=shifts.get, default=0)
    return {tuple((f["module"], int(f["address"], 16) - bases.get(f["module"], 0)) for f in stack["frames"]
                  if not f["inlined"]): stack for stack in report.stacks if stack["kind"] == "heap"}


def is_reported(places, reported):
    """Deep ones are cut, and the frames of the allocator, which the report leaves out, count there."""
    cut = (reported.get(places[:n]) for n in range(DEPTH - ALLOCATOR_FRAMES, DEPTH + 1) if n < len(places))
    return places in reported or any(stack and stack["end"] == "depth" for stack in cut)


def compare(name, report, gdb, at_least, runs_made_code=False):
    """gdb: what chains_of() gives."""
    hits, chains, left_out = gdb
    reported = placed_stacks(report, chains)
    missing = [(places, names) for places, names in chains if not is_reported(places, reported)]
    agreed, kinds = len(chains) - len(missing), len({places for places, _ in chains})
    print(f"{name}: gdb's chains at {len(chains)} of {hits} allocations, {kinds} of them distinct, up to "
          f"{max(len(places) for places, _ in chains)} frames: {agreed} agree"
          + (f"; {left_out} more through code made at run time left out" if left_out else ""))
    errors = []
    for places, names in missing[:8]:
        def common(stack, places=places):
            return next((i for i, (a, b) in enumerate(zip(places, stack)) if a != b), min(len(places), len(stack)))
        nearest = max(reported, key=common)
        n = common(nearest)
        errors.append(f"gdb {len(places)} frames: {' '.join(map(str, names[:n + 3]))}; memtrace agrees in {n} and has "
                      f"{len(nearest)}, end {reported[nearest]['end']}")
    assert bool(left_out) == runs_made_code, f"{left_out} left out"
    assert not missing, "\n".join([f"{len(missing)} of {len(chains)} differ", *errors])
    assert len(chains) >= at_least, f"{len(chains)} chains only"


# With one thread for all that V8 does, node's two runs are alike. Three of four of its allocations are made through
# code of run time: the more are looked at, over the whole run.
NODE, NODE_SCALE, NODE_EVENTS = "node --single-threaded --predictable --random-seed=1 --hash-seed=1", 0.1, 6 * EVENTS
COMMANDS = ["sqlite3", "python3", "sort", "git log -p --stat", "git pack-objects --all --stdout -q"]


@case(times=COMMANDS + (["python3 by malloc", NODE] if LONG else []))
def command(name):
    with scratch() as folder:
        work = Work(name, folder, NODE_SCALE if name == NODE else 1)
        done, report = run_command(work.argv, output=f"{folder}/r", stdin=work.input.read_bytes(),
                                   wrapper=clean(work.environment), timeout=DEADLINE_S * 3)
        assert done.status == 0, done.err.text
        allocations = report.kind("heap")["alloc_count"]
        # The first of them come before gdb has its breakpoints: constructors.
        events, at_most = (NODE_EVENTS, NODE_EVENTS) if name == NODE else (EVENTS + 20, EVENTS)
        argv, result = gdb_command(work.argv, folder, "libc.so.6", allocations // events, work.environment, work.input,
                                   at_most)
        gdb = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE_S * 10, check=False)
        compare(name, report, chains_of(result, gdb.stdout + gdb.stderr), min(EVENTS, allocations * 9 // 10),
                name == NODE)


def drive(redis):
    """The same commands each time, to the end of the server."""
    for i in range(12):
        redis.ask("SET", f"key:{i}", "v" * (i * 20))
        redis.ask("RPUSH", f"list:{i % 3}", *("x" * (i + 1) for _ in range(20)))
        redis.ask("HSET", "hash", f"field{i}", "w" * i * 10)
        redis.ask("ZADD", "sorted", str(i * 7 % 12), f"member{i}")
        redis.ask("SADD", "set", str(i), f"not a number {i}")
        redis.ask("EVAL", "redis.call('APPEND', KEYS[1], ARGV[1]); return {KEYS[1], 1, {ARGV[1]}}", "1", "text", str(i))
        redis.ask("XADD", "stream", f"{i + 1}-0", "field", "value")
    redis.ask("SORT", "list:1", "ALPHA", "LIMIT", "0", "5")
    redis.ask("OBJECT", "ENCODING", "sorted")
    redis.ask("CONFIG", "SET", "maxmemory", "100mb")


@case
def server():
    """redis-server, whose allocator is jemalloc."""
    with scratch() as folder:
        environment = Work("redis", folder).environment
        with Redis(folder, wrapper=[*clean(environment), MEMTRACE, "--format", "json", "--top", "0",
                                    "--output", f"{folder}/r", "--"]) as redis:
            drive(redis)
            redis.ask("SHUTDOWN", "NOSAVE")
            assert redis.wait() == 0, redis.err.text
        with open(f"{folder}/r", encoding="utf-8") as file:
            report, = parse_reports(file.read())
        allocations = report.kind("heap")["alloc_count"]
        argv, result = gdb_command(Redis.command(folder), folder, "libjemalloc.so.2", allocations // (EVENTS + 60),
                                   environment)
        output = []
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as gdb:
            reader = threading.Thread(target=lambda: output.append(gdb.stdout.read()))
            reader.start()
            redis = Redis.__new__(Redis)
            redis.socket = f"{folder}/socket"
            try:
                wait_until(lambda: os.path.exists(redis.socket) and redis.ask("PING") == "PONG", "redis under gdb",
                           DEADLINE_S * 3)
                drive(redis)
            finally:
                redis.ask("SHUTDOWN", "NOSAVE")
                try:
                    gdb.wait(DEADLINE_S)
                except subprocess.TimeoutExpired:
                    gdb.kill()
                reader.join()
        compare("redis-server", report, chains_of(result, output), EVENTS)


main()
