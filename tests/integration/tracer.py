#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""memtrace as the tracer of a command: it holds it for moments only, and leaves it in order."""
import os
import signal

from harness import *

LIBRARY = "libm.so.6"


def children(pid):
    """Of all threads: the tracer is one of its own."""
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", encoding="utf-8") as file:
            found += [int(word) for word in file.read().split()]
    return found


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def dots(memtrace, n):
    for _ in range(n):
        memtrace.out.expect(lambda line: line == ".", "the command's going on")


class Opening(Memtrace):
    """memtrace on a command that is held by its loader all the time."""

    def __init__(self, *options, how=()):
        super().__init__("-q", *options, "--", fixture_path("opening"), LIBRARY, *how)
        self.command = None

    def started(self):
        dots(self, 3)
        self.command = children(self.pid)[0]

    def __exit__(self, *exception):
        if self.command:
            os.kill(self.command, signal.SIGKILL)
        super().__exit__(*exception)


@case(times=[("KILL", ()), ("TERM", ()), ("TERM", ("blocking",))])
def left_at_any_moment(name, how):
    for i in range(3):
        with scratch() as folder, Opening("--output", f"{folder}/r", how=how) as memtrace:
            memtrace.started()
            dots(memtrace, i)  # another moment each time
            memtrace.signal(getattr(signal, "SIG" + name))
            assert memtrace.child.wait(60) == (-signal.SIGKILL if name == "KILL" else 0)
            memtrace.out.forget()
            dots(memtrace, 50)
            fields = status(memtrace.command)
            assert fields["TracerPid"] == "0" and fields["State"][0] in "RSD", fields
            assert not int(fields["SigPnd"], 16), fields


@case
def stopped_and_continued():
    """Job control is the command's own; no stop and no SIGCONT is lost to the hook."""
    with Opening("--output", "/dev/null") as memtrace:
        memtrace.started()
        for _ in range(20):
            os.kill(memtrace.command, signal.SIGSTOP)
            wait_until(lambda: status(memtrace.command)["State"][0] in "tT", "the stop")
            os.kill(memtrace.command, signal.SIGCONT)
            memtrace.out.forget()
            dots(memtrace, 2)


@case
def ptrace_forbidden():
    """Nothing runs, nothing stays behind."""
    with scratch() as folder:
        done = run_memtrace("--", "/bin/sh", "-c", f": >{folder}/ran", wrapper=[fixture_path("forbidding")])
        assert done.status == 2 and len(done.err.lines) == 1, (done.status, done.err.lines)
        assert os.listdir(folder) == []


@case
def clone_without_a_signal():
    """Such a child is no thread of the command: its exec is none of the command's."""
    with scratch() as folder:
        done, report = run_command([fixture_path("cloned"), "/bin/true"], output=f"{folder}/r", stdin=b"go\nquit\n")
        assert done.status == 0, done.err.text
        site = report.site("site_cloned")
        assert (site["alloc_count"], site["live_bytes"]) == (107, 114000), site
        assert report.integrity["untraced_children"] == 1, report.integrity


@case
def reports_that_nobody_reads():
    """memtrace waits for its full pipe; the command does not wait for memtrace."""
    readable, writable = os.pipe()
    with scratch() as folder, os.fdopen(readable), os.fdopen(writable, "w") as pipe:
        command = f"exec {fixture_path('opening')} {LIBRARY} >{folder}/dots"
        with Memtrace("-q", "--format", "json", "-T", "0", "0.01", "--", "/bin/sh", "-c", command,
                      stdout=pipe) as memtrace:
            def blocked():
                with open(f"/proc/{memtrace.pid}/wchan", encoding="utf-8") as file:
                    return "pipe" in file.read()
            wait_until(blocked, "the full pipe")
            pid = children(memtrace.pid)[0]
            size = os.path.getsize(f"{folder}/dots")
            wait_until(lambda: os.path.getsize(f"{folder}/dots") > size + 200, "the command's going on")
            assert blocked()
            os.kill(pid, signal.SIGKILL)
            memtrace.child.kill()


@case
def sigchld_ignored():
    """As memtrace's parent may have left it."""
    with scratch() as folder:
        show = "import signal; print(signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN)"
        done = run_memtrace("--output", f"{folder}/r", "--", "/usr/bin/python3", "-c", show,
                            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        assert done.status == 0 and done.out.lines == ["True"], (done.status, done.out.lines, done.err.lines)


@case
def named_object_that_is_not_there():
    done = run_memtrace("-O", "/nonexistent/lib.so", "--", "/bin/echo", "ran")
    assert done.status == 2 and len(done.err.lines) == 1 and not done.out.lines, (done.err.lines, done.out.lines)


@case
def named_object_that_is_not_mapped():
    with scratch() as folder:
        done, report = run_command(["/bin/sh", "-c", "exit 7"], "-O", fixture_path("libhook.so"), output=f"{folder}/r")
        assert done.status == 7 and len(done.err.lines) == 1, (done.status, done.err.lines)
        assert report.lost.get("unprobed_objects") == 1 and not report.integrity["complete"], report.integrity


main()
