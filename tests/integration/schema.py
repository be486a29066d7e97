#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# needs: bpf
# timeout: 600
"""docs/report.schema.json is there, is a schema, and real reports are by it."""
import json

from harness import *
from harness.kernel_report import Watching

SCHEMA = ROOT / "docs" / "report.schema.json"


def validator():
    import jsonschema
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


def wrong_by_schema(check, report, change):
    copy = json.loads(json.dumps(report.data))
    change(copy)
    return not check.is_valid(copy)


@case
def real_reports():
    check = validator()
    with Fixture("operators") as target:
        report = trace(target, "-a")
    check.validate(report.data)
    with Fixture("maps") as target:
        check.validate(trace(target, "-z", "1").data)


@case
def real_reports_on_the_kernel():
    """With memory of all kinds, and blocks; and the schema refuses what is wrong in them."""
    check = validator()
    with Watching("-a", "--by", "process") as memtrace, Fixture("heap") as target:
        target.go()
        report = memtrace.finish().report
    check.validate(report.data)
    assert report["traced_kinds"][:3] == ["slab", "page", "percpu"] and report["counters"]["nr_free_pages"]
    slab, page = (next(i for i, s in enumerate(report.stacks) if s["kind"] == kind) for kind in ("slab", "page"))
    assert any(stack["pid"] == target.pid for stack in report.stacks), "nothing is laid to the process"
    for change in (lambda r: r.pop("caches"), lambda r: r.pop("counters"), lambda r: r.pop("exact_counts"),
                   lambda r: r["caches"][0].pop("capacity_objects"), lambda r: r["caches"][0].update(name=None),
                   lambda r: r["caches"][0].update(growth_objects=1.5), lambda r: r["caches"][0].update(aliases="a"),
                   lambda r: r["caches"][0].update(live_blocks=-1), lambda r: r["traced_kinds"].append("heap"),
                   lambda r: r["counters"]["nr_free_pages"].pop("after_bytes"), lambda r: r["zones"].append({}),
                   lambda r: r["totals"]["kinds"].pop("vmalloc"), lambda r: r["stacks"][page].pop("gfp"),
                   lambda r: r["stacks"][page].update(order=32), lambda r: r["stacks"][page].update(cache="x"),
                   lambda r: r["stacks"][slab].update(kind="heap"), lambda r: r["stacks"][slab].update(order=0),
                   lambda r: r["stacks"][slab].pop("possible_blocks")):
        assert wrong_by_schema(check, report, change), "the schema takes what it should not"


@case
def it_is_strict():
    """It refuses what the contract refuses."""
    check = validator()
    with Fixture("heap") as target:
        report = trace(target)
    for change in (lambda r: r.pop("schema"), lambda r: r["totals"].pop("live_bytes"),
                   lambda r: r["totals"].update(live_bytes="5"), lambda r: r["totals"].update(live_bytes=1.5),
                   lambda r: r["integrity"].pop("lost"), lambda r: r["integrity"].update(unknown_frees="none"),
                   lambda r: r["stacks"][0].update(kind="stack"), lambda r: r["stacks"][0].update(end="somewhere"),
                   lambda r: r["stacks"][0]["frames"][0].update(address=5), lambda r: r.update(schema="other/1"),
                   lambda r: r.pop("time")):
        assert wrong_by_schema(check, report, change), "the schema takes what it should not"


@case
def every_cause_of_loss_is_a_key():
    with Fixture("heap") as target:
        report = trace(target)
    header = (ROOT / "src/model/loss.h").read_text(encoding="utf-8")
    causes = {line.split('"')[1] for line in header.splitlines() if line.strip().startswith("X(LOSS_")}
    assert set(report.integrity["lost"]) == causes, (set(report.integrity["lost"]) ^ causes)
    assert all(n == 0 for n in report.integrity["lost"].values())


@case
def time_and_duration():
    import datetime
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
    with Fixture("heap") as target:
        report = trace(target)
    made = datetime.datetime.fromisoformat(report["time"].replace("Z", "+00:00"))
    assert before < made < datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2), report["time"]
    assert 0 < report["elapsed_ns"] < 60 * 10**9


main()
