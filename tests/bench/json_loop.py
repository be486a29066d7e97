# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses a JSON text again and again, as tests/bench/pairs.c makes pairs: N in, nanoseconds of CPU time per parse out."""
import json
import sys
import time

ROWS = [{"id": i, "name": f"item {i}", "price": i * 1.25, "tags": ["a" * (i % 30), "b"], "more": {"x": i, "y": None}}
        for i in range(60)]
TEXT = json.dumps(ROWS)


def parse(n):
    start = time.process_time_ns()
    for _ in range(n):
        json.loads(TEXT)
    return (time.process_time_ns() - start) / n


print("ready", flush=True)
for line in sys.stdin:
    parse(int(line) // 10 + 1)
    print(f"{parse(int(line)):.2f}", flush=True)
