#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
"""Names of what is not in the program's own file: JIT code, debug files of the target's root and of servers."""
import contextlib
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from harness import *

CONTAINER = ["unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
             'mount -t tmpfs none /tmp && exec "$0" "$@"']


def works_here():
    if subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode:
        raise Skip("unshare --pid --mount is not allowed here")


def innermost(target):
    """The process below unshare, as seen here."""
    with open(f"/proc/{target.pid}/task/{target.pid}/children", encoding="utf-8") as file:
        return int(file.read().split()[0])


@case
def made_code():
    with Fixture("jitted") as target:
        report = trace(target)
        check_exact(report, target)
        frame = report.stacks[0]["frames"][0]
        assert (frame["function"], frame["module"]) == ("site_made", "[anon]"), frame
        target.quit()  # it takes its map away


@case
def made_code_in_a_container():
    """Another PID, another /tmp: neither is memtrace's."""
    works_here()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # where it is not hidden
        shutil.copy(fixture_path("jitted"), f"{folder}/jitted")
        with Fixture(f"{folder}/jitted", wrapper=CONTAINER) as target:
            pid = innermost(target)
            assert not os.path.exists(f"/tmp/perf-{pid}.map")
            report = trace(target, pids=[pid])
            check_exact(report, target, pid)


def split(folder, name="heap"):
    """FOLDER/program without debug information, and FOLDER/debug/program.debug with it; the build ID."""
    program, debug = folder / "program", folder / "debug" / "program.debug"
    debug.parent.mkdir()
    shutil.copy(fixture_path(name), program)
    subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True)
    subprocess.run(["strip", "-g", program], check=True)
    notes = subprocess.run(["readelf", "-n", program], check=True, capture_output=True, text=True).stdout
    return program, debug, re.search(r"Build ID: ([0-9a-f]+)", notes)[1]


def lines(report):
    return [frame["line"] for stack in report.stacks for frame in stack["frames"] if frame["module"] == "program"]


@case
def debug_files_of_another_root():
    with scratch() as folder:
        folder = pathlib.Path(folder)
        program, debug, build_id = split(folder, "heap-static")
        with Fixture("/program", wrapper=["chroot", folder]) as target:
            report = trace(target)
        assert lines(report) and not any(lines(report)), report.stacks[0]
        place = folder / "usr/lib/debug/.build-id" / build_id[:2]
        place.mkdir(parents=True)
        debug.rename(place / f"{build_id[2:]}.debug")
        with Fixture("/program", wrapper=["chroot", folder]) as target:
            report = trace(target)
        check_exact(report, target)
        assert any(lines(report)), report.stacks[0]
        assert program.exists()


@contextlib.contextmanager
def debug_server(folder, build_id):
    """debuginfod on loopback; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(folder / "server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(["debuginfod", "-p", str(port), "-d", ":memory:", "-F", folder / "debug"],
                                  stdout=log, stderr=log, env=dict(os.environ, DEBUGINFOD_URLS=""))
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + DEADLINE_S
        while not answers(f"{url}/buildid/{build_id}/debuginfo"):
            assert time.monotonic() < deadline and server.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(DEADLINE_S)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@case
def a_debug_server():
    with scratch() as folder:
        folder = pathlib.Path(folder)
        program, _, build_id = split(folder)
        os.environ["DEBUGINFOD_CACHE_PATH"] = f"{folder}/cache"
        with Fixture(str(program)) as target:
            assert not any(lines(trace(target)))
        with debug_server(folder, build_id) as url:
            os.environ["DEBUGINFOD_URLS"] = url
            with Fixture(str(program)) as target:
                report = trace(target)
                check_exact(report, target)
            assert any(lines(report)), report.stacks[0]
            with Fixture(str(program)) as target:
                assert any(lines(trace(target, "--debuginfod")))
        # Gone: from the cache of the library; then nothing is served, and the report is made.
        with Fixture(str(program)) as target:
            assert any(lines(trace(target)))
        shutil.rmtree(folder / "cache")
        with Fixture(str(program)) as target:
            report = trace(target)
            check_exact(report, target)
        assert not any(lines(report))


@case
def a_debug_server_that_says_nothing():
    """Given up after a while; until then a terminal shows what is awaited."""
    with scratch() as folder, socket.create_server(("127.0.0.1", 0)) as silent:
        program, _, _ = split(pathlib.Path(folder))
        master, slave = pty.openpty()
        env = dict(os.environ, DEBUGINFOD_CACHE_PATH=f"{folder}/cache", DEBUGINFOD_TIMEOUT="3",
                   DEBUGINFOD_URLS=f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        with subprocess.Popen([MEMTRACE, "-o", "0", "--", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=slave, env=env) as process:
            os.close(slave)
            out, _ = process.communicate(b"go\nquit\n", timeout=2 * DEADLINE_S)
        shown = os.read(master, 1 << 16).decode()
        os.close(master)
        assert b"Integrity:" in out and b"site_malloc" in out, out
        assert "debuginfod" in shown and shown.endswith("\r\033[K"), repr(shown)
        assert time.monotonic() - start < DEADLINE_S


@case
def replaced_files():
    """Another program is put in the place of the one that runs: what is mapped counts."""
    with scratch() as folder:
        shutil.copy(fixture_path("heap"), f"{folder}/program")
        with Fixture(f"{folder}/program") as target:
            shutil.copy(fixture_path("jitted"), f"{folder}/other")
            os.rename(f"{folder}/other", f"{folder}/program")
            report = trace(target)
            check_exact(report, target)
        assert any(lines(report)), report.stacks[0]


@case
def an_overlay():
    """As containers have it: device and inode are not those of the file below."""
    with scratch() as folder:
        for name in ("lower", "upper", "root"):
            os.mkdir(f"{folder}/{name}")
        shutil.copy(fixture_path("heap-static"), f"{folder}/lower/program")
        mount = (f"cd {folder} && mount -t tmpfs none upper && mkdir upper/u upper/w && mount -t overlay none "
                 f"-o lowerdir={folder}/lower,upperdir={folder}/upper/u,workdir={folder}/upper/w root")
        if subprocess.run(["unshare", "--mount", "sh", "-c", mount], capture_output=True, check=False).returncode:
            raise Skip("no overlay file systems here")
        wrapper = ["unshare", "--mount", "sh", "-c", f'{mount} && exec chroot root "$0"']
        with Fixture("/program", wrapper=wrapper) as target:
            report = trace(target)
            check_exact(report, target)
        assert any(lines(report)), report.stacks[0]


@case
def no_debug_server():
    os.environ.pop("DEBUGINFOD_URLS", None)
    done = run_memtrace("--debuginfod", "-p", str(os.getppid()))
    assert done.status == 2 and len(done.err.lines) == 1 and "DEBUGINFOD_URLS" in done.err.text, done.err.text


main()
