#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memtrace system: its figures against the kernel's own files, its intervals, its endings. It changes nothing."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from harness import *

MIB = 1 << 20
# What may come and go while files are read one after the other, and other tests run.
SLACK_BYTES = 256 * MIB
PAGE = os.sysconf("SC_PAGESIZE")

# Holds memory of its own, tells, and waits for its end. argv: MiB, name
HOLDER = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, sys.argv[2].encode("utf-8", "surrogateescape"), 0, 0, 0)
held = bytearray(b"x") * (int(sys.argv[1]) << 20)
print("ready", flush=True)
sys.stdin.readline()
held = held + held
print("grown", flush=True)
sys.stdin.readline()
"""


def holder(mib, name="holder"):
    process = Process([sys.executable, "-c", HOLDER, str(mib), name])
    process.out.expect(lambda line: line == "ready", "'ready'")
    return process


def system(*options, **popen):
    done = run_memtrace("system", "--format", "json", *options, **popen)
    assert done.status == 0 and not done.err.lines, (done.status, done.err.text)
    return [json.loads(line) for line in done.out.lines]


def lines_of(path):
    return pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines()


def meminfo():
    return {m[1]: int(m[2]) * (1024 if m[3] else 1)
            for m in (re.match(r"(\S+):\s+(\d+)( kB)?", line) for line in lines_of("/proc/meminfo"))}


@case
def memory_is_meminfos():
    before = meminfo()
    report = system()[0]
    after = meminfo()
    got = report["memory"]["bytes"] | report["memory"]["counts"]
    assert set(got) == set(before), set(got) ^ set(before)
    for name in before:
        low, high = sorted((before[name], after[name]))
        assert low - SLACK_BYTES <= got[name] <= high + SLACK_BYTES, (name, low, got[name], high)
    for name in ("SwapTotal", "CommitLimit", "VmallocTotal", "Hugepagesize", "HugePages_Total"):
        assert before[name] != after[name] or got[name] == before[name], (name, before[name], got[name])


def free():
    """What procps says, in bytes."""
    shown = subprocess.run(["free", "-b", "-w"], capture_output=True, text=True, check=False)
    if shown.returncode or not {"available", "buffers"} <= set(shown.stdout.split()):
        raise Skip("there is no free of procps")
    head, line = shown.stdout.splitlines()[:2]
    return dict(zip(head.split(), map(int, line.split()[1:])))


@case
def memory_is_what_free_says():
    before = free()
    report = system()[0]
    after = free()
    of, uses = report["memory"]["bytes"], report["uses"]
    assert before["total"] == of["MemTotal"], (before, of["MemTotal"])
    for name, got in (("free", uses["free"]), ("shared", uses["shared"]), ("buffers", of["Buffers"]),
                      ("cache", of["Cached"] + of["SReclaimable"]), ("available", of["MemAvailable"])):
        low, high = sorted((before[name], after[name]))
        assert low - SLACK_BYTES <= got <= high + SLACK_BYTES, (name, low, got, high)


@case
def uses_are_the_whole():
    report = system()[0]
    assert sum(report["uses"].values()) + report["unexplained_bytes"] == report["memory"]["bytes"]["MemTotal"]
    of = report["memory"]["bytes"]
    assert report["uses"]["free"] == of["MemFree"]
    assert report["uses"]["page_cache"] == of["Cached"] + of["Buffers"] - of["Shmem"]
    # What is left over is little on a machine on which nothing unusual goes on, or none at all.
    assert abs(report["unexplained_bytes"]) < of["MemTotal"] * 0.2, report["unexplained_bytes"]


@case
def parts_of_one_reading_agree():
    report = system("--top", "0")[0]
    zones, nodes = report["zones"], report["nodes"]
    managed = sum(zone["managed_pages"] for zone in zones) * PAGE
    free = sum(zone["free_pages"] for zone in zones) * PAGE
    assert abs(managed - sum(n["memory"]["bytes"]["MemTotal"] for n in nodes)) <= SLACK_BYTES
    assert abs(free - sum(n["memory"]["bytes"]["MemFree"] for n in nodes)) <= SLACK_BYTES
    for zone in zones:
        in_blocks = sum(count << order for order, count in enumerate(zone["free_blocks"])) * PAGE
        assert not zone["managed_pages"] or abs(in_blocks - zone["free_pages"] * PAGE) <= SLACK_BYTES, zone["name"]
    slab = report["memory"]["bytes"]["Slab"]
    assert abs(report["slab"]["bytes"] + report["slab"]["outside_bytes"] - slab) <= max(slab // 10, 64 * MIB)
    assert report["slab"]["bytes"] == sum(c["bytes"] for c in report["slab"]["caches"])


@case
def slab_caches_go_by_all_their_names():
    report = system("--top", "0")[0]
    caches = report["slab"]["caches"]
    # "name  1 2 3 4 5 : tunables …"
    names = sorted(re.sub(r"(\s+\d+){5} : tunables.*", "", line) for line in lines_of("/proc/slabinfo")[2:])
    assert sorted(c["name"] for c in caches) == names
    assert [c["bytes"] for c in caches] == sorted((c["bytes"] for c in caches), reverse=True)
    links = {p.name: os.readlink(p) for p in pathlib.Path("/sys/kernel/slab").iterdir() if p.is_symlink()}
    told = {name for c in caches for name in c["aliases"]}
    assert told == set(links) - set(names), told ^ (set(links) - set(names))
    for cache in caches:
        assert {links[alias] for alias in cache["aliases"]} <= {links.get(cache["name"], cache["name"])}, cache["name"]
    # The nodes' parts are read a little later, and some caches change fast.
    by_node = [c for c in caches if c["nodes"]]
    agree = [c for c in by_node if abs(sum(n["slabs"] for n in c["nodes"]) - c["slabs"]) <= max(8, c["slabs"] // 20)]
    assert len(by_node) > 50 and len(agree) >= len(by_node) * 0.8, (len(agree), len(by_node))


@case
def nodes_and_settings_are_the_files():
    report = system()[0]
    folder = pathlib.Path("/sys/devices/system/node")
    assert [f"node{n['node']}" for n in report["nodes"]] == sorted((p.name for p in folder.glob("node[0-9]*")),
                                                                   key=lambda name: int(name[4:]))
    for node in report["nodes"]:
        files = folder / f"node{node['node']}"
        assert node["cpus"] == (files / "cpulist").read_text().strip()
        assert node["distances"] == [int(word) for word in (files / "distance").read_text().split()]
        assert set(node["numa"]) == {line.split()[0] for line in lines_of(files / "numastat")}
    for name in ("swappiness", "min_free_kbytes", "overcommit_memory", "zone_reclaim_mode", "lowmem_reserve_ratio"):
        value = " ".join(pathlib.Path(f"/proc/sys/vm/{name}").read_text().split())
        assert str(report["settings"][f"vm.{name}"]) == value, (name, value)


@case
def memory_that_a_process_takes():
    mib = 64
    with holder(mib) as process:
        report = system("--top", "0")[0]
        found = [p for p in report["processes"]["by_rss"] if p["pid"] == process.pid]
        assert len(found) == 1 and found[0]["name"] == "holder", found
        assert mib * MIB <= found[0]["anon_bytes"] <= (mib + 32) * MIB, found
        assert found[0]["anon_bytes"] + found[0]["file_bytes"] + found[0]["shmem_bytes"] == found[0]["rss_bytes"]
        assert report["uses"]["anonymous"] >= mib * MIB
        order = [p["rss_bytes"] for p in report["processes"]["by_rss"]]
        assert order == sorted(order, reverse=True)
        # It grows within an interval: where to look next is said.
        with Memtrace("system", "-v", "--format", "json", "3600") as memtrace:
            memtrace.err.expect(lambda line: line.endswith("first reading made"), "the first reading")
            process.child.stdin.write(b"\n")
            process.child.stdin.flush()
            process.out.expect(lambda line: line == "grown", "'grown'")
            memtrace.signal(signal.SIGINT)
            assert memtrace.wait() == 0
            report = json.loads(memtrace.out.lines[0])
        assert any(n["command"] == f"memtrace -p {process.pid}" for n in report["next"]), report["next"]


@case
def memory_that_files_in_memory_take():
    size = 64 * MIB
    with scratch() as folder:
        os.mkdir(f"{folder}/tmpfs")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", f"{folder}/tmpfs"], check=True)
        try:
            before = system()[0]
            with open(f"{folder}/tmpfs/file", "wb") as file:
                file.write(b"x" * size)
            after = system()[0]
        finally:
            subprocess.run(["umount", f"{folder}/tmpfs"], check=True)
    grown = after["uses"]["shared"] - before["uses"]["shared"]
    assert abs(grown - size) <= 16 * MIB, grown


@case
def intervals():
    start = time.monotonic()
    reports = system("0.3", "3")
    assert time.monotonic() - start >= 0.9, time.monotonic() - start
    assert len(reports) == 3
    for report in reports:
        assert 0.05e9 <= report["interval_ns"] <= 60e9, report["interval_ns"]
        assert report["counter_changes"].get("pgfault", 0) > 0
        assert report["slab"]["caches"][0]["growth_bytes"] is not None
    faults = [report["counters"]["pgfault"] for report in reports]
    assert faults[1] + reports[2]["counter_changes"]["pgfault"] == faults[2], faults
    once = system()[0]
    assert once["interval_ns"] is None and once["counter_changes"] == {}
    assert once["slab"]["caches"][0]["growth_bytes"] is None


@case(times=[signal.SIGINT, signal.SIGTERM])
def ends_in_order(number):
    with Memtrace("system", "--format", "json", "0.2") as memtrace:
        memtrace.out.expect(lambda line: line.startswith("{"), "a report")
        memtrace.signal(number)
        assert memtrace.wait() == 0
    assert not memtrace.err.lines, memtrace.err.text
    assert len(memtrace.out.lines) >= 2, "no last report"
    assert all(json.loads(line) for line in memtrace.out.lines)


@case
def text_fits_a_screen():
    with holder(16, "\x1b[31m\n\\evil") as process:
        done = run_memtrace("system", "-T", "0", "0.2", "1")
        assert done.status == 0, done.err.text
    text = done.out.text
    assert max(len(line) for line in done.out.lines) <= 100, max(done.out.lines, key=len)
    assert "\x1b" not in text, "an escape sequence of a process reached the terminal"
    assert re.search(rf"^ +{process.pid} \S", text, re.M), text
    headings = ["Memory of this machine", "Where it is", "Nodes", "NUMA", "Zones", "Blocks by order", "Slab caches",
                "Huge pages", "Swap", "Processes", "Settings"]
    at = [text.index(heading) for heading in headings]
    assert at == sorted(at), list(zip(headings, at))
    assert "growth/min" in text and re.search(r"\+\S+/s", text)
    assert len(run_memtrace("system", "-T", "5").out.lines) < 120


@case
def output_is_replaced_whole():
    with scratch() as folder:
        done = run_memtrace("system", "--output", f"{folder}/report", "0.1", "2")
        assert done.status == 0 and not done.out.lines, (done.status, done.out.lines[:3])
        text = pathlib.Path(f"{folder}/report").read_text(encoding="utf-8")
        assert text.count("Memory of this machine") == 1 and os.listdir(folder) == ["report"]


@case(times=[("-p", "1"), ("0",), ("1", "0"), ("x",), ("1", "2", "3"), ("--sort", "bytes"), ("--", "true"),
             ("--output", "/nonexistent/x"), ("--output", "/dev/full"), ("--format", "xml")])
def failures(*arguments):
    done = run_memtrace("system", *arguments)
    assert done.status == 2, (done.status, done.err.text)
    assert len(done.err.lines) == 1 and done.err.lines[0].startswith("memtrace: "), done.err.lines
    assert not done.out.lines, done.out.lines[:3]


@case
def without_privileges():
    """What root alone may read is left out, and said."""
    report = system(wrapper=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])[0]
    missing = {m["path"]: m["reason"] for m in report["missing"]}
    assert missing.get("/proc/slabinfo") == "Permission denied", missing
    assert report["slab"] == {"n_caches": 0, "bytes": 0, "outside_bytes": 0, "aliases_known": False, "caches": []}
    assert report["memory"]["bytes"]["MemTotal"] > 0


@case(times=["/sys", "/proc/sys/vm"])
def without_files(hidden):
    report = system(wrapper=["unshare", "-m", "sh", "-c",
                             f"mount -t tmpfs none {hidden} && exec \"$@\"", "sh"])[0]
    missing = [m["path"] for m in report["missing"]]
    if hidden == "/sys":
        assert {"/sys/devices/system/node", "/sys/kernel/slab", "/sys/kernel/mm/hugepages"} <= set(missing), missing
        assert report["nodes"] == [] and not report["slab"]["aliases_known"] and report["slab"]["n_caches"] > 50
    else:
        assert not [name for name in report["settings"] if name.startswith("vm.")], report["settings"]
    assert report["zones"]


@case
def changes_nothing():
    """Below /proc and /sys all files are opened to be read, and stat_refresh, where reading does something, is not."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    with scratch() as folder:
        done = run_memtrace("system", timeout=300, wrapper=["strace", "-f", "--seccomp-bpf", "-e",
                                                            "trace=open,openat,creat", "-o", f"{folder}/calls"])
        assert done.status == 0, done.err.text
        opened = [line for line in lines_of(f"{folder}/calls") if "open" in line or "creat" in line]
    of_kernel = [line for line in opened if re.search(r'"/?(proc|sys)/', line)]
    assert len(of_kernel) > 500, len(of_kernel)
    assert not [line for line in opened if re.search("O_WRONLY|O_RDWR|O_CREAT|creat\\(", line)]
    assert not [line for line in of_kernel if "stat_refresh" in line or "compact_memory" in line]


main()
