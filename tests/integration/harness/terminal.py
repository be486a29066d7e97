# SPDX-License-Identifier: GPL-2.0-or-later
"""A shell on a terminal (tmux, with a server of its own), typed into and looked at as a person would."""
import itertools
import os
import shlex
import subprocess

from .memtrace import MEMTRACE
from .process import DEADLINE_S
from .target import wait_until

PROMPT = "ready$ "
LOOK_S = 0.05  # from one look to the next; each is a process
_numbers = itertools.count()


class Terminal:
    """Enter it; leaving ends the server and all that runs in it."""

    def __init__(self, columns=110, lines=30, **env):
        self.socket = f"memtrace-test-{os.getpid()}-{next(_numbers)}"
        self.shell_env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PS1": PROMPT, "HOME": "/", **env}
        self.size = (columns, lines)

    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-L", self.socket, "-f", "/dev/null", *arguments], capture_output=True,
                              timeout=DEADLINE_S, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return done.stdout.decode()

    def __enter__(self):
        columns, lines = self.size
        variables = [f"{key}={value}" for key, value in self.shell_env.items()]
        # What the shell runs has the terminal's own type, and nothing of the test's environment.
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(lines),
                  shlex.join(["env", "-i", "TERM=screen", *variables, "sh", "-i"]))
        self.pid = int(self.tmux("display-message", "-p", "#{pid}"))
        self.expect(lambda text: text.startswith(PROMPT.strip()), "the shell's prompt")
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind:
                print("".join(f"    | {line}\n" for line in self.screen().splitlines()), end="")
        finally:
            path = self.tmux("display-message", "-p", "#{socket_path}").strip()
            self.tmux("kill-server")
            wait_until(lambda: not os.path.exists(f"/proc/{self.pid}"), "the end of tmux")
            if os.path.exists(path):
                os.unlink(path)

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def expect(self, wanted, what):
        """What is on the screen once `wanted` accepts it: a function of it, or words that it has."""
        seen = [""]

        def accepted():
            seen[0] = self.screen()
            return wanted(seen[0]) if callable(wanted) else wanted in seen[0]
        try:
            wait_until(accepted, what, pause=LOOK_S)
        except AssertionError as e:
            raise AssertionError(f"{e}; on the screen:\n{seen[0]}") from None
        return seen[0]

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *keys):
        """Keys by tmux's names of them: "Enter", "C-c", "Down"."""
        self.tmux("send-keys", *keys)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def run(self, line):
        """Types a command line into the shell."""
        self.type(line)
        self.press("Enter")

    def answer(self, line, mark="answer"):
        """What a command line of the shell prints in one line."""
        self.run(f"echo {mark} $({line})")

        def printed(text):
            return [row for row in text.splitlines() if row.startswith(f"{mark} ")]
        return printed(self.expect(lambda text: printed(text), f"what '{line}' prints"))[-1].split(" ", 1)[1]

    def top(self, *arguments, after=""):
        """memtrace top in it; its status is told when it ends."""
        self.run(shlex.join([MEMTRACE, "top", *map(str, arguments)]) + f"{after}; echo status $?")

    def ended(self, status=0):
        """What is on the screen after memtrace has ended with this status."""
        return self.expect(lambda text: f"\nstatus {status}\n" in text, f"status {status}")
