#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 180
"""What reports say of NUMA nodes beside sums: of blocks and processes, of what ended, in the text."""
from harness import *
from harness.placement import *


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
            wanted = true_sum(p for p in target.truth.placements.values() if p["cpus"])
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
    for site, placement in target.truth.placements.items():
        if placement["cpus"]:
            row = stacks[site]
            assert (row["unplaced_bytes"], row["not_resident_bytes"]) == (row["live_bytes"], 0), (site, row)
            assert lying(row)["cpus"] == placement["cpus"] and not lying(row)["nodes"], (site, row)


@case
def of_a_command_at_its_end():
    """The report of a command that has ended says where its memory lay when it ended."""
    place = topology()
    with scratch() as folder:
        done, report = run_command([fixture_path("nodes"), *fixture_arguments(place)], "--show-allocs", *asked(place),
                                   output=f"{folder}/r", stdin=b"go\nmigrate\nquit\n")
    assert done.status == 0, done.err.text
    target = CommandTruth(done)
    if len(place.all) > 1:
        check_placements(report, target)
    else:
        local = by_function(report)["site_local"]
        assert lying(local)["nodes"] == {0: 5 * BIG_BYTES} and not report["unplaced_bytes"], local
        assert "site_untouched" not in by_function(report), by_function(report)


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
