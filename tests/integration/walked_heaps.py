#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""What the heap walkers say of memory, against what programs know of their own blocks."""
import bisect
import collections
import os
import signal
import subprocess

from harness import *

WALK = BUILD / "tests" / "heap" / "walk"
KINDS = ("unknown", "metadata", "free", "used", "maybe used")


def within(addresses, ranges):
    """Those of the addresses that lie in one of the ranges, of which no two overlap."""
    ranges = sorted(ranges)
    starts = [start for start, _ in ranges]
    places = ((a, bisect.bisect_right(starts, a) - 1) for a in addresses)
    return {a for a, i in places if i >= 0 and a < ranges[i][1]}


def walked(pid, *tables):
    """What a walk over a process's heaps prints."""
    return subprocess.run([WALK, str(pid), *tables], capture_output=True, text=True, check=True,
                          timeout=DEADLINE_S).stdout


class Walk:
    """What a walk over a process's heaps has found."""

    def __init__(self, text):
        self.extents, self.areas, self.bytes, self.blocks, self.troubles, self.words = {}, [], {}, {}, {}, set()
        for line in text.splitlines():
            what, first, second, *words = line.split(" ", 3)
            if what == "extent":
                self.extents[int(first, 0)] = (int(second, 0), words[0])
            elif what == "area":
                self.areas.append((int(first, 0), int(second, 0)))
            elif what == "sum":
                self.bytes[words[0]], self.blocks[words[0]] = int(first), int(second)
            elif what == "trouble":
                self.troubles[words[0]] = int(first)
            elif what == "word":
                self.words.add(int(first, 0))
            elif what == "cost":
                self.cost_ns = int(first)

    def of_kind(self, kind):
        return {start: end for start, (end, extent_kind) in self.extents.items() if extent_kind == kind}

    def known(self):
        return sum(self.bytes[kind] for kind in KINDS if kind != "unknown")

    def __str__(self):
        return (f"{self.known()} bytes known in {len(self.areas)} areas, {self.bytes['unknown']} unknown; "
                f"{self.blocks['used']} blocks used, {self.blocks['maybe used']} maybe, {self.blocks['free']} free; "
                f"{self.cost_ns / 1e6:.1f} ms; {self.troubles or 'no trouble'}")


def truth_of(target):
    """{address: size} of the blocks that the fixture holds, and the addresses that it has freed."""
    rows = [line.split() for line in target.out.lines if line.startswith(("held ", "freed "))]
    held = {int(row[1], 0): int(row[2]) for row in rows if row[0] == "held"}
    return held, {int(row[1], 0) for row in rows if row[0] == "freed"}


def check_walk(walk, held, freed, others):
    """Every block that is held is used and as large as it is; no other is, but the C library's own."""
    used = walk.of_kind("used")
    wrong = [(hex(a), n, walk.extents.get(a)) for a, n in held.items() if used.get(a) != a + n]
    assert not wrong, (len(wrong), len(held), wrong[:5], walk.troubles)
    assert not freed & set(used), [hex(a) for a in freed & set(used)][:5]
    assert len(used) - len(held) <= others, (len(used), len(held), others)
    last = 0
    for start, (end, _) in sorted(walk.extents.items()):
        assert last <= start < end, (hex(last), hex(start), hex(end))
        last = end
    assert all(walk.bytes.values()) or walk.bytes["unknown"] == 0, walk.bytes


SETTINGS = {
    "as it is": "",
    "without caches": "glibc.malloc.tcache_count=0",
    "long caches": "glibc.malloc.tcache_count=100",
    "small caches": "glibc.malloc.tcache_max=200",
    "one arena": "glibc.malloc.arena_max=1",
    "two arenas": "glibc.malloc.arena_max=2",
    "mappings": "glibc.malloc.mmap_threshold=4096",
    "no mappings": "glibc.malloc.mmap_max=0",
    "no fastbins": "glibc.malloc.mxfast=0",
    "large fastbins": "glibc.malloc.mxfast=160",
}


N_THREADS = 6
SEEDS = range(3 if LONG else 1)


def check_fixture(setting, seed, wrapper=(), program="heapwalk", preload=None, **environment):
    environment["GLIBC_TUNABLES"] = SETTINGS.get(setting, "")
    with Fixture(program, str(N_THREADS), "20000", str(seed), wrapper=wrapper, preload=preload,
                 env=environment) as target:
        target.send("go")
        target.report()
        held, freed = truth_of(target)
        walk = Walk(walked(target.pid))
        if seed == 0:
            print(f"{setting}: {len(held)} held, {len(freed)} freed; {walk}")
        assert not walk.troubles, walk.troubles
        assert len(held) > 1000 and len(freed) > 1000, (len(held), len(freed))
        check_walk(walk, held, freed, 4 * N_THREADS + 16)
        assert walk.blocks["maybe used"] == 0 and walk.bytes["unknown"] == 0, str(walk)
        target.quit()


@case(times=list(SETTINGS))
def threads_of_the_fixture(setting):
    for seed in SEEDS:
        check_fixture(setting, seed)


@case
def statically_linked():
    check_fixture("as it is", 0, program="heapwalk-static")


@case(times=[None, "tcmalloc_minimal"])
def child_of_a_process_with_threads(allocator):
    """What the parent's other threads kept at hand is nobody's in the child, and free all the same."""
    for seed in SEEDS:
        with Fixture("heapwalk", str(N_THREADS), "20000", str(seed), preload=allocator) as target:
            target.send("go")
            target.report()
            held, freed = truth_of(target)
            target.send("fork")
            child = target.out.expect(lambda line: line.startswith("child "), "the child's process ID").split()[1]
            walk = Walk(walked(child))
            print(f"child: {walk}")
            assert not walk.troubles, walk.troubles
            check_walk(walk, held, freed, 4 * N_THREADS + 16)
            target.quit()


N_WALKS = 40 if LONG else 10  # over a process at work


def walks_at_work(target):
    """Walks over a process that is at work, but not while one is looked at: it would do so with all CPUs."""
    tables = [word for line in target.out.lines if line.startswith("table ") for word in line.split()[1:]]
    for _ in range(N_WALKS):
        text = walked(target.pid, *tables)
        target.signal(signal.SIGSTOP)
        yield Walk(text)
        target.signal(signal.SIGCONT)


def check_at_work(**options):
    """At any moment: what is called used is, but for the one block that each thread may be at work on. Walks without
    trouble."""
    whole, troubles = 0, collections.Counter()
    with Fixture("heapwalk", str(N_THREADS), "0", **options) as target:
        target.send("go")
        target.report()
        for walk in walks_at_work(target):
            held = walk.words - {0}
            used, maybe, free = (set(walk.of_kind(kind)) for kind in ("used", "maybe used", "free"))
            troubles.update(walk.troubles.keys())
            assert len(used - held) <= 4 * N_THREADS + 16, len(used - held)
            # What lies in no area is a root: large blocks, say, while their number changes.
            lost = within(held, walk.areas) - used - maybe - within(held, walk.of_kind("unknown").items())
            assert len(lost) <= N_THREADS, [hex(a) for a in lost]
            assert len(held & free) <= N_THREADS, [hex(a) for a in held & free]
            whole += not walk.troubles
            assert bool(maybe) <= bool(walk.troubles), str(walk)
        target.quit()
    print(f"{whole} of {N_WALKS} walks without trouble; in the others {dict(troubles)}")
    return whole


@case
def stopped_while_it_allocates():
    assert check_at_work() >= N_WALKS // 4


def real_program(argv, words, **options):
    """A program of the distribution that has done some work, while it waits for more."""
    with Process(argv, **options) as process:
        process.send(words)
        process.out.expect(lambda line: line.endswith("worked"), f"the work of {argv[0]}")
        os.kill(process.pid, signal.SIGSTOP)
        walk = Walk(walked(process.pid))
        os.kill(process.pid, signal.SIGCONT)
        print(f"{argv[0]}: {walk}")
        assert not walk.troubles, walk.troubles
        assert walk.bytes["unknown"] == 0 and walk.blocks["maybe used"] == 0, walk
        assert walk.blocks["used"] > 100, walk


@case
def real_programs():
    real_program(["python3", "-i", "-u"], "import json, sqlite3, threading; "
                 "kept = [bytes(i) for i in range(5000)] + [{}] * 5; print('worked')")
    real_program(["sqlite3"], "create table t(a, b); with recursive c(n) as (values(1) union all select n + 1 from c "
                 "where n < 20000) insert into t select n, randomblob(100) from c; select 'worked';")
    real_program(["bash"], "for i in {1..2000}; do a[i]=some$i; done; echo worked")


NO_CACHES = "threads' caches that were not found"
BUSY = "an arena that was being changed"
CHANGED = "a heap whose chunks do not lead to its end"

# Debian 11's is 5.2.1, the machine's own 5.3.0.
JEMALLOCS = ("own", "bullseye")

# As jemalloc's manual has them. Each is for both versions.
JEMALLOC_SETTINGS = {
    "as it is": "",
    "without caches": "tcache:false",
    "small blocks are kept alone": "lg_tcache_max:12",
    "large blocks are kept": "lg_tcache_max:22",
    "one arena": "narenas:1",
    "arenas of processors": "percpu_arena:percpu",
    "sharded": "bin_shards:1-4096:4",
    "sampled by the heap profiler": "prof:true,lg_prof_sample:12",
    "threads of its own": "background_thread:true",
    "freed pages are given back": "dirty_decay_ms:0,muzzy_decay_ms:0,retain:false",
}

SHORT = ("as it is", "without caches", "large blocks are kept")

# For each thread a table of its libraries' variables, and one for its arenas; what the profiler keeps of each stack.
JEMALLOC_OTHERS = 4 * N_THREADS + 64


def jemalloc_library(suite):
    if suite == "own":
        return "jemalloc"
    made = subprocess.run([ROOT / "tests" / "heap" / "jemalloc", suite], capture_output=True, text=True, check=False,
                          env=dict(os.environ, BUILD=str(BUILD)))
    if made.returncode == 3:
        raise Skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def jemalloc_fixture(name, *arguments, suite, setting="as it is"):
    return Fixture(name, *arguments, preload=jemalloc_library(suite), env={"MALLOC_CONF": JEMALLOC_SETTINGS[setting]})


@case(times=[(suite, setting) for suite in JEMALLOCS for setting in JEMALLOC_SETTINGS
             if LONG or suite == "own" or setting in SHORT])
def jemalloc_of_the_fixture(suite, setting):
    for seed in SEEDS:
        with jemalloc_fixture("heapwalk", str(N_THREADS), "20000", str(seed), suite=suite, setting=setting) as target:
            target.send("go")
            target.report()
            held, freed = truth_of(target)
            walk = Walk(walked(target.pid))
            if seed == 0:
                print(f"{suite}, {setting}: {len(held)} held, {len(freed)} freed; {walk}")
            assert not walk.troubles, walk.troubles
            assert len(held) > 1000 and len(freed) > 1000, (len(held), len(freed))
            check_walk(walk, held, freed, JEMALLOC_OTHERS)
            assert freed & set(walk.of_kind("free")), "nothing of the freed is known to be"
            assert walk.blocks["maybe used"] == 0 and walk.bytes["unknown"] == 0, str(walk)
            target.quit()


@case(times=JEMALLOCS)
def jemalloc_while_it_allocates(suite):
    """At any moment: what is called used is, but for one block of each thread. A slab that is being changed is unknown,
    and what a thread at work may be filling its lists with may be used."""
    doubtful = collections.Counter()
    with jemalloc_fixture("heapwalk", str(N_THREADS), "0", suite=suite) as target:
        target.send("go")
        target.report()
        for walk in walks_at_work(target):
            held = walk.words - {0}
            used, maybe, free = (set(walk.of_kind(kind)) for kind in ("used", "maybe used", "free"))
            assert set(walk.troubles) <= {BUSY, CHANGED}, walk.troubles
            assert len(used - held) <= JEMALLOC_OTHERS, len(used - held)
            assert len(held & free) <= N_THREADS, [hex(a) for a in held & free]
            # Whatever lies in no area is a root. A block that is just being freed is in the table for a moment more.
            lost = within(held - used - maybe - free, walk.areas)
            assert len(lost) <= N_THREADS, [hex(a) for a in lost]
            assert bool(maybe) <= (BUSY in walk.troubles), str(walk)
            doubtful["maybe used"] += len(maybe & held)
            doubtful["in no area"] += len(held - used - maybe - free)
            doubtful["held"] += len(held)
        target.quit()
    print(f"{suite}: {dict(doubtful)} in {N_WALKS} walks")
    assert doubtful["maybe used"] < doubtful["held"] / 2 and doubtful["in no area"] < doubtful["held"] / 100, doubtful


@case(times=JEMALLOCS)
def jemalloc_in_a_child(suite):
    """The parent's other threads are gone, and their caches with them: what stands in these may be free."""
    with jemalloc_fixture("heapwalk", str(N_THREADS), "20000", suite=suite) as target:
        target.send("go")
        target.report()
        held, freed = truth_of(target)
        target.send("fork")
        child = target.out.expect(lambda line: line.startswith("child "), "the child's process ID").split()[1]
        walk = Walk(walked(child))
        print(f"{suite}, child: {walk}")
        assert set(walk.troubles) == {NO_CACHES} and walk.bytes["unknown"] == 0, str(walk)
        used, maybe = walk.of_kind("used"), walk.of_kind("maybe used")
        assert not freed & set(used), [hex(a) for a in freed & set(used)][:5]
        assert not set(held) - set(used) - set(maybe), "held blocks that are called free"
        assert set(held) & set(used), "all is in doubt"
        assert len(set(used) - set(held)) <= JEMALLOC_OTHERS, len(set(used) - set(held))
        target.quit()


@case(times=JEMALLOCS)
def jemalloc_caches_of_the_program(suite):
    with jemalloc_fixture("owncache", suite=suite) as target:
        target.send("go")
        target.report()
        held, freed = truth_of(target)
        walk = Walk(walked(target.pid))
        print(f"{suite}: {len(held)} held, {len(freed)} freed; {walk}")
        assert not walk.troubles and len(held) == 1200 and len(freed) == 600, (walk.troubles, len(held), len(freed))
        check_walk(walk, held, freed, 8)
        assert freed == freed & set(walk.of_kind("free")) and walk.blocks["maybe used"] == 0, str(walk)
        target.quit()


@case
def redis():
    with scratch() as folder, Process(["redis-server", "--port", "0", "--unixsocket", folder + "/socket",
                                       "--save", "", "--dir", folder]) as server:
        server.out.expect(lambda line: "accept connections" in line, "redis-server's start")
        walk = Walk(walked(server.pid))
        print(f"redis-server: {walk}")
        assert not walk.troubles and walk.bytes["unknown"] == 0 and walk.blocks["maybe used"] == 0, walk
        assert walk.blocks["used"] > 1000, walk


@case(times=["tcmalloc_minimal", "tcmalloc"])
def tcmalloc_of_the_fixture(name):
    for seed in SEEDS:
        check_fixture(name, seed, preload=name)


@case
def tcmalloc_with_samples():
    """A block that is sampled has pages of its own, of which as much can be used as without samples."""
    check_fixture("samples", 0, preload="tcmalloc", TCMALLOC_SAMPLE_PARAMETER="4096")


@case
def tcmalloc_while_it_allocates():
    assert check_at_work(preload="tcmalloc_minimal") >= N_WALKS // 8


def of_suite(suite):
    """How to run the fixture with a suite's C library, and that suite's tcmalloc."""
    made = subprocess.run([ROOT / "tests" / "heap" / "glibc", suite], capture_output=True, text=True, check=False,
                          env=dict(os.environ, BUILD=str(BUILD)))
    if made.returncode == 3:
        raise Skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    command, tcmalloc = made.stdout.splitlines()
    *wrapper, program = command.split()
    return wrapper, program, tcmalloc


@case(times=["bullseye", "trixie"])
def other_versions(suite):
    """glibc 2.31 has no mixed pointers in its lists; 2.41 is the last version with these structures."""
    wrapper, program, _ = of_suite(suite)
    for setting in ("as it is", "without caches", "two arenas"):
        check_fixture(setting, 0, wrapper, program)


@case(times=["bullseye", "trixie"])
def other_versions_of_tcmalloc(suite):
    """gperftools 2.8.1 and 2.16."""
    wrapper, program, library = of_suite(suite)
    check_fixture("tcmalloc", 0, wrapper, program, preload=library)


main()
