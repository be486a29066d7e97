#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""Where memory lies on NUMA nodes, against what was arranged, the kernel's own account and numa_maps.

With one node there is little to arrange, but the kernel is asked all the same under --node 0."""
import collections
import pathlib
import re

from harness import *

NODES = pathlib.Path("/sys/devices/system/node")
PAGE, HUGE_PAGE = 4096, 2 << 20
MAP_BYTES, SMALL_BYTES, BIG_BYTES = 64 * PAGE, 3000, 256 << 10
RESERVED_BYTES = 16 << 30
Topology = collections.namedtuple("Topology", "cpu_a cpu_b cpu_c node_a node_b memory all node_of")


def numbers(path):
    """Those of a list like 0-3,8."""
    found = []
    for part in filter(None, path.read_text(encoding="utf-8").strip().split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def topology():
    """CPUs A and B of nodes with memory, as different as there are; C of one without, node_b one without CPUs."""
    nodes = numbers(NODES / "online")
    memory = numbers(NODES / "has_memory")
    node_of = {cpu: node for node in nodes for cpu in numbers(NODES / f"node{node}" / "cpulist")}
    near = [cpu for cpu, node in sorted(node_of.items()) if node in memory]
    cpu_a = near[0]
    cpu_b = next((cpu for cpu in near if node_of[cpu] != node_of[cpu_a]), cpu_a)
    cpu_c = next((cpu for cpu, node in node_of.items() if node not in memory), cpu_b)
    node_b = next((node for node in memory if node not in node_of.values()), node_of[cpu_b])
    return Topology(cpu_a, cpu_b, cpu_c, node_of[cpu_a], node_b, memory, nodes, node_of)


def several():
    place = topology()
    if len(place.memory) < 2:
        raise Skip("this machine has one NUMA node")
    return place


class Arranged(Fixture):
    """The fixture, and where it says that its memory lies: placements of its sites."""

    def __init__(self, place):
        mask = sum(1 << node for node in place.memory)
        super().__init__("nodes", *map(str, (place.cpu_a, place.cpu_b, place.cpu_c, place.node_a, place.node_b, mask)))

    @property
    def placements(self):
        return self.truth.placements


def lying(row):
    """What a report says of where something lies, as the fixture says it."""
    nodes = row["nodes"]
    return {"nodes": {n["node"]: n["live_bytes"] for n in nodes if n["live_bytes"]},
            "blocks": {n["node"]: n["live_blocks"] for n in nodes if n["live_blocks"]},
            "cpus": {n["node"]: n["cpu_live_bytes"] for n in nodes if n["cpu_live_bytes"]},
            "not_resident_bytes": row["not_resident_bytes"], "remote_bytes": row["remote_bytes"]}


def true_sum(placements):
    total = {"nodes": collections.Counter(), "blocks": collections.Counter(), "cpus": collections.Counter(),
             "not_resident_bytes": 0, "remote_bytes": 0}
    for placement in placements:
        for key, value in placement.items():
            total[key] += collections.Counter(value) if isinstance(value, dict) else value
    return {key: dict(value) if isinstance(value, collections.Counter) else value for key, value in total.items()}


def by_function(report):
    return {report.top_function(stack): stack for stack in report.stacks if stack["live_blocks"]}


def check_placements(report, target):
    """Every stack, and the sum of all, lies where the fixture says."""
    stacks = by_function(report)
    wanted = {site: placement for site, placement in target.placements.items() if placement["cpus"]}
    assert set(stacks) == set(wanted), (set(stacks), set(wanted))
    for site, placement in wanted.items():
        assert lying(stacks[site]) == placement, f"{site}: {lying(stacks[site])} instead of {placement}"
    for row in (report.data, *report["processes"]):
        assert lying(row) == true_sum(wanted.values()), (lying(row), true_sum(wanted.values()))


def check_arranged(target, place):
    """That the fixture's account is of what it was to do."""
    a, b = place.node_a, place.node_b
    found = target.placements
    many = len(place.memory)

    def all_on(site, node, cpu_node, size):
        remote = size if node != cpu_node else 0
        assert (found[site]["nodes"], found[site]["remote_bytes"]) == ({node: size}, remote), (site, found[site])
        assert (found[site]["cpus"], found[site]["not_resident_bytes"]) == ({cpu_node: size}, 0), (site, found[site])

    all_on("site_local", a, a, 5 * BIG_BYTES)
    all_on("site_freed_elsewhere", a, a, 5 * BIG_BYTES)
    all_on("site_bound", b, a, MAP_BYTES)
    all_on("site_policy", b, a, MAP_BYTES)
    all_on("site_touched_elsewhere", place.node_of[place.cpu_b], a, MAP_BYTES)
    for site in ("site_interleaved", "site_task_interleaved"):
        least = MAP_BYTES // PAGE // many * PAGE
        assert set(found[site]["nodes"]) == set(place.memory), (site, found[site])
        assert all(abs(n - least) <= 2 * PAGE for n in found[site]["nodes"].values()), (site, found[site])
    assert sum(found["site_split"]["nodes"].values()) == 100 * SMALL_BYTES, found["site_split"]
    if many > 1:
        assert sum(found["site_split"]["blocks"].values()) > 150, found["site_split"]  # most lie on both
    for site, resident in (("site_untouched", 0), ("site_every_second_page", MAP_BYTES // 2)):
        assert sum(found[site]["nodes"].values()) == resident, (site, found[site])
    assert sum(found["site_reserved"]["nodes"].values()) == 2 * PAGE, found["site_reserved"]
    cpu_node = place.node_of[place.cpu_c]
    assert found["site_other_cpu"]["cpus"] == {cpu_node: 3 * BIG_BYTES}, found["site_other_cpu"]
    if cpu_node not in place.memory:
        assert found["site_other_cpu"]["remote_bytes"] == 3 * BIG_BYTES, found["site_other_cpu"]


def numa_maps(pid):
    """start -> {node: bytes} of /proc/PID/numa_maps"""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/numa_maps").read_text(encoding="utf-8").splitlines():
        page = re.search(r"kernelpagesize_kB=(\d+)", line)
        counts = re.findall(r"\bN(\d+)=(\d+)", line)
        found[int(line.split()[0], 16)] = {int(node): int(n) * int(page[1]) * 1024 for node, n in counts}
    return found


def check_numa_maps(report, target):
    """Each mapping is one block: on the nodes are as many bytes as numa_maps says."""
    maps = numa_maps(target.pid)
    checked = 0
    for stack in report.stacks:
        if stack["kind"] == "mmap" and stack["live_blocks"]:
            start, = (int(block["address"], 16) for block in stack["blocks"])
            assert lying(stack)["nodes"] == maps[start], (report.top_function(stack), lying(stack), maps[start])
            checked += 1
    assert checked >= 9, checked


def asked(place):
    """What makes the kernel be asked on a machine with one node."""
    return ["--node", "0"] if len(place.all) == 1 else []


@case
def as_it_was_arranged():
    place = several()
    with Arranged(place) as target:
        report = trace(target, "--show-allocs")
        check_exact(report, target)
        check_arranged(target, place)
        check_placements(report, target)
        check_numa_maps(report, target)


@case
def migrated():
    """Where memory lies now, not where it once was."""
    place = several()

    def steps(target, memtrace):
        target.go()
        before.update(target.placements)
        target.go("migrate")
    before = {}
    with Arranged(place) as target:
        report = trace(target, "--show-allocs", steps=steps)
        check_placements(report, target)
        check_numa_maps(report, target)
        assert before["site_local"]["nodes"] == {place.node_a: 5 * BIG_BYTES}, before["site_local"]
        assert target.placements["site_local"]["nodes"] == {place.node_b: 5 * BIG_BYTES}, target.placements
        assert target.placements["site_local"]["remote_bytes"] == 5 * BIG_BYTES, target.placements


@case
def on_one_node():
    """--node N: what lies there, its blocks, and who allocated it."""
    place = topology()
    for node in {place.node_a, place.node_b}:
        with Arranged(place) as target:
            report = trace(target, "--show-allocs", "--node", str(node))
            stacks = by_function(report)
            wanted = {site: p for site, p in target.placements.items() if p["nodes"].get(node)}
            assert set(stacks) == set(wanted), (set(stacks), set(wanted))
            for site, placement in wanted.items():
                bytes_, blocks = placement["nodes"][node], placement["blocks"][node]
                stack, found = stacks[site], lying(stacks[site])
                assert (stack["live_bytes"], stack["live_blocks"]) == (bytes_, blocks), (site, stack, placement)
                assert len(stack["blocks"]) == blocks, (site, stack["blocks"])
                assert (found["nodes"], found["blocks"]) == ({node: bytes_}, {node: blocks}), (site, found)
                assert found["not_resident_bytes"] == 0 and sum(found["cpus"].values()) == bytes_, (site, found)
                remote = sum(n for cpu_node, n in found["cpus"].items() if cpu_node != node)
                assert found["remote_bytes"] == remote, (site, found)
                if len(placement["cpus"]) == 1:
                    assert set(found["cpus"]) == set(placement["cpus"]), (site, found, placement)
            assert report["totals"]["live_bytes"] == sum(p["nodes"][node] for p in wanted.values()), report["totals"]
            assert report["totals"]["live_blocks"] == sum(p["blocks"][node] for p in wanted.values())
            # What was allocated and freed is not of one node.
            assert report["totals"]["alloc_bytes"] == target.truth.total("alloc_bytes"), report["totals"]


@case
def one_node_is_not_asked():
    """A machine with one node: all lies there, and nothing is asked for it."""
    place = topology()
    if len(place.all) > 1:
        raise Skip("this machine has several NUMA nodes")
    with Arranged(place) as target:
        report = trace(target)
    check_exact(report, target)
    check_arranged(target, place)
    for row in (dict(report.data, **report["totals"]), *report["processes"], *report.stacks):
        assert (row["not_resident_bytes"], row["unplaced_bytes"], row["remote_bytes"]) == (None, 0, 0), row
        only = {"node": 0, "live_bytes": row["live_bytes"], "live_blocks": row["live_blocks"],
                "cpu_live_bytes": row["live_bytes"]}
        assert row["nodes"] == [only], row


@case
def of_each_block():
    place = topology()
    with Arranged(place) as target:
        report = trace(target, "--show-allocs", *asked(place))
    stacks = by_function(report)
    for function, node in (("site_local", place.node_a), ("site_bound", place.node_b)):
        for block in stacks[function]["blocks"]:
            assert block["node"] == node and block["cpu_node"] == place.node_a, (function, block)
            assert block["not_resident_bytes"] == 0, (function, block)
    half, = stacks["site_every_second_page"]["blocks"]
    assert half["not_resident_bytes"] == MAP_BYTES // 2 and half["size"] == MAP_BYTES, half
    if len(place.all) > 1:
        untouched, = stacks["site_untouched"]["blocks"]
        assert untouched["node"] is None and untouched["not_resident_bytes"] == MAP_BYTES, untouched


@case
def huge_pages_are_whole():
    """Of a huge page that was touched at one place all is resident: transparent ones, and reserved ones."""
    place = topology()
    pool = NODES / f"node{place.node_b}" / "hugepages" / "hugepages-2048kB" / "nr_hugepages"
    before = pool.read_text(encoding="utf-8") if pool.exists() else None
    if before is not None:
        pool.write_text(str(int(before) + 2), encoding="utf-8")
    try:
        with Arranged(place) as target:
            report = trace(target, "--show-allocs", *asked(place))
            smaps = pathlib.Path(f"/proc/{target.pid}/smaps").read_text(encoding="utf-8")
            stacks = by_function(report)
            if len(place.all) > 1:
                check_placements(report, target)
    finally:
        if before is not None:
            pool.write_text(before, encoding="utf-8")
    shown = 0
    for site, key in (("site_transparent_huge", "AnonHugePages"), ("site_huge", "Private_Hugetlb")):
        if site not in stacks:
            continue
        block, = stacks[site]["blocks"]
        there = re.search(rf"^{int(block['address'], 16):x}-.*?^{key}: +(\d+) kB", smaps, re.M | re.S)
        if there and int(there[1]) == HUGE_PAGE // 1024:
            assert lying(stacks[site])["nodes"] == {place.node_b: HUGE_PAGE}, (site, stacks[site])
            shown += 1
    if not shown:
        raise Skip("this machine has no huge page to give")


@case
def of_each_process():
    place = topology()
    with Arranged(place) as one, Arranged(place) as two:
        def steps(_, memtrace):
            one.go()
            two.go()
            two.go("migrate")
        report = trace(one, *asked(place), steps=steps, pids=[one.pid, two.pid])
    rows = {row["pid"]: row for row in report["processes"]}
    if len(place.all) > 1:
        for target in (one, two):
            wanted = true_sum(p for p in target.placements.values() if p["cpus"])
            assert lying(rows[target.pid]) == wanted, (lying(rows[target.pid]), wanted)
            assert rows[target.pid]["live_bytes"] == target.truth.total("live_bytes"), rows[target.pid]
        assert rows[one.pid]["nodes"] != rows[two.pid]["nodes"], rows
    for key in ("live_bytes", "live_blocks"):
        assert sum(row[key] for row in rows.values()) == report["totals"][key], (key, rows, report["totals"])


@case
def of_an_ended_process():
    """Nothing can be asked of it any more; which CPUs allocated is known all the same."""
    place = several()
    with Arranged(place) as target:
        with Memtrace("-v", "--format", "json", "--top", "0", "-o", "0", "-p", str(target.pid), "3600") as memtrace:
            memtrace.attached()
            target.go()
            target.quit()
            assert memtrace.wait() == 0, memtrace.err.text
            report, = memtrace.reports()
    stacks = by_function(report)
    for site, placement in target.placements.items():
        if placement["cpus"]:
            row = stacks[site]
            assert (row["unplaced_bytes"], row["not_resident_bytes"]) == (row["live_bytes"], 0), (site, row)
            assert lying(row)["cpus"] == placement["cpus"] and not lying(row)["nodes"], (site, row)


@case
def in_the_text():
    """Each stack's line ends with its bytes per node, and so does that of the totals; then who allocated."""
    place = topology()
    with Arranged(place) as target:
        with Memtrace("-v", "-o", "0", "--top", "0", *asked(place), "-p", str(target.pid), "3600") as memtrace:
            memtrace.attached()
            target.go()
            memtrace.interrupt()
        lines = [line.strip() for line in memtrace.out.lines]

    def nodes(bytes_by_node):
        return ", ".join(f"node {node}: {bytes_by_node.get(node, 0)}" for node in place.all)
    local = 5 * BIG_BYTES
    at = lines.index(f"{local} bytes in 5 allocations from stack ({nodes({place.node_a: local})})")
    assert lines[at + 1] == f"[allocated by CPUs of node {place.node_a}: {local}; remote: 0]", lines[at:at + 3]
    assert [line for line in lines if line.startswith("Total:") and " (node " in line], lines
    if len(place.memory) > 1:
        at = lines.index(f"{MAP_BYTES} bytes in 1 allocations from stack (mmap) ({nodes({place.node_b: MAP_BYTES})})")
        assert lines[at + 1] == (f"[allocated by CPUs of node {place.node_a}: {MAP_BYTES}; "
                                 f"remote: {MAP_BYTES} (100.0%)]"), lines[at:at + 3]
        untouched = f"{MAP_BYTES} bytes in 1 allocations from stack (mmap) ({nodes({})}, not resident: {MAP_BYTES})"
        assert untouched in lines, lines


@case
def no_such_node():
    nodes = numbers(NODES / "online")
    with Fixture("heap") as target:
        for node in (str(max(nodes) + 1), "1023", "1024", "-1", "x", ""):
            result = run_memtrace("--node", node, "-p", str(target.pid), "1", "1")
            assert result.status == 2, (node, result.status)
            assert result.out.text == "" and len(result.err.lines) == 1, (node, result.err.text)
            assert "node" in result.err.text, (node, result.err.text)


main()
