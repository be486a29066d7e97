#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 240
"""Programs of the distribution under load: nearly all of their stacks are whole. The shares are printed."""
import collections
import subprocess

from harness import *
from harness.stock import Redis, Work

SHARE = 0.995
COMMANDS = [("sqlite3", 10), ("python3", 10), ("python3 by malloc", 3), ("sort", 10), ("git log -p --stat", 10),
            ("git pack-objects --all --stdout -q", 10), ("git grep -c changed", 10), ("git blame folder1/file1", 10)]
LONGER = [("sqlite3", 200), ("python3", 100), ("python3 by malloc", 100), ("git log -p --stat", 60),
          ("git pack-objects --all --stdout -q", 60), ("node", 1), ("node", 5)]


def check_shares(name, report):
    by_count, by_stack, guessed, cut = collections.Counter(), collections.Counter(), 0, collections.Counter()
    for stack in report.stacks:
        by_count[stack["end"]] += stack["alloc_count"]
        by_stack[stack["end"]] += 1
        guessed += stack["guessed"]
        if stack["end"] != "complete" and stack["frames"]:
            last = stack["frames"][-1]
            cut[f"{stack['end']} in {last['module']} {last['function']} {last['address']}"] += stack["alloc_count"]
    allocations, stacks = sum(by_count.values()), sum(by_stack.values())
    print(f"{name}: {allocations} allocations, {stacks} stacks, {guessed} of them guessed; by end, "
          + ", ".join(f"{end} {by_count[end] / allocations:.3%} of allocations {by_stack[end] / stacks:.3%} of stacks"
                      for end in by_stack))
    worst = [f"{n} allocations: {where}" for where, n in cut.most_common(10)]
    assert by_count["complete"] >= SHARE * allocations, "\n".join(["by allocations", *worst])
    assert by_stack["complete"] >= SHARE * stacks, "\n".join(["by stacks", *worst])
    assert report.integrity["complete"], report.integrity


@case(times=LONGER if LONG else COMMANDS)
def command(name, scale):
    with scratch() as folder:
        work = Work(name, folder, scale)
        done, report = run_command(work.argv, output=f"{folder}/r", stdin=work.input.read_bytes(), env=work.environment,
                                   timeout=DEADLINE_S * (20 if LONG else 3))
        assert done.status == 0, done.err.text
        check_shares(f"{name}, {scale} times", report)


@case
def redis():
    with scratch() as folder, Redis(folder) as server:
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(server.pid), "3600") as memtrace:
            memtrace.attached()
            for tests in ("set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset",
                          "ping,set,get"):
                subprocess.run(["redis-benchmark", "-s", server.socket, "-n", "20000" if LONG else "2000", "-c", "8",
                                "-r", "1000", "-t", tests, "-q"], capture_output=True, timeout=DEADLINE_S * 10,
                               check=True)
            for i in range(20):
                server.ask("EVAL", "local t = {} for i = 1, 50 do t[i] = redis.call('GET', 'key' .. i) end "
                           "return cjson.encode(ARGV)", "0", str(i))
                server.ask("XADD", "stream", "*", "field", "value")
                server.ask("SORT", "mylist", "ALPHA", "LIMIT", "0", "5")
            server.ask("MEMORY", "DOCTOR")
            server.ask("DEBUG", "RELOAD")
            server.ask("FLUSHALL", "ASYNC")
            report = memtrace.last_report()
        check_shares("redis-server", report)


main()
