# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading reports and holding them against the truth. Equality is exact."""
import functools
import json

from .paths import ROOT

USAGE = ("live_bytes", "live_blocks", "alloc_bytes", "alloc_count", "free_bytes", "free_count")
SCHEMA = ROOT / "docs" / "report.schema.json"


@functools.lru_cache(None)
def _validator():
    """The schema's validator, or None; integration/schema.py alone fails where it is missing."""
    try:
        import jsonschema
    except ImportError:
        return None
    if not SCHEMA.exists():
        return None
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


def _sample(data):
    """The report with its first stacks and blocks only: jsonschema is slow."""
    stacks = [dict(stack, frames=stack["frames"][:10]) for stack in data["stacks"][:8]]
    for stack in stacks:
        if "blocks" in stack:
            stack["blocks"] = stack["blocks"][:10]
    return dict(data, stacks=stacks)


class Report:
    """One report, as parsed JSON (`data`), with the questions that tests ask."""

    def __init__(self, data):
        self.data = data
        validator = _validator()
        if validator:
            errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
                      for e in validator.iter_errors(_sample(data))]
            assert not errors, "not by docs/report.schema.json:\n" + "\n".join(errors[:5])

    def __getitem__(self, key):
        return self.data[key]

    @property
    def stacks(self):
        return self.data["stacks"]

    @property
    def integrity(self):
        return self.data["integrity"]

    @property
    def lost(self):
        return {cause: n for cause, n in self.integrity["lost"].items() if n}

    def kind(self, kind):
        return self.data["totals"]["kinds"].get(kind, dict.fromkeys(USAGE, 0))

    @staticmethod
    def top_function(stack):
        return stack["frames"][0]["function"] if stack["frames"] else None

    def sites(self, pid=None):
        """(kind, function of the innermost frame) -> usage, summed over its stacks."""
        sites = {}
        for stack in self.stacks:
            if pid not in (None, stack["pid"]):
                continue
            usage = sites.setdefault((stack["kind"], self.top_function(stack)), dict.fromkeys(USAGE, 0))
            for key in USAGE:
                usage[key] += stack[key]
        return sites

    def site(self, function, kind="heap", pid=None):
        return self.sites(pid).get((kind, function), dict.fromkeys(USAGE, 0))

    def stacks_through(self, function):
        return [s for s in self.stacks if any(f["function"] == function for f in s["frames"])]


def parse_reports(text):
    """Every JSON line that is a report; other lines are the command's own output."""
    return [Report(json.loads(line)) for line in text.splitlines() if line.startswith('{"schema"')]


def _compare(errors, label, wanted, got):
    wrong = [f"{key} {got[key]}, not {value}" for key, value in wanted.items() if value is not None and got[key] != value]
    if wrong:
        errors.append(f"{label}: {'; '.join(wrong)}")


def _fail(errors, report):
    if not errors:
        return
    reported = [f"reported {kind} {function}: " + " ".join(str(n) for n in usage.values())
                for (kind, function), usage in report.sites().items()]
    raise AssertionError("\n".join(errors[:12] + reported[:12] + [f"integrity: {json.dumps(report.integrity)}"]))


def check_invariants(report, older=False):
    """What must hold in every report with --top 0, whatever was traced."""
    errors = []
    totals = report["totals"]
    for key in USAGE:
        by_kind = sum(kind[key] for kind in totals["kinds"].values())
        by_stack = sum(stack[key] for stack in report.stacks)
        if not totals[key] == by_kind == by_stack:
            errors.append(f"{key}: totals {totals[key]}, kinds {by_kind}, stacks {by_stack}")
    for row in (dict(report.data, pid="all", **totals), *report["processes"], *report.stacks):
        by_node = sum(node["live_bytes"] for node in row["nodes"])
        placed = by_node + (row["not_resident_bytes"] or 0) + row["unplaced_bytes"]
        if placed != row["live_bytes"]:
            errors.append(f"{row['pid']}: {placed} bytes with and without a node, live_bytes {row['live_bytes']}")
        by_cpu = sum(node["cpu_live_bytes"] for node in row["nodes"])
        if by_cpu != row["live_bytes"]:
            errors.append(f"{row['pid']}: {by_cpu} bytes by nodes of CPUs, live_bytes {row['live_bytes']}")
        if row["remote_bytes"] > by_node:
            errors.append(f"{row['pid']}: {row['remote_bytes']} bytes remote of {by_node} that are resident")
    heap = report.kind("heap")
    if not older:
        if heap["live_blocks"] != heap["alloc_count"] - heap["free_count"]:
            errors.append(f"heap: live_blocks is not alloc_count - free_count: {heap}")
        for name, kind in totals["kinds"].items():
            if kind["live_bytes"] != kind["alloc_bytes"] - kind["free_bytes"]:
                errors.append(f"{name}: live_bytes is not alloc_bytes - free_bytes: {kind}")
    for stack in report.stacks:
        if stack["alloc_count"] == 0 and stack["live_blocks"] == 0:
            errors.append(f"a stack without an allocation: {report.top_function(stack)}")
    seen = [(s["pid"], s["kind"], tuple(f["address"] for f in s["frames"])) for s in report.stacks if s["frames"]]
    if len(seen) != len(set(seen)):
        errors.append("two rows for one stack")
    if report.integrity["complete"] != (not report.lost):
        errors.append(f"complete is {report.integrity['complete']} with {report.lost} lost")
    _fail(errors, report)


def check_sites(report, fixture, pid=None):
    """Every site of the fixture is reported as the fixture says. Others may stand beside them."""
    errors = []
    truth = fixture.truth
    assert truth.sites, "the fixture has no sites"
    for (kind, function), wanted in truth.sites.items():
        _compare(errors, f"{kind} {function}", wanted, report.site(function, kind, pid or fixture.pid))
    _fail(errors, report)


def check_exact(report, fixture, pid=None, others=(), invariants=True):
    """The report is the fixture's truth, the whole of it and nothing else, and nothing was lost.

    others: functions that may allocate beside the sites (their own balance is not looked at)."""
    errors = []
    truth = fixture.truth
    pid = pid or fixture.pid
    check_sites(report, fixture, pid)
    strangers = [(kind, function) for (kind, function), usage in report.sites(pid).items()
                 if (kind, function) not in truth.sites and function not in others
                 and (usage["alloc_count"] or usage["live_blocks"])]
    for kind, function in strangers:
        errors.append(f"not of the fixture: {kind} {function} {report.site(function, kind, pid)}")
    if not others and len(report["processes"]) == 1:
        for kind in {k for k, _ in truth.sites}:
            _compare(errors, f"totals of {kind}", {key: truth.total(key, kind) for key in USAGE}, report.kind(kind))
    if report.lost or not report.integrity["complete"]:
        errors.append(f"lost: {report.lost}")
    for key in ("abandoned_calls", "unknown_frees", "untraced_children"):
        wanted = truth.integrity.get(key, 0)
        if report.integrity[key] != wanted:
            errors.append(f"{key} is {report.integrity[key]}, truth {wanted}")
    if invariants and not errors:
        check_invariants(report)
    _fail(errors, report)
