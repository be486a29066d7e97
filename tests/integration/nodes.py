#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""Where memory lies on NUMA nodes, against what was arranged, the kernel's own account and numa_maps."""
import pathlib
import re

from harness import *
from harness.placement import *


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
        before.update(target.truth.placements)
        target.go("migrate")
    before = {}
    with Arranged(place) as target:
        report = trace(target, "--show-allocs", steps=steps)
        check_placements(report, target)
        check_numa_maps(report, target)
        assert before["site_local"]["nodes"] == {place.node_a: 5 * BIG_BYTES}, before["site_local"]
        assert target.truth.placements["site_local"]["nodes"] == {place.node_b: 5 * BIG_BYTES}, target.truth.placements
        assert target.truth.placements["site_local"]["remote_bytes"] == 5 * BIG_BYTES, target.truth.placements


@case
def on_one_node():
    """--node N: what lies there, its blocks, and who allocated it."""
    place = topology()
    for node in {place.node_a, place.node_b}:
        with Arranged(place) as target:
            report = trace(target, "--show-allocs", "--node", str(node))
            stacks = by_function(report)
            wanted = {site: p for site, p in target.truth.placements.items() if p["nodes"].get(node)}
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


main()
