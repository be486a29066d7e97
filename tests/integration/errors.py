#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""When things go wrong: one line on standard error that says what and what to do, status 2."""
import os
import shutil
import signal
import subprocess

from harness import *

NOBODY = 65534


def refused(*arguments, says=(), **options):
    """memtrace refuses; the words are in its one line."""
    done = run_memtrace(*arguments, **options)
    assert done.status == 2, (done.status, done.err.text)
    assert len(done.err.lines) == 1, done.err.lines
    assert done.err.lines[0].startswith("memtrace: "), done.err.lines
    for word in says:
        assert word.lower() in done.err.text.lower(), (word, done.err.text)
    return done


@case
def no_such_process():
    refused("-p", "4194301", says=["4194301", "no such process"])


@case
def names_that_would_do_harm():
    """What was given is escaped once, wherever it stands."""
    for arguments in (["--a\nb"], ["-p", "1", "--top", "a\nb"], ["kernel", "--cache", "a\nb"]):
        done = refused(*arguments, says=[r"a\x0ab"])
        assert r"\\x0a" not in done.err.text, done.err.text


@case
def one_of_two_is_missing():
    with Fixture("heap") as target:
        refused("-p", f"{target.pid},4194301", says=["4194301"])
        assert probed_bytes(target.pid) == []


@case
def kernel_memory_that_is_not_there():
    """memtrace kernel knows what this machine has, before anything is traced."""
    refused("kernel", "--cache", "no-such-cache", says=["no-such-cache", "memtrace system"])
    refused("kernel", "--cache", "dentry\033[31m", says=[r"dentry\x1b[31m"])
    refused("kernel", "--cache", "x" * 100000, says=["xxxx"])
    refused("kernel", "--node", "4095", says=["4095"])
    refused("kernel", "-p", "4194301", says=["4194301"])
    refused("kernel", "-p", f"{os.getpid()},4194301", says=["4194301"])
    refused("kernel", "--cgroup", "/no/such/cgroup", says=["/no/such/cgroup"])
    for path in ("/etc", "/proc/self/stat", "/dev/null"):
        refused("kernel", "--cgroup", path, says=[path, "cgroup2"])


@case
def kernel_memory_of_processes_in_a_namespace():
    """Numbers of processes are others there; without processes it works."""
    inside = ("unshare", "--pid", "--fork", "--mount-proc")
    for options in (["-p", "1"], ["--by", "process"]):
        with Memtrace("kernel", *options, "1", "1", wrapper=inside) as memtrace:
            assert memtrace.wait() == 2 and "namespace" in memtrace.err.text, memtrace.err.text
            assert len(memtrace.err.lines) == 1 and not memtrace.out.lines, memtrace.err.text
    with Memtrace("kernel", "1", "1", wrapper=inside) as memtrace:
        assert memtrace.wait(3 * DEADLINE_S) == 0, memtrace.err.text


@case
def kernel_report_that_cannot_be_written():
    refused("kernel", "--output", "/no/such/folder/report", says=["/no/such/folder/report"])


@case
def kernel_thread():
    refused("-p", "2", says=["2", "kernel"])


@case
def zombie():
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        wait_until(lambda: open(f"/proc/{child}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[0] == "Z",
                   "the zombie")
        refused("-p", str(child), says=[str(child), "zombie"])
    finally:
        os.waitpid(child, 0)


@case
def itself():
    with scratch() as folder:
        script = os.path.join(folder, "self")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'exec "{MEMTRACE}" -p $$\n')
        done = subprocess.run(["/bin/sh", script], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "itself" in done.stderr, done


@case
def process_that_ends_while_attaching():
    """Either it was gone (2), or it got its last report (0). Never a hang, never another status."""
    seen = set()
    for delay in ("0", "0.005", "0.01", "0.02", "0.05", "0.1"):
        with Process(["/bin/sleep", delay]) as target:
            done = run_memtrace("-p", str(target.pid), timeout=DEADLINE_S)
            seen.add(done.status)
            assert done.status in (0, 2), (delay, done.status, done.err.text)
            if done.status == 2:
                assert len(done.err.lines) == 1, done.err.lines
            target.wait()


@case
def process_of_32_bits():
    with scratch() as folder:
        program = build_32_bit(folder)
        with Process([program]) as target:
            refused("-p", str(target.pid), says=["32-bit"])
        with open(os.devnull, "wb") as nothing:  # a command that stays must not keep this test's pipes open
            done = subprocess.run([MEMTRACE, "--", program], stdin=nothing, stdout=nothing, stderr=nothing, timeout=DEADLINE_S,
                                  check=False)
        assert done.returncode == 2, done
        left = [p for p in os.listdir("/proc") if p.isdigit() and runs(p, program)]
        assert not left, f"memtrace refused the command and left it running: {left}"


def build_32_bit(folder):
    """A 32-bit program that pauses, without a C library."""
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    source = os.path.join(folder, "small.c")
    program = os.path.join(folder, "small")
    with open(source, "w", encoding="utf-8") as file:
        file.write("""void _start(void)
{
	__asm__ volatile("int $0x80" : : "a"(27), "b"(10) : "memory"); /* alarm(10): it ends whatever happens */
	for (;;)
		__asm__ volatile("int $0x80" : : "a"(29) : "memory"); /* pause() */
}
""")
    done = subprocess.run(["gcc", "-m32", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie", "-o",
                           program, source], capture_output=True, check=False)
    if done.returncode:
        raise Skip("gcc -m32 does not work here")
    try:
        with Process([program]) as trial:
            runs_here = trial.running()
    except OSError:  # ENOEXEC, without CONFIG_IA32_EMULATION
        runs_here = False
    if not runs_here:
        raise Skip("this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)")
    return program


@case
def stripped_static_program():
    with scratch() as folder:
        program = os.path.join(folder, "stripped")
        shutil.copy(fixture_path("heap-static"), program)
        subprocess.run(["strip", program], check=True)
        with Fixture(program) as target:
            refused("-p", str(target.pid), says=["symbol"])
            assert probed_bytes(target.pid) == []
            assert target.go() and target.quit() == 0


@case
def object_without_the_symbol():
    with Fixture("heap") as target:
        libm = next(SYSTEM_LIBRARIES.glob("libm.so.6"))
        refused("-p", str(target.pid), "-O", str(libm), says=["libm.so.6"])


@case
def object_that_is_not_there():
    with Fixture("heap") as target:
        refused("-p", str(target.pid), "-O", "/no/such/libmine.so", says=["/no/such/libmine.so"])
        refused("-p", str(target.pid), "-O", "/etc/passwd", says=["/etc/passwd"])


@case
def not_root():
    with scratch() as folder, Fixture("heap") as target:
        copy = os.path.join(folder, "memtrace")
        shutil.copy(MEMTRACE, copy)
        os.chmod(copy, 0o755)
        done = subprocess.run([copy, "-p", str(target.pid)], user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd="/")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
        for capability in ("CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE"):
            assert capability in done.stderr, done.stderr
        done = subprocess.run([copy, "kernel", "1", "1"], user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd="/")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "root" in done.stderr, done
        done = subprocess.run([copy, "--", "/bin/true"], user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd="/")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "CAP_BPF" in done.stderr, done


@case
def command_that_does_not_exist():
    refused("--", "/no/such/command", says=["/no/such/command"])
    refused("--", "no-such-command-anywhere", says=["no-such-command-anywhere"])


@case
def command_that_cannot_be_executed():
    refused("--", "/etc/passwd", says=["/etc/passwd"])
    refused("--", "/etc", says=["/etc"])


@case
def output_that_cannot_be_written():
    with Fixture("heap") as target:
        refused("--output", "/no/such/folder/report", "-p", str(target.pid), says=["/no/such/folder/report"])
        refused("--output", "/proc/report", "-p", str(target.pid), says=["/proc/report"])
        refused("--output", "/etc", "-p", str(target.pid), says=["/etc"])
    with scratch() as folder:
        for path in ("/no/such/folder/report", "/etc", "/proc/report"):
            refused("--output", path, "--", "/bin/sh", "-c", f": >{folder}/ran", says=[path])
            assert not os.listdir(folder), f"the command ran although its report has no place: {path}"


@case
def full_disk():
    """The older report stays whole, no half of the new one lies about."""
    with scratch() as folder, Fixture("orders") as target:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=True)
        try:
            path = os.path.join(folder, "report")
            with open(path, "w", encoding="utf-8") as file:
                file.write("older\n" * 600)
            done = run_memtrace("--format", "json", "--output", path, "-p", str(target.pid), "0.1", "3", timeout=DEADLINE_S)
            assert done.status == 2 and len(done.err.lines) == 1, (done.status, done.err.lines)
            assert "space" in done.err.text and path in done.err.text, done.err.text
            assert os.listdir(folder) == ["report"], os.listdir(folder)
            with open(path, encoding="utf-8") as file:
                assert file.read() == "older\n" * 600
        finally:
            subprocess.run(["umount", folder], check=True)
        assert probed_bytes(target.pid) == []


@case
def full_standard_output():
    with Fixture("orders") as target, open("/dev/full", "wb") as full:
        done = run_memtrace("-p", str(target.pid), "0.1", "2", stdout=full)
        assert done.status == 2 and len(done.err.lines) == 1 and "space" in done.err.text, (done.status, done.err.text)


@case
def reader_of_the_output_is_gone():
    """As in `memtrace -p PID | head`: ends, and leaves the target alone."""
    with Fixture("churn") as target:
        target.go()
        read, write = os.pipe()
        with Process([MEMTRACE, "-p", str(target.pid), "0.1"], stdout=write) as memtrace:
            os.close(write)
            os.read(read, 100)
            os.close(read)
            memtrace.wait()
        wait_until(lambda: probed_bytes(target.pid) == [], "no breakpoint left")
        target.send("account")
        target.report()
        assert target.quit() == 0


@case
def another_tracer_is_there():
    """A debugger on the command's process would be in memtrace's way, on -p it is not."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    with Fixture("heap") as target, Process(["strace", "-p", str(target.pid), "-o", "/dev/null"]) as strace:
        strace.err.expect(lambda line: "attached" in line, "strace")
        check_sites(trace(target), target)
        strace.signal(signal.SIGINT)


main()
