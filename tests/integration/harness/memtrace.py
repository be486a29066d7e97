# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of memtrace itself."""
import datetime
import os
import re
import signal

from .paths import MEMTRACE
from .process import DEADLINE_S, Process
from .report import parse_reports

NEVER_S = "3600"
# Of a report in JSON: it is among the first keys, before what takes time to read.
REPORT_TIME = re.compile(r'\{"schema": "[^"]*", "command": "[^"]*", "time": "([^"]*)"')


class Memtrace(Process):
    """memtrace with the given arguments and piped streams."""

    def __init__(self, *arguments, wrapper=(), **options):
        super().__init__([*wrapper, MEMTRACE, *arguments], **options)

    def attached(self, timeout=DEADLINE_S):
        """Waits until all probes are on (needs -v)."""
        self.err.expect(lambda line: line.startswith("memtrace: attached"), "'memtrace: attached'", timeout)

    def end_in_order(self, number=signal.SIGINT, status=0):
        """Ends a -p run by a signal."""
        self.signal(number)
        got = self.wait()
        assert got == status, f"memtrace ended with {got}, not {status}: {self.err.text}"

    def interrupt(self, number=signal.SIGINT, status=0):
        """Ends a -p run in order; its reports, the last one made at this moment."""
        self.end_in_order(number, status)
        return self.reports()

    def last_report(self, number=signal.SIGINT):
        """Ends a -p run in order; the report that is made at this moment. A series before it is not read."""
        self.end_in_order(number)
        return parse_reports(next(line for line in reversed(self.out.lines) if line.startswith('{"schema"')))[0]

    def reports(self):
        return parse_reports(self.out.text)

    def next_report(self, wanted=lambda report: True, timeout=DEADLINE_S):
        """The next report of a running series that `wanted` accepts."""
        seen = []

        def accepted(line):
            seen[:] = parse_reports(line)
            return seen and wanted(seen[0])
        self.out.expect(accepted, "a report", timeout)
        return seen[0]

    def fresh_report(self, timeout=DEADLINE_S):
        """A report of a running series that was begun after this call: the one after the first that says so, for a
        report's time is taken when its making has begun. Older ones may still lie in the pipe, and are not read."""
        now = datetime.datetime.now(datetime.timezone.utc)

        def fresh(line):
            time = REPORT_TIME.match(line)
            return time and datetime.datetime.fromisoformat(time[1]) >= now
        self.out.expect(fresh, "a report from now on", timeout)
        return self.next_report(timeout=timeout)


def trace(fixture, *options, steps=None, pids=None, wrapper=()):
    """Attaches to a ready fixture, lets it work, and returns the last report.

    `steps(fixture, memtrace)` replaces the single go()."""
    pids = pids or [fixture.pid]
    with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", *options,
                  "-p", ",".join(map(str, pids)), NEVER_S, wrapper=wrapper) as memtrace:
        memtrace.attached()
        if steps:
            steps(fixture, memtrace)
        else:
            fixture.go()
        reports = memtrace.interrupt()
    assert len(reports) == 1, f"{len(reports)} reports instead of the last one alone"
    return reports[0]


def run_memtrace(*arguments, stdin=b"", timeout=DEADLINE_S, **options):
    """memtrace to its end; the process, with .status, .out.text and .err.text."""
    with Memtrace(*arguments, **options) as memtrace:
        if memtrace.child.stdin:
            try:
                memtrace.child.stdin.write(stdin)
                memtrace.child.stdin.close()
            except BrokenPipeError:
                pass
        memtrace.status = memtrace.wait(timeout)
    return memtrace


def run_command(command, *options, output, verb=(), stdin=b"", env=None, timeout=DEADLINE_S, **popen):
    """`memtrace [VERB] -- COMMAND` with its last report in the file `output`; (process, report)."""
    done = run_memtrace(*verb, "--format", "json", "--top", "0", "--output", output, *options, "--", *command,
                        stdin=stdin, timeout=timeout, env=dict(os.environ, **(env or {})), **popen)
    if not os.path.exists(output):
        raise AssertionError(f"no report from {command}; status {done.status}; {done.err.text}")
    with open(output, encoding="utf-8") as file:
        reports = parse_reports(file.read())
    assert len(reports) == 1, f"{len(reports)} reports in {output}"
    return done, reports[0]
