#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""memtrace -- COMMAND: its streams, arguments, environment, signals and exit status are its own."""
import json
import os
import signal
import subprocess

from harness import *

SHOW = """
import json, os, signal, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "stdin": sys.stdin.read(),
                  "ignored": [n for n in range(1, 32) if signal.getsignal(n) == signal.SIG_IGN],
                  "mask": [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
                  "fds": sorted(os.listdir("/proc/self/fd"), key=int), "sid": os.getsid(0), "pgrp": os.getpgrp(),
                  "umask": os.umask(0)}))
print("to standard error", file=sys.stderr)
"""


@case
def report_behind_the_commands_output():
    """Without --output the report follows on standard output when the command is over."""
    done = run_memtrace("--format", "json", "--", "/bin/echo", "hello")
    assert done.status == 0 and done.out.lines[0] == "hello", done.out.lines[:2]
    assert len(parse_reports(done.out.text)) == 1 and len(done.out.lines) == 2


@case
def everything_else_is_its_own():
    environment = dict(os.environ, MARK="a b  c", EMPTY="")
    arguments = ["", "two words", "-p", "--", "--help", "ünï"]
    command = ["/usr/bin/python3", "-c", SHOW, *arguments]
    with scratch() as folder:
        plain = subprocess.run(command, input=b"to standard input", capture_output=True, cwd=folder, env=environment,
                               check=True)
        done = run_memtrace("-q", "--output", "report", "--", *command, stdin=b"to standard input", cwd=folder,
                            env=environment)
        assert done.status == 0, done.err.text
        wanted, got = json.loads(plain.stdout), json.loads(done.out.text)
        for key in ("argv", "cwd", "env", "stdin", "ignored", "mask", "fds", "sid", "umask"):
            assert got[key] == wanted[key], (key, got[key], wanted[key])
        assert done.err.lines == ["to standard error"], done.err.lines
        assert os.listdir(folder) == ["report"]


@case(times=[(0,), (1,), (2,), (7,), (77,), (255,)])
def exit_status(status):
    done = run_memtrace("--", "/bin/sh", "-c", f"exit {status}")
    assert done.status == status, (done.status, done.err.text)


@case(times=[("TERM", 143), ("KILL", 137), ("SEGV", 139), ("INT", 130)])
def death_by_signal(name, status):
    with scratch() as folder:
        done, report = run_command(["/bin/sh", "-c", f"kill -{name} $$"], output=f"{folder}/r")
        assert done.status == status, (done.status, done.err.text)
        assert report["processes"][0]["exit_status"] == status


@case
def found_in_the_path():
    done = run_memtrace("--", "true")
    assert done.status == 0, done.err.text


@case
def sigint_is_left_to_the_command():
    """Both get it, as from a terminal; the command goes on if it chooses to."""
    script = "trap 'echo caught; exit 9' INT; echo started; while :; do sleep 0.05; done"
    with scratch() as folder, Memtrace("-v", "--format", "json", "--output", f"{folder}/r", "--", "/bin/sh", "-c",
                                       script, start_new_session=True) as memtrace:
        memtrace.out.expect(lambda line: line == "started", "the command's start")
        os.killpg(memtrace.pid, signal.SIGINT)
        assert memtrace.wait() == 9, memtrace.err.text
        assert memtrace.out.lines[-1] == "caught", memtrace.out.lines
        assert os.path.exists(f"{folder}/r")


@case
def sigterm_detaches():
    """memtrace reports and goes, status 0; the command lives on."""
    with scratch() as folder, Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "--output", f"{folder}/r",
                                       "--", fixture_path("heap")) as memtrace:
        memtrace.out.expect(lambda line: line == "ready", "the fixture")
        child, = children(memtrace.pid)
        memtrace.send("go")
        memtrace.out.expect(lambda line: line == "end", "the fixture's account")
        memtrace.signal(signal.SIGTERM)
        # Its pipes stay open in the command, so only the process is waited for.
        assert memtrace.child.wait(DEADLINE_S) == 0, memtrace.err.text
        with open(f"{folder}/r", encoding="utf-8") as file:
            report = parse_reports(file.read())[0]
        assert report.site("site_malloc")["alloc_count"] == 20, report.sites()
        assert report["processes"][0]["exit_status"] is None
        assert probed_bytes(child) == []
        with open(f"/proc/{child}/status", encoding="utf-8") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        assert fields["State"][0] in "SR" and fields["TracerPid"] == "0", fields
        memtrace.send("quit")  # the command is still there to hear it
        wait_until(lambda: state(child) in (None, "Z"), "the command's own end")


main()
