#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""redis-server (jemalloc) under load, held against its own account of its memory."""
import subprocess

from harness import *
from harness.stock import Redis


@case
def keys_set_and_flushed():
    with scratch() as folder, Redis(folder) as redis:
        redis.ask("SET", "warm", "up")
        before = redis.used_memory()
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(redis.pid), "0.5") as memtrace:
            memtrace.attached()
            redis.ask("--pipe", stdin="".join(f"SET key:{i} {'v' * 500}\r\n" for i in range(20000)))
            subprocess.run(["redis-benchmark", "-s", redis.socket, "-n", "20000", "-c", "8", "-t", "get,incr,lpush,lpop",
                            "-q"], capture_output=True, timeout=60, check=True)
            redis.ask("DEL", "mylist")
            grown = redis.used_memory() - before
            full = memtrace.fresh_report()
            assert redis.ask("DBSIZE") in ("20002", "20003"), redis.ask("DBSIZE")
            redis.ask("FLUSHALL", "SYNC")
            empty = memtrace.last_report()
        assert redis.ask("PING") == "PONG"
    live = full.kind("heap")["live_bytes"]
    # Redis counts what jemalloc rounds up to; memtrace what was asked for.
    assert 20000 * 500 < live <= grown * 1.02, (live, grown)
    assert empty.kind("heap")["live_bytes"] < live / 10, (empty["totals"], live)
    for report in (full, empty):
        assert report.integrity["complete"], report.integrity
        assert report["totals"]["live_blocks"] == sum(s["live_blocks"] for s in report.stacks)
    modules = {s["frames"][0]["module"] for s in full.stacks if s["frames"] and s["live_blocks"] > 1000}
    assert modules <= {"redis-server", "redis-check-rdb"}, modules


main()
