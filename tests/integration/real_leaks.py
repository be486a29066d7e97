#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""memtrace leaks on Debian's programs, started and attached to under load: no leak that is not one, the same results."""
import os
import subprocess
import threading

from harness import *
from harness.stock import ENVIRONMENT, Nginx, Redis, Work, need

RUNS = (1, 2, 3) if LONG else (1,)

# What they leak in truth: program, a function in the stack, why, and how that was found to be so.
KNOWN = []


def check_no_leak(report, program):
    """No block is called leaked that is not known to be."""
    assert report["totals"]["alloc_count"], "nothing was allocated"
    assert all(process["scan"] for process in report["processes"]), "memory was not looked at"
    print("   ", program, ", ".join(f"{sums['live_blocks']} {leak}" for leak, sums in report["leaks"].items()))
    wrong = []
    for stack in report.stacks:
        functions = [frame["function"] for frame in stack["frames"]]
        if stack["kind"] != "heap" or stack.get("leak") != "definite" or not stack["live_blocks"]:
            continue
        if not any(known == program and function in functions for known, function, _, _ in KNOWN):
            wrong.append(f"{stack['live_blocks']} blocks of {stack['live_bytes']} bytes: " +
                         " < ".join(str(f) for f in functions[:12]))
    assert not wrong, "\n".join(wrong[:12])


def plain(work):
    with open(work.input, "rb") as text:
        done = subprocess.run(work.argv, stdin=text, capture_output=True, env=work.environment, check=False, timeout=60)
    return done.returncode, done.stdout


@case(times=[(name, run) for name in ("sqlite3", "python3", "python3 by malloc") for run in RUNS])
def started(name, run):
    """The work of a program, to its end."""
    with scratch() as folder:
        work = Work(name, folder)
        wanted = plain(work)
        done, report = run_command(work.argv, "--reachable", verb=("leaks",), output=f"{folder}/report",
                                   stdin=work.input.read_bytes(), env=work.environment)
        assert (done.status, done.out.text.encode()) == wanted, (done.status, done.err.text)
    check_no_leak(report, name.split(" ")[0])


class Load:
    """Requests without a pause from another thread, until the block is left; each must have its right answer."""

    def __init__(self, request):
        self.request, self.count, self.wrong = request, 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.over.is_set() and not self.wrong:
            self.wrong = self.request(self.count)
            self.count += 1

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.count or self.wrong, "the first request")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(DEADLINE_S)
        assert not self.wrong, self.wrong
        assert not self.thread.is_alive(), "a request was never answered"


def look_under_load(pid, request):
    """A look at the process after half a second of its work; it goes on working."""
    with Load(request) as load:
        done = run_memtrace("leaks", "--format", "json", "--top", "0", "--reachable", "-p", str(pid), "0.5")
        assert done.status == 0, done.err.text
        looked = load.count
        wait_until(lambda: load.count > looked or load.wrong, "a request after the look")
    report, = parse_reports(done.out.text)
    return report


@case(times=RUNS)
def redis_attached(run):
    with scratch() as folder, Redis(folder) as redis:
        def request(i):
            benchmark = subprocess.run(["redis-benchmark", "-s", redis.socket, "-n", "2000", "-c", "8", "-t",
                                        "set,get,lpush,lpop,hset", "-r", "1000", "-q"], capture_output=True, timeout=60,
                                       check=False)
            answer = redis.ask("INCR", "counter")
            return None if benchmark.returncode == 0 and answer == str(i + 1) else (benchmark, answer)
        check_no_leak(look_under_load(redis.pid, request), "redis-server")
        assert redis.ask("PING") == "PONG"


@case(times=RUNS)
def redis_started(run):
    with scratch() as folder:
        command = Redis.command(folder)
        with Redis(folder, wrapper=[MEMTRACE, "leaks", "--format", "json", "--top", "0", "--reachable", "--output",
                                    f"{folder}/report", "--"]) as redis:
            subprocess.run(["redis-benchmark", "-s", redis.socket, "-n", "2000", "-c", "8", "-t", "set,get,lpush,lpop",
                            "-q"], capture_output=True, timeout=60, check=True)
            redis.ask("SHUTDOWN", "NOSAVE")
            assert redis.wait() == 0, redis.err.text
        with open(f"{folder}/report", encoding="utf-8") as file:
            report, = parse_reports(file.read())
    assert report["processes"][0]["exe"] == os.path.realpath(command[0])
    check_no_leak(report, "redis-server")


@case(times=[(way, run) for way in ("attached", "started") for run in RUNS])
def nginx(way, run):
    with scratch() as folder:
        wrapper = [MEMTRACE, "leaks", "--format", "json", "--top", "0", "--reachable", "--output", f"{folder}/report",
                   "--"] if way == "started" else []
        with Nginx(folder, wrapper=wrapper) as server:
            def request(i):
                answer = server.ask(f"/{i % 3}")
                return None if answer == server.pages[i % 3] else answer
            if way == "attached":
                report = look_under_load(server.pid, request)
                server.stop()
            else:
                for i in range(100):
                    assert not request(i)
                server.stop()
                with open(f"{folder}/report", encoding="utf-8") as file:
                    report, = parse_reports(file.read())
    check_no_leak(report, "nginx")


class Interpreter(Process):
    """A program that answers lines: what it is fed, with work and garbage in between."""

    def __init__(self, argv):
        super().__init__(argv, env=ENVIRONMENT)

    def ask(self, line, answer):
        self.send(line)
        self.out.expect(lambda got: got == answer, f"{answer!r} of {self.argv[0]}")


PYTHON_LOOP = """import json, sys
kept = {}
for line in sys.stdin:
    n = int(line)
    kept[n % 50] = json.loads(json.dumps([{"key%d" % i: [i, str(i) * 3]} for i in range(200)]))
    print(n, len(kept[n % 50]), flush=True)
"""
NODE_LOOP = """const kept = [];
require("readline").createInterface({input: process.stdin}).on("line", line => {
  kept[line % 50] = JSON.parse(JSON.stringify(Array.from({length: 200}, (_, i) => ({i, s: "text " + i}))));
  kept[line % 50].buffer = Buffer.alloc(20000);
  console.log(line + " " + kept[line % 50].length);
});
"""
LOOPS = {
    "python3": lambda: ([need("python3"), "-c", PYTHON_LOOP], "{}", "{} 200"),
    "node": lambda: ([need("node"), "-e", NODE_LOOP], "{}", "{} 200"),
    "sqlite3": lambda: ([need("sqlite3"), "-batch", ":memory:"],
                        "create table if not exists t(a, b); insert into t select value, {0} || hex(value) from "
                        "generate_series(1, 200); delete from t where b not like '{0}%'; select {0}, count(*) from t;",
                        "{}|200"),
}


@case(times=RUNS)
def node_started(run):
    argv, line, answer = LOOPS["node"]()
    with scratch() as folder:
        done, report = run_command(argv, "--reachable", verb=("leaks",), output=f"{folder}/report", env=ENVIRONMENT,
                                   stdin="".join(line.format(i) + "\n" for i in range(20)).encode())
    assert (done.status, done.out.lines) == (0, [answer.format(i) for i in range(20)]), done.err.text
    check_no_leak(report, "node")


@case(times=[(name, run) for name in LOOPS for run in RUNS])
def attached(name, run):
    argv, line, answer = LOOPS[name]()
    with Interpreter(argv) as program:
        program.ask(line.format(10000), answer.format(10000))

        def request(i):
            program.ask(line.format(10001 + i), answer.format(10001 + i))
        report = look_under_load(program.pid, request)
        program.child.stdin.close()
        assert program.wait() == 0, program.err.text
    check_no_leak(report, name)


main()
