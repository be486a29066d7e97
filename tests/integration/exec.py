#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""exec drops the process's blocks, and tracing goes on in the new image."""
import os
import signal

from harness import *


LOOKS = 100


@case(times=["main", "thread", "burst"])
def exec_from(thread):
    with Fixture("exec", thread) as target, \
            Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "0.2") as memtrace:
        memtrace.attached()
        if thread == "burst":  # to be looked at when all is over
            os.kill(memtrace.pid, signal.SIGSTOP)
        target.step()  # ready again, now in the new image
        os.kill(memtrace.pid, signal.SIGCONT)
        # Nothing announces that memtrace is attached again: until it sees a block.
        for _ in range(LOOKS):
            target.step("probe")
            seen = memtrace.fresh_report()
            if seen.site("probe_malloc")["alloc_count"]:
                break
        else:
            raise AssertionError(f"memtrace never saw an allocation after the exec: {seen.data}")
        assert seen.site("site_before")["live_blocks"] == 0
        target.go()
        report = memtrace.last_report()
        check_sites(report, target)
        assert report.kind("heap")["live_blocks"] == 15 + report.site("probe_malloc")["live_blocks"], report["totals"]


main()
