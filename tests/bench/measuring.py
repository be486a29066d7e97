# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that time themselves, and what can be attached to them or put around them.

Everything is measured in turns: each subject has a process of its own, and a short turn of each
follows one of every other. What counts are ratios of the least of a few consecutive turns, which
leaves out most of what other processes do to the machine.
"""
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
MEMTRACE = os.environ.get("MEMTRACE", str(BUILD / "memtrace"))
TOOLS = BUILD / "tests" / "bench"
DEADLINE_S = 180
TURN_S = 0.012
BREAKPOINT = b"\xcc"


def read_line(stream, wanted, what, deadline_s=DEADLINE_S):
    """The next line that `wanted` (a pattern) matches; the stream is unbuffered bytes."""
    end, line = time.monotonic() + deadline_s, b""
    while time.monotonic() < end:
        if not select.select([stream], [], [], max(0, end - time.monotonic()))[0]:
            break
        byte = stream.read(1)
        if not byte:
            raise RuntimeError(f"{what}: ended")
        line += byte
        if byte == b"\n":
            text, line = line.decode(errors="replace").rstrip("\n"), b""
            if re.match(wanted, text):
                return text
    raise RuntimeError(f"{what}: no answer within {deadline_s} s")


def first_in_line():
    """For what is measured by the clock on the wall: as little waiting for other processes as can be had."""
    os.setpriority(os.PRIO_PROCESS, 0, -20)


class Process:
    """A child of ours; ended by its own process number, whatever happens."""

    def __init__(self, command, **options):
        self.name = str(command[0])
        self.child = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, **options)
        self.pid = self.child.pid

    def finish(self, how=None):
        """Ends its input, or sends it a signal; then waits. Returns its status."""
        try:
            if how is None:
                self.child.stdin.close()
            else:
                self.child.send_signal(how)
            return self.child.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise RuntimeError(f"{self.name} did not end") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            if stream:
                stream.close()


class Workload(Process):
    """Answers N with the nanoseconds that one of N turns took."""

    def __init__(self, command, around=(), env=None, preexec_fn=None):
        super().__init__([*around, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         env=dict(os.environ, **(env or {})), preexec_fn=preexec_fn)
        read_line(self.child.stdout, "ready$", self.name)

    def ask(self, text):
        self.child.stdin.write(f"{text}\n".encode())
        return read_line(self.child.stdout, r"[0-9.]+$|done$", self.name)

    def calibrate(self):
        """Finds how many make a turn: long enough for the clock, short enough to be left alone."""
        guess = float(self.ask(3))
        for seconds in (TURN_S / 10, TURN_S):
            self.turns = max(1, int(seconds * 1e9 / guess))
            guess = float(self.ask(self.turns))

    def turn_ns(self):
        return float(self.ask(self.turns))


def own_libc(folder):
    """Environment for a process that shall have a C library to itself: probes are on files, and a
    probe of one tool would be a detour for those of every other."""
    os.makedirs(folder)
    library = next(line.split()[-1] for line in pathlib.Path("/proc/self/maps").read_text("utf-8").splitlines()
                   if "/libc.so" in line)
    shutil.copy(library, folder)
    return {"LD_LIBRARY_PATH": str(folder)}


def probe_points(pid):
    """[(name, address, offset in the file, object, wants its return)] where memtrace would probe."""
    output = subprocess.run([MEMTRACE, "doctor", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    code = []
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and "x" in fields[1]:
            low, high = (int(n, 16) for n in fields[0].split("-"))
            code.append((low, high, int(fields[2], 16)))
    points = []
    for address, name, rest in re.findall(r"^  0x([0-9a-f]+)\s+(\w+)\+0x[0-9a-f]+  (.*)$", output, re.M):
        at = int(address, 16)
        low, _, file_offset = next(row for row in code if row[0] <= at < row[1])
        points.append((name, at, at - low + file_offset, re.search(r"\[([^]]*)\]$", rest)[1],
                       "(and its return)" in rest))
    return points


def byte_at(pid, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(1)


def check_unprobed(pid, points):
    """A tool that has gone must have taken its probes along, or what follows measures nonsense."""
    left = [name for name, address, _, _, _ in points if byte_at(pid, address) == BREAKPOINT]
    if left:
        raise RuntimeError(f"probes left behind on {' '.join(left)}")


@contextlib.contextmanager
def nothing(pid):
    yield


@contextlib.contextmanager
def floor(pid):
    points = probe_points(pid)
    objects = {path for _, _, _, path, _ in points}
    if len(objects) != 1:
        raise RuntimeError(f"the floor is for one library, not {objects}")
    places = [f"{'return' if returns else 'entry'}:{offset}" for _, _, offset, _, returns in points]
    with Process([TOOLS / "floor", str(pid), objects.pop(), *places], stdout=subprocess.PIPE) as process:
        read_line(process.child.stdout, "attached$", "floor")
        yield
        process.finish()
    check_unprobed(pid, points)


class Memtrace(Process):
    def __init__(self, pid, *options, program=MEMTRACE, verb=(), interval="3600", preexec_fn=None):
        self.started = time.monotonic()
        super().__init__([program, *verb, "-v", *options, "-p", str(pid), interval], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, preexec_fn=preexec_fn)
        read_line(self.child.stderr, "memtrace: attached:", "memtrace")
        self.attach_ms = (time.monotonic() - self.started) * 1e3


def memtrace(program=MEMTRACE, *options, verb=()):
    @contextlib.contextmanager
    def attached(pid):
        with Memtrace(pid, "--output", "/dev/null", *options, program=program, verb=verb) as process:
            yield
            if process.finish(signal.SIGINT):
                raise RuntimeError("memtrace failed")
        check_unprobed(pid, probe_points(pid))
    return attached


BPFTRACE = """
uprobe:LIB:malloc { @size[tid] = arg0; @caller[tid] = ustack; }
uprobe:LIB:calloc { @size[tid] = arg0 * arg1; @caller[tid] = ustack; }
uprobe:LIB:realloc {
    if (@size_of[arg0]) {
        @count[@stack_of[arg0]] -= 1; @bytes[@stack_of[arg0]] -= @size_of[arg0];
        delete(@size_of[arg0]); delete(@stack_of[arg0]);
    }
    @size[tid] = arg1; @caller[tid] = ustack;
}
uretprobe:LIB:malloc, uretprobe:LIB:calloc, uretprobe:LIB:realloc /@size[tid]/ {
    if (retval) {
        @size_of[retval] = @size[tid]; @stack_of[retval] = @caller[tid];
        @count[@caller[tid]] += 1; @bytes[@caller[tid]] += @size[tid];
    }
    delete(@size[tid]); delete(@caller[tid]);
}
uprobe:LIB:free /@size_of[arg0]/ {
    @count[@stack_of[arg0]] -= 1; @bytes[@stack_of[arg0]] -= @size_of[arg0];
    delete(@size_of[arg0]); delete(@stack_of[arg0]);
}
"""


def first_bytes(library, pid, names):
    """Addresses in the process of functions' first bytes, where bpftrace puts its probes."""
    base = min(int(line.split("-")[0], 16) for line in pathlib.Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines()
               if line.endswith(library))
    table = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return [base + int(value, 16) for value, name in re.findall(r"^([0-9a-f]+) \w (\w+)(?:@|$)", table, re.M)
            if name in names]


@contextlib.contextmanager
def bpftrace(pid):
    """The same accounting, as one would write it: live blocks and bytes by stack."""
    library = next(path for name, _, _, path, _ in probe_points(pid) if name == "malloc")
    places = first_bytes(library, pid, {"malloc", "calloc", "realloc", "free"})
    with Process(["bpftrace", "-q", "-p", str(pid), "-e", BPFTRACE.replace("LIB", library)], stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL, env=dict(os.environ, BPFTRACE_MAP_KEYS_MAX="1000000")) as process:
        end = time.monotonic() + DEADLINE_S
        while any(byte_at(pid, place) != BREAKPOINT for place in places):
            if process.child.poll() is not None or time.monotonic() > end:
                raise RuntimeError("bpftrace did not attach")
            time.sleep(0.05)
        time.sleep(0.3)  # the return probes come one by one, and nothing tells of them
        yield
        process.finish(signal.SIGINT)
    for place in places:
        if byte_at(pid, place) == BREAKPOINT:
            raise RuntimeError("bpftrace left a probe")


class Figure:
    """Samples of one quantity, one a round: median and spread."""

    def __init__(self, samples):
        self.samples = sorted(samples)
        self.median = statistics.median(self.samples)
        self.low, self.high = self.samples[0], self.samples[-1]
