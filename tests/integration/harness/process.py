# SPDX-License-Identifier: GPL-2.0-or-later
"""Child processes whose output is waited for, never slept for, and which end with their block."""
import os
import signal
import subprocess
import threading
import time

PATIENCE = float(os.environ.get("MEMTRACE_TEST_PATIENCE", "1"))  # more on an emulated machine
DEADLINE_S = 60 * PATIENCE  # of what takes a moment on a machine that has time


class Stream:
    """The lines of a pipe, collected as they come, so that the writer never blocks."""

    def __init__(self, pipe):
        self.lines = []
        self._seen = 0
        self._closed = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                with self._change:
                    self.lines.append(line.decode(errors="replace").rstrip("\n"))
                    self._change.notify_all()
        with self._change:
            self._closed = True
            self._change.notify_all()

    def expect(self, wanted, what, timeout=DEADLINE_S):
        """The first line from here on that `wanted` accepts; those before it are passed over."""
        end = time.monotonic() + timeout
        with self._change:
            while True:
                while self._seen < len(self.lines):
                    self._seen += 1
                    if wanted(self.lines[self._seen - 1]):
                        return self.lines[self._seen - 1]
                if self._closed or time.monotonic() > end:
                    raise AssertionError(f"{what} did not come ({'end of output' if self._closed else 'time-out'});"
                                         f" last lines: {self.lines[-5:]}")
                self._change.wait(max(0, end - time.monotonic()))

    def forget(self):
        """Passes over what has come so far."""
        with self._change:
            self._seen = len(self.lines)

    def finish(self):
        """Waits for the end of the output."""
        self._thread.join(DEADLINE_S)
        return self.lines

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)


class Process:
    """A child with piped streams; leaving its `with` block ends it if it still runs."""

    def __init__(self, argv, **options):
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        self.argv = [str(a) for a in argv]
        self.child = subprocess.Popen(self.argv, **options)
        self.pid = self.child.pid
        self.out = Stream(self.child.stdout) if self.child.stdout else None
        self.err = Stream(self.child.stderr) if self.child.stderr else None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.end()
        if kind and self.err and self.err.lines:
            print("    standard error of", " ".join(self.argv)[:200])
            print("".join(f"    | {line}\n" for line in self.err.lines[-20:]), end="")

    def send(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=DEADLINE_S):
        """Its exit status as the shell counts it; the output is complete afterwards."""
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0]} did not end within {timeout} s") from None
        for stream in (self.out, self.err):
            if stream:
                stream.finish()
        return status if status >= 0 else 128 - status

    def running(self):
        return self.child.poll() is None

    def end(self):
        """Ends it: by the end of its input first, then by SIGKILL. Safe to call again."""
        if self.child.stdin and not self.child.stdin.closed:
            try:
                self.child.stdin.close()
            except BrokenPipeError:
                pass
        if self.running():
            try:
                self.child.wait(0.5)
            except subprocess.TimeoutExpired:
                os.kill(self.pid, signal.SIGCONT)
                self.child.kill()
                self.child.wait(DEADLINE_S)
        for stream in (self.out, self.err):
            if stream:
                stream.finish()
