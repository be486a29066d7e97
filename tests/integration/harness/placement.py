# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory on NUMA nodes: what nodes the machine has, the fixture that arranges memory on them, and how a report
is held against it. With one node there is little to arrange; the kernel is asked all the same under --node 0."""
import collections
import pathlib
import re

from .cases import Skip
from .fixture import Fixture

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


def fixture_arguments(place):
    mask = sum(1 << node for node in place.memory)
    return [str(n) for n in (place.cpu_a, place.cpu_b, place.cpu_c, place.node_a, place.node_b, mask)]


class Arranged(Fixture):
    """The fixture; its truth has placements, where it says that the memory of its sites lies."""

    def __init__(self, place):
        super().__init__("nodes", *fixture_arguments(place))


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


def joined_stacks(stacks):
    """What stacks report together. One site has several where some were cut: pages of the target's own stack that the
    kernel has taken away, to see on which node they are used, cannot be read."""
    nodes = {}
    for entry in (entry for stack in stacks for entry in stack["nodes"]):
        node = nodes.setdefault(entry["node"], collections.Counter())
        node.update({key: value for key, value in entry.items() if key != "node"})
    numbers = ("live_bytes", "live_blocks", "not_resident_bytes", "unplaced_bytes", "remote_bytes")
    return {"kind": stacks[0]["kind"], "nodes": [{"node": node, **sums} for node, sums in sorted(nodes.items())],
            "blocks": [block for stack in stacks for block in stack.get("blocks", [])],
            **{key: sum(stack[key] for stack in stacks) for key in numbers}}


def by_function(report):
    """function -> what its stacks report together"""
    found = {}
    for stack in report.stacks:
        if stack["live_blocks"]:
            found.setdefault(report.top_function(stack), []).append(stack)
    return {function: joined_stacks(stacks) for function, stacks in found.items()}


def check_placements(report, target):
    """Every stack, and the sum of all, lies where the fixture says."""
    stacks = by_function(report)
    wanted = {site: placement for site, placement in target.truth.placements.items() if placement["cpus"]}
    assert set(stacks) == set(wanted), (set(stacks), set(wanted))
    for site, placement in wanted.items():
        assert lying(stacks[site]) == placement, f"{site}: {lying(stacks[site])} instead of {placement}"
    for row in (report.data, *report["processes"]):
        assert lying(row) == true_sum(wanted.values()), (lying(row), true_sum(wanted.values()))


def check_arranged(target, place):
    """That the fixture's account is of what it was to do."""
    a, b = place.node_a, place.node_b
    found = target.truth.placements
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
    for site, resident in (("site_untouched", 0), ("site_every_second_page", MAP_BYTES // 2),
                           ("site_without_access", MAP_BYTES // 2)):
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
    for function, stack in by_function(report).items():
        if stack["kind"] == "mmap":
            start, = (int(block["address"], 16) for block in stack["blocks"])
            assert lying(stack)["nodes"] == maps[start], (function, lying(stack), maps[start])
            checked += 1
    assert checked >= 9, checked


def asked(place):
    """What makes the kernel be asked on a machine with one node."""
    return ["--node", "0"] if len(place.all) == 1 else []
