#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""sqlite3 keeps its own count of outstanding allocations: memtrace's is the same."""
import shutil
import signal

from harness import *

WORK = """create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i+1 from n where i<3000) insert into t select i, 'row '||i from n;
create index i on t(b);
"""


@case
def outstanding_allocations():
    if not shutil.which("sqlite3"):
        raise Skip("sqlite3 is not installed")
    with scratch() as folder, Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "--output", f"{folder}/r",
                                       "--", "sqlite3", ":memory:") as memtrace:
        memtrace.send(WORK + ".stats on\nselect count(*) from t;\n.stats off\n.print done")
        memtrace.out.expect(lambda line: line == "done", "the end of the script")
        said = next(line for line in memtrace.out.lines if line.startswith("Number of Outstanding Allocations"))
        outstanding = int(said.split(":")[1].split()[0])
        memtrace.signal(signal.SIGTERM)
        assert memtrace.child.wait(DEADLINE_S) == 0, memtrace.err.text
        with open(f"{folder}/r", encoding="utf-8") as file:
            report = parse_reports(file.read())[0]
        memtrace.send(".quit")
    live = sum(s["live_blocks"] for s in report.stacks
               if s["kind"] == "heap" and s["frames"] and s["frames"][0]["module"].startswith("libsqlite3"))
    # While it prints its statistics, the shell holds a prepared statement that is gone afterwards.
    assert 0 <= outstanding - live <= 40, (live, outstanding)
    assert report.integrity["complete"], report.integrity


main()
