# SPDX-License-Identifier: GPL-2.0-or-later
"""What follows the kernel's memory, of the whole machine at once: there is one load, and the tools come and go."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from measuring import DEADLINE_S, MEMTRACE, TOOLS, Process, first_in_line, read_line

BPFTRACE = """
tracepoint:kmem:kmalloc, tracepoint:kmem:kmem_cache_alloc {
    @size_of[args->ptr] = args->bytes_alloc; @stack_of[args->ptr] = kstack;
    @count[kstack] += 1; @bytes[kstack] += args->bytes_alloc;
}
tracepoint:kmem:kfree, tracepoint:kmem:kmem_cache_free /@size_of[args->ptr]/ {
    @count[@stack_of[args->ptr]] -= 1; @bytes[@stack_of[args->ptr]] -= @size_of[args->ptr];
    delete(@size_of[args->ptr]); delete(@stack_of[args->ptr]);
}
"""


def others_trace():
    """Is there a BPF program on the slab allocator's events, by whomever? They are called after their event."""
    output = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True).stdout
    return any("kmalloc" in program.get("name", "") for program in json.loads(output or "[]"))


def wait_until_untraced():
    end = time.monotonic() + DEADLINE_S
    while others_trace():
        if time.monotonic() > end:
            raise RuntimeError("someone else traces the kernel")
        time.sleep(0.2)


@contextlib.contextmanager
def nothing():
    yield


def floor(programs):
    """`programs`: on each event, "one" or "three"."""
    @contextlib.contextmanager
    def attached():
        with Process([TOOLS / "kernel_floor", programs], stdout=subprocess.PIPE) as process:
            read_line(process.child.stdout, "attached$", "kernel_floor")
            yield
            process.finish()
    return attached


def memtrace(program=MEMTRACE):
    @contextlib.contextmanager
    def attached():
        command = [program, "kernel", "-v", "--output", "/dev/null", "3600"]
        with Process(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=first_in_line) as process:
            read_line(process.child.stderr, "memtrace: attached:", "memtrace kernel")
            yield
            if process.finish(signal.SIGINT):
                raise RuntimeError("memtrace kernel failed")
    return attached


@contextlib.contextmanager
def around_cat(command, env=None):
    """A tool that runs a program once it has attached: cat, which answers as soon as it runs."""
    with Process(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=first_in_line,
                 env=dict(os.environ, **(env or {}))) as process:
        process.child.stdin.write(b"attached\n")
        read_line(process.child.stdout, "attached$", process.name)
        yield
        process.finish()


@contextlib.contextmanager
def bpftrace():
    with tempfile.TemporaryDirectory(prefix="memtrace-bench-") as folder:
        with around_cat(["bpftrace", "-q", "-o", f"{folder}/maps", "-c", "/bin/cat", "-e", BPFTRACE],
                        {"BPFTRACE_MAP_KEYS_MAX": "1000000"}):
            yield


def perf(*options):
    @contextlib.contextmanager
    def attached():
        with tempfile.TemporaryDirectory(prefix="memtrace-bench-") as folder:
            data = pathlib.Path(folder) / "perf.data"
            with around_cat(["perf", "kmem", "record", "-q", *options, "-o", data, "--", "cat"]):
                yield
            if not data.stat().st_size:
                raise RuntimeError("perf recorded nothing")
    return attached
